import { createHash } from 'node:crypto'
import PQueue from 'p-queue'
import {
  type CopyPosition,
  type CopyToVerify,
  listCopiesOfObject,
  listCopiesToVerify,
} from '../database/catalog/copy-verification.ts'
import type { Queryable } from '../database/postgres.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { StoreIdentity } from '../domain/object.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'

/**
 * What became of one check: `same` (proven by a digest, or by identity and length where bytes are not read),
 * `unproven` (right length, but nobody ever recorded a digest), `missing` (the store has nothing there),
 * `differs` (other bytes, length or identity), `error` (the store gave no answer).
 */
type VerificationOutcome = 'same' | 'unproven' | 'missing' | 'differs' | 'error'

/** The outcome of one check of one object's copy. */
export interface Verification {
  readonly bucket: string
  readonly key: string
  /** Null for an object that has no copy left. */
  readonly location: string | null
  readonly outcome: VerificationOutcome
  readonly bytes: number
  /** Why it is not `same`. */
  readonly detail: string | null
}

/** How many checks ended in each way, and the bytes read for them. */
export interface VerificationSummary {
  readonly checks: number
  readonly bytes: number
  readonly outcomes: Readonly<Record<VerificationOutcome, number>>
}

const PAGE_COPIES = 500

/**
 * Checks every copy of present content straight at its store: by reading all bytes, or by asking for length
 * and identity only. A copy that changed hands between page and check is looked up once more before it is
 * called missing or different. Resolves to the counts; `onResult` hears each check.
 */
export async function verifyObjects(options: {
  readonly database: Queryable
  readonly storeOf: (storeId: Uuid) => Promise<ObjectStore>
  /** Null: every bucket. */
  readonly bucketId: Uuid | null
  readonly readBytes: boolean
  /** Only the copy that readers get, not the ones in grace or retained. */
  readonly primaryOnly: boolean
  /** Range: 1 and more. */
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly onResult?: (verification: Verification) => void
}): Promise<VerificationSummary> {
  const outcomes = { same: 0, unproven: 0, missing: 0, differs: 0, error: 0 }
  let [checks, bytes] = [0, 0]
  const report = (verification: Verification) => {
    checks++
    bytes += verification.bytes
    outcomes[verification.outcome]++
    options.onResult?.(verification)
  }
  const queue = new PQueue({ concurrency: options.concurrency })
  let after: CopyPosition | null = null
  do {
    const page = await listCopiesToVerify(options.database, {
      bucketId: options.bucketId,
      after,
      limit: PAGE_COPIES,
      primaryOnly: options.primaryOnly,
    })
    after = page.length < PAGE_COPIES ? null : page.at(-1)!
    for (const found of page) {
      if (found.copyId === null)
        report({ ...found, location: null, outcome: 'missing', bytes: 0, detail: 'the object has no copy' })
      else queue.add(async () => report(await verifyTwice(options, found)))
    }
    await queue.onSizeLessThan(options.concurrency)
  } while (after !== null && !options.signal.aborted)
  await queue.onIdle()
  return { checks, bytes, outcomes }
}

type Options = Parameters<typeof verifyObjects>[0]

/**
 * Checks a copy and, when it fails, looks the object up again: a write or a move may have replaced the copy
 * meanwhile. Then the copy that readers get now is what counts.
 */
async function verifyTwice(options: Options, copy: CopyToVerify): Promise<Verification> {
  const first = await verifyCopy(options, copy)
  if (first.outcome === 'same' || first.outcome === 'unproven') return first
  const present = await listCopiesOfObject(options.database, copy.objectId)
  if (present.length === 0) return { ...first, outcome: 'same', detail: 'deleted while it was checked' }
  if (present.some(now => now.copyId === copy.copyId && now.generation === copy.generation)) return first
  const primary = present.find(now => now.copyId !== null && now.isPrimary)
  return primary === undefined || primary.copyId === null ? first : verifyCopy(options, primary)
}

async function verifyCopy(options: Options, copy: CopyToVerify): Promise<Verification> {
  const found = (outcome: VerificationOutcome, detail: string | null, bytes = 0): Verification => ({
    bucket: copy.bucket,
    key: copy.key,
    location: copy.location,
    outcome,
    bytes,
    detail,
  })
  try {
    const store = await options.storeOf(copy.storeId)
    if (options.readBytes) return await readCopy(store, copy, options.signal, found)
    const head = await store.head(copy.container, copy.nativeKey, { signal: options.signal })
    const by = byWhom(copy, head.identity)
    if (head.size !== copy.size) return found('differs', `${by}${head.size} bytes instead of ${copy.size}`)
    if (copy.identity.etag !== null && head.identity.etag !== copy.identity.etag)
      return found('differs', `${by}its identity is ${head.identity.etag} instead of ${copy.identity.etag}`)
    return found('same', null)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'archived')
      return found('unproven', 'it lies in an archive, and is not restored for this')
    const isGone = error.kind === 'not-found' || error.kind === 'container-not-found'
    const byOthers = copy.bucketMode !== 'exclusive' && error.kind === 'not-found'
    return found(isGone ? 'missing' : 'error', byOthers ? 'removed by others' : error.message)
  }
}

/** Where others write, another identity means that they did; where only we write it means damage. */
function byWhom(copy: CopyToVerify, found: StoreIdentity): string {
  const isOther = copy.identity.etag !== null && found.etag !== copy.identity.etag
  return isOther && copy.bucketMode !== 'exclusive' ? 'changed by others: ' : ''
}

async function readCopy(
  store: ObjectStore,
  copy: CopyToVerify,
  signal: AbortSignal,
  found: (outcome: VerificationOutcome, detail: string | null, bytes?: number) => Verification,
): Promise<Verification> {
  const { body, identity } = await store.get(copy.container, copy.nativeKey, { signal })
  const sha256 = createHash('sha256')
  const md5 = createHash('md5')
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    sha256.update(chunk)
    if (copy.sha256 === null) md5.update(chunk)
  }
  const by = byWhom(copy, identity)
  if (bytes !== copy.size) return found('differs', `${by}${bytes} bytes instead of ${copy.size}`, bytes)
  if (copy.sha256 === null)
    return md5.digest('hex') === copy.etag
      ? found('same', null, bytes)
      : found('unproven', 'no digest was ever recorded', bytes)
  const digest = sha256.digest('hex')
  return digest === copy.sha256
    ? found('same', null, bytes)
    : found('differs', `${by}SHA-256 ${digest} instead of ${copy.sha256}`, bytes)
}
