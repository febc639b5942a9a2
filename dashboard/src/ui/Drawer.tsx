import { Dialog as Base } from '@base-ui/react/dialog'
import { type ReactNode, useRef } from 'react'
import { Button } from './Button.tsx'

interface DrawerProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: ReactNode
  /** Actions beside the title. */
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/**
 * Details at the right of a page, which stays usable beside them; the whole screen where there is no room
 * for both. It begins at `--frame-top`, where the frame says what holds for every page ends.
 */
export function Drawer({ open, onClose, title, actions, children }: DrawerProps): ReactNode {
  const popup = useRef<HTMLDivElement>(null)
  return (
    <Base.Root open={open} onOpenChange={next => next || onClose()} modal={false} disablePointerDismissal>
      <Base.Portal>
        <Base.Popup
          ref={popup}
          // The drawer itself, so that reading starts at its title and nothing is pressed by accident.
          initialFocus={popup}
          data-drawer=""
          className="fixed top-(--frame-top,3rem) max-sm:top-0 right-0 bottom-0 z-30 flex outline-none w-full max-w-[580px] flex-col border-l border-line-strong bg-surface shadow-2xl transition-transform duration-150 data-ending-style:translate-x-4 data-starting-style:translate-x-4"
        >
          <div className="flex items-start justify-between gap-3 border-b border-line px-5 py-3 max-sm:px-4">
            <Base.Title className="min-w-0 pt-1 text-base font-semibold break-words text-ink">
              {title}
            </Base.Title>
            <div className="flex shrink-0 items-center gap-2">
              {actions}
              <Button variant="quiet" icon="close" label="Close (Esc)" onClick={onClose} />
            </div>
          </div>
          <div className="flex min-h-0 flex-1 flex-col overflow-y-auto px-5 py-4 max-sm:px-4">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
