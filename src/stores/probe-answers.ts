import { StoreError, type StoreErrorKind } from './object-store.ts'

/** The kind with which the server refused, or null when it did as asked. Throws when it gave no answer. */
export async function refusalOf(work: Promise<unknown>): Promise<StoreErrorKind | null> {
  return work.then(() => null, asRefusal)
}

/** Kinds by which a server lets us ask nothing at all. */
const SHUT: ReadonlySet<StoreErrorKind> = new Set(['access-denied', 'clock-skewed'])

/** The kind of an error with which the server refused. Throws what is no answer. */
export function asRefusal(error: unknown): StoreErrorKind {
  const isAnswer = error instanceof StoreError && error.retry === 'no' && !SHUT.has(error.kind)
  if (isAnswer) return error.kind
  throw error
}

/** Kinds by which a server is away, and says nothing of what it can do. */
const AWAY: ReadonlySet<StoreErrorKind> = new Set(['unreachable', 'throttled', 'timeout', 'aborted'])

/**
 * Whether the server did what not every server does. A missing right and an error inside of it count as no:
 * either way it is not there for us. Throws when it is away.
 */
export async function worksAt(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    (error: unknown) => {
      if (error instanceof StoreError && !AWAY.has(error.kind)) return false
      throw error
    },
  )
}
