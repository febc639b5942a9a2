import type { ReactNode } from 'react'
import { errorWords } from '../api/error-words.ts'
import { ErrorState } from '../ui/ErrorState.tsx'

/** What is shown where an answer failed and nothing older is there. */
export function QueryError({ error, onRetry }: { error: unknown; onRetry?: () => void }): ReactNode {
  return <ErrorState words={errorWords(error)} {...(onRetry === undefined ? {} : { onRetry })} />
}
