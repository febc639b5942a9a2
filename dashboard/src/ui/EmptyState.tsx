import type { ReactNode } from 'react'
import { CopyCommand } from './CopyCommand.tsx'

interface EmptyStateProps {
  readonly title: string
  readonly children?: ReactNode
  /** The one command that changes it. */
  readonly command?: string
}

/** Nothing here: why, and the one command that changes it. */
export function EmptyState({ title, children, command }: EmptyStateProps): ReactNode {
  return (
    <div className="flex flex-col items-start gap-2 px-4 py-8 sm:items-center sm:text-center">
      <p className="text-base font-medium text-ink">{title}</p>
      {children === undefined ? null : <p className="max-w-[60ch] text-sm text-ink-soft">{children}</p>}
      {command === undefined ? null : <CopyCommand command={command} />}
    </div>
  )
}
