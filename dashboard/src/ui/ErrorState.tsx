import type { ReactNode } from 'react'
import { Button } from './Button.tsx'

export interface ErrorWords {
  readonly what: string
  readonly harm: string
  readonly remedy: string
}

/** An error in three sentences: what happened, what was not harmed, what to do. */
export function ErrorState({ words, onRetry }: { words: ErrorWords; onRetry?: () => void }): ReactNode {
  return (
    <div
      role="alert"
      className="flex flex-col items-start gap-2 rounded-md border border-alarm bg-alarm-soft px-4 py-3"
    >
      <p className="font-medium text-alarm">{words.what}</p>
      <p className="text-ink-soft">{words.harm}</p>
      <p className="text-ink">{words.remedy}</p>
      {onRetry === undefined ? null : (
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}
