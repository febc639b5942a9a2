import PQueue from 'p-queue'
import {
  adoptIdentity,
  type IdentifiedCopy,
  listIdentifiedCopies,
} from '../../database/catalog/copy-identities.ts'
import type { Database } from '../../database/postgres.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import { isSameBytes } from '../../domain/foreign-change.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'
import { digestBody } from '../migrations/content-digests.ts'

const PAGE_COPIES = 500
/** How long an object is waited for that is being written or moved, in milliseconds. */
const LOCK_WAIT_MS_MAX = 2_000

/**
 * What became of one copy: `same` (it has the identity the catalog knows, and is trusted), `adopted` (its bytes are
 * proven, the catalog follows), `damaged` (other bytes than the catalog's), `missing`, `unproven` (another identity, and
 * nobody ever recorded a digest), `error` (the store gave no answer, or the object is being written).
 */
type Reidentification = 'same' | 'adopted' | 'damaged' | 'missing' | 'unproven' | 'error'

/** The outcome for one copy. */
export interface ReidentifiedCopy {
  readonly bucket: string
  readonly key: string
  readonly outcome: Reidentification
  /** Why it is neither the same nor adopted. */
  readonly detail: string | null
}

/** How many copies ended in each way, and the bytes read for them. */
export interface ReidentificationSummary {
  readonly bytes: number
  readonly outcomes: Readonly<Record<Reidentification, number>>
}

/**
 * Brings the catalog back together with a location whose copies have other identities than it knows, as after
 * a restore without times. Every kept copy is asked for; only one whose identity is another is read, or that
 * readers should get and nobody trusts, and the catalog takes it only where length and SHA-256, or else
 * CRC-64/NVME, are its own. A suspect primary copy is whole again then, and a quarantined object free. Can be
 * stopped and begun again at any time: what was adopted is the same from then on.
 */
export async function reidentifyCopies(options: {
  readonly database: Database
  readonly storeOf: (storeId: Uuid) => Promise<ObjectStore>
  readonly locationId: Uuid
  /** Copies worked on at once. Range: 1 and more. */
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly onResult?: (copy: ReidentifiedCopy) => void
}): Promise<ReidentificationSummary> {
  const outcomes = { same: 0, adopted: 0, damaged: 0, missing: 0, unproven: 0, error: 0 }
  let bytes = 0
  const queue = new PQueue({ concurrency: options.concurrency })
  let after: IdentifiedCopy | null = null
  do {
    const page: IdentifiedCopy[] = await listIdentifiedCopies(options.database, {
      ...{ locationId: options.locationId, after, limit: PAGE_COPIES },
    })
    const results = page.map(copy => async () => {
      if (options.signal.aborted) return
      const { outcome, detail, read } = await reidentify(options, copy)
      bytes += read
      outcomes[outcome]++
      options.onResult?.({ bucket: copy.bucket, key: copy.key, outcome, detail })
    })
    await queue.addAll(results)
    after = page.length < PAGE_COPIES ? null : page.at(-1)!
  } while (after !== null && !options.signal.aborted)
  return { bytes, outcomes }
}

type Options = Parameters<typeof reidentifyCopies>[0]
type Result = { outcome: Reidentification; detail: string | null; read: number }

async function reidentify(options: Options, copy: IdentifiedCopy): Promise<Result> {
  try {
    const store = await options.storeOf(copy.storeId)
    const found = await store.head(copy.container, copy.nativeKey, { signal: options.signal })
    if (isSameBytes(copy, found) && !copy.isSuspect) return { outcome: 'same', detail: null, read: 0 }
    if (found.size !== copy.size)
      return { outcome: 'damaged', detail: `${found.size} bytes instead of ${copy.size}`, read: 0 }
    if (copy.sha256 === null && copy.crc64nvme === null)
      return { outcome: 'unproven', detail: 'no digest was ever recorded', read: 0 }
    const detail = await findDamage(options, store, copy, found)
    const read = found.size
    if (detail !== null) return { outcome: 'damaged', detail, read }
    return (await adopt(options, store, copy, found))
      ? { outcome: 'adopted', detail: null, read }
      : { outcome: 'error', detail: 'somebody changed it meanwhile', read }
  } catch (error) {
    return { ...failureOf(error), read: 0 }
  }
}

/** Reads the bytes that were found. Resolves to what is wrong with them, or to null. */
async function findDamage(
  options: Options,
  store: ObjectStore,
  copy: IdentifiedCopy,
  found: StoredObject,
): Promise<string | null> {
  const only = store.capabilities.conditionalRead ? { onlyIf: found.identity } : {}
  const { body } = await store.get(copy.container, copy.nativeKey, { ...only, signal: options.signal })
  const seen = await digestBody(body)
  if (seen.size !== copy.size) return `${seen.size} bytes instead of ${copy.size}`
  const name = copy.sha256 === null ? 'crc64nvme' : 'sha256'
  if (seen.digests[name] === copy[name]) return null
  return `${name} ${seen.digests[name]} instead of ${copy[name]}`
}

/** Under the object's lock, and only if the bytes that were read are still there. */
async function adopt(
  { database, signal }: Options,
  store: ObjectStore,
  copy: IdentifiedCopy,
  read: StoredObject,
): Promise<boolean> {
  return withObjectLock(database, copy.objectId, LOCK_WAIT_MS_MAX, async connection => {
    const found = await store.head(copy.container, copy.nativeKey, { signal })
    return isSameBytes(read, found) && (await adoptIdentity(connection, copy, found.identity))
  })
}

/** PostgreSQL's error for a lock that did not become free in time. */
const LOCK_NOT_AVAILABLE = '55P03'

function failureOf(error: unknown): { outcome: Reidentification; detail: string } {
  if (error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE)
    return { outcome: 'error', detail: 'it is being written or moved' }
  if (!(error instanceof StoreError)) throw error
  const isGone = error.kind === 'not-found' || error.kind === 'container-not-found'
  return { outcome: isGone ? 'missing' : 'error', detail: error.message }
}
