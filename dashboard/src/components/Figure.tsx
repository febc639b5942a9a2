import type { ReactNode } from 'react'

interface FigureProps {
  readonly name: string
  /** Small text below; an empty one takes no place. */
  readonly note: ReactNode
  readonly children: ReactNode
}

/** One number that leads, with its name above and what explains it below; inside a `dl`. */
export function Figure({ name, note, children }: FigureProps): ReactNode {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-ink-faint">{name}</dt>
      <dd className="text-lg font-semibold tabular-nums">{children}</dd>
      {note === '' ? null : <dd className="text-xs text-ink-faint">{note}</dd>}
    </div>
  )
}
