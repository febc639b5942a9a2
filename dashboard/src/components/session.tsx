import { createContext, type ReactNode, useContext } from 'react'
import type { Session } from '../api/types.ts'

const SessionContext = createContext<Session | null>(null)

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }): ReactNode {
  return <SessionContext value={session}>{children}</SessionContext>
}

/** Who is signed in. Throws outside of a signed-in page. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('there is no session here')
  return session
}

/** Why somebody who may only look cannot do something; null when they may. */
export function useViewerReason(): string | null {
  return useSession().role === 'viewer' ? 'Your token may only look.' : null
}
