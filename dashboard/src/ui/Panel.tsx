import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

interface PanelProps {
  readonly title?: ReactNode
  /** Small text or controls at the right of the title. */
  readonly aside?: ReactNode
  readonly children: ReactNode
  readonly className?: string
  /** Without inner distance, for tables that reach the edges. */
  readonly flush?: boolean
}

/** A titled area of a page. */
export function Panel({ title, aside, children, className, flush = false }: PanelProps): ReactNode {
  return (
    <section className={classNames('min-w-0 rounded-md border border-line bg-surface', className)}>
      {title === undefined ? null : (
        <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 pt-3 pb-1">
          <h2 className="text-sm font-semibold text-ink">{title}</h2>
          {aside === undefined ? null : <div className="text-xs text-ink-faint">{aside}</div>}
        </header>
      )}
      <div className={flush ? '' : 'px-4 pt-1 pb-4'}>{children}</div>
    </section>
  )
}
