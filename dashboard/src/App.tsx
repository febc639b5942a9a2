import { useQuery, useQueryClient } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { signIn } from './api/actions.ts'
import { ApiError } from './api/api-error.ts'
import { sessionQuery } from './api/queries.ts'
import { LiveProvider } from './components/live.tsx'
import { QueryError } from './components/QueryError.tsx'
import { SessionProvider } from './components/session.tsx'
import { SignInPage } from './pages/SignInPage.tsx'
import type { makeRouter } from './routes.tsx'

interface AppProps {
  /** From the link somebody followed, or null. */
  readonly token: string | null
  readonly router: ReturnType<typeof makeRouter>
}

/** Who is there decides what is shown: the dashboard, or the question for a token. */
export function App({ token, router }: AppProps): ReactNode {
  const linkProblem = useSignInByLink(token)
  const session = useQuery({ ...sessionQuery, enabled: linkProblem !== 'pending' })
  if (linkProblem === 'pending' || (session.isPending && session.error === null)) return null
  if (session.data !== undefined && session.data !== null) {
    return (
      <SessionProvider session={session.data}>
        <LiveProvider>
          <RouterProvider router={router} />
        </LiveProvider>
      </SessionProvider>
    )
  }
  const { error } = session
  if (error !== null && !(error instanceof ApiError && error.kind === 'unauthorized')) {
    return (
      <main className="mx-auto max-w-lg p-6">
        <QueryError error={error} onRetry={() => void session.refetch()} />
      </main>
    )
  }
  return <SignInPage problem={linkProblem} />
}

/** Signs in with the token of a link, once. `pending` until it is decided, then what went wrong or null. */
function useSignInByLink(token: string | null): unknown {
  const queries = useQueryClient()
  const [problem, setProblem] = useState<unknown>(token === null ? null : 'pending')
  const started = useRef(false)
  useEffect(() => {
    if (token === null || started.current) return
    started.current = true
    signIn(token)
      .then(session => {
        queries.setQueryData(sessionQuery.queryKey, session)
        setProblem(null)
      })
      .catch(setProblem)
  }, [token, queries])
  return problem
}
