import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'

/** The bubble of a tooltip; lives inside a tooltip's root. */
export function TooltipBubble({ children }: { children: ReactNode }): ReactNode {
  return (
    <Base.Portal>
      <Base.Positioner sideOffset={6} className="z-50">
        <Base.Popup className="max-w-72 rounded border border-line-strong bg-raised px-2 py-1.5 text-xs text-ink shadow-lg">
          {children}
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  )
}

/** Says more about `children` on hover and on focus. */
export function Tooltip({ content, children }: { content: ReactNode; children: ReactElement }): ReactNode {
  return (
    <Base.Root>
      <Base.Trigger render={children as ReactElement<Record<string, unknown>>} delay={250} />
      <TooltipBubble>{content}</TooltipBubble>
    </Base.Root>
  )
}
