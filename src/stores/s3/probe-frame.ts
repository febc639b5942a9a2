import { type ObjectStore, StoreError, type StoreErrorKind } from '../object-store.ts'
import type { S3Settings } from './config.ts'
import type { S3Wire } from './s3-wire.ts'

/** What every probe of an S3 server works with. */
export interface Probe {
  readonly name: string
  /** Opened with everything that is hoped for. */
  readonly store: ObjectStore
  /** Opens one with other hopes; whoever does closes it. */
  open(changed: S3Settings['capabilities']): ObjectStore
  /** For what the store would not send: a digest that is wrong. */
  readonly wire: S3Wire
  readonly container: string
  /** Under which, and behind which, it writes. */
  readonly key: string
}

/** The bytes probes write. */
export const BYTES = Buffer.from('a probe of what this server does')

/** An identity nothing has. */
export const OTHER = { etag: '00000000000000000000000000000000', versionId: null }

/** The kind with which the server refused, or null when it did as asked. Throws when it gave no answer. */
export async function refusalOf(work: Promise<unknown>): Promise<StoreErrorKind | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      const isAnswer = error instanceof StoreError && error.retry === 'no' && error.kind !== 'access-denied'
      if (isAnswer) return error.kind
      throw error
    },
  )
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
