import type { ReactNode } from 'react'
import { PageHead } from '../components/PageHead.tsx'
import { QueryError } from '../components/QueryError.tsx'

/** A page that threw while drawing; the frame around it stays. */
export function FailedPage({ error, reset }: { error: unknown; reset: () => void }): ReactNode {
  return (
    <>
      <PageHead title="This page failed" />
      <QueryError error={error} onRetry={reset} />
    </>
  )
}
