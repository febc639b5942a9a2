import PQueue from 'p-queue'
import type { ObjectDetail, ObjectSummary } from '../api/schemas/object.ts'
import type { GatewayClient, ReadAnswer } from '../simulator/client/gateway-client.ts'
import { CliError, EXIT } from './exit-codes.ts'

/** What `rclone check --combined` prints: same, missing, not known, differs, error. */
export type CheckSymbol = '=' | '-' | '+' | '*' | '!'

/** One object that was checked. */
export interface CheckedObject {
  readonly symbol: CheckSymbol
  readonly bucket: string
  readonly key: string
  readonly detail: string | null
}

/** How many objects were found so; `unproven` ones are among the same. */
export interface VerificationTotals {
  same: number
  unproven: number
  missing: number
  extra: number
  differs: number
  error: number
  bytes: number
}

/** What a check of one bucket works with. */
export interface BucketCheck {
  readonly client: GatewayClient
  readonly bucket: string
  /** The catalog's objects in the order of keys. */
  readonly catalog: AsyncIterable<readonly ObjectSummary[]>
  /** The catalog's whole knowledge of one object; null when it is not there. */
  readonly describe: (bucket: string, key: string) => Promise<ObjectDetail | null>
  readonly download: boolean
  /** Range: 1 and more. */
  readonly openMax: number
  readonly signal: AbortSignal
  readonly totals: VerificationTotals
  readonly onChecked: (object: CheckedObject) => void
}

/**
 * Compares what readers get with what the catalog says, object by object: by all bytes, or by the last byte,
 * which proves that a copy is there, has its length and its identity. What looks wrong is looked up again,
 * because objects change while they are checked.
 */
export async function checkBucket(check: BucketCheck): Promise<void> {
  const queue = new PQueue({ concurrency: check.openMax })
  const listed = flat(check.client.list(check.bucket, { signal: check.signal }))
  const report = (key: string, found: Found) => {
    count(check.totals, found)
    check.onChecked({ bucket: check.bucket, key, symbol: found.symbol, detail: found.detail ?? null })
  }
  for await (const { key, side } of merge(flat(check.catalog), listed)) {
    if (check.signal.aborted) break
    await queue.onSizeLessThan(check.openMax)
    queue.add(async () => report(key, await checkObject(check, key, side)))
  }
  await queue.onIdle()
}

interface Found {
  readonly symbol: CheckSymbol
  readonly detail?: string
  readonly bytes?: number
  readonly isUnproven?: boolean
}

async function checkObject(check: BucketCheck, key: string, side: Side): Promise<Found> {
  try {
    const before = await check.describe(check.bucket, key)
    if (before === null)
      return side === 'catalog' ? { symbol: '=', detail: 'deleted meanwhile' } : { symbol: '+' }
    const range = check.download || before.size === 0 ? {} : { range: 'bytes=-1' }
    const answer = await check.client.read(check.bucket, key, { ...range, signal: check.signal })
    const found = compare(answer, before, check.download)
    if (found.symbol === '=') return found
    const after = await check.describe(check.bucket, key)
    if (after?.generation === before.generation) return found
    return { symbol: '=', detail: 'changed while it was checked' }
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.auth) throw error
    return { symbol: '!', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** What an answer to a reader is worth against the catalog. Pure. */
export function compare(answer: ReadAnswer, object: ObjectDetail, download: boolean): Found {
  if (answer.status === 404) return { symbol: '-' }
  if (answer.errorCode !== null) return { symbol: '!', detail: answer.errorCode }
  const size = answer.wholeSize ?? answer.bytes
  if (size !== object.size)
    return { symbol: '*', detail: `${size} bytes instead of ${object.size}`, bytes: answer.bytes }
  if (answer.etag !== object.etag)
    return { symbol: '*', detail: `ETag ${answer.etag} instead of ${object.etag}` }
  if (!download) return { symbol: '=', bytes: answer.bytes }
  if (object.sha256 === null) return { symbol: '=', bytes: answer.bytes, isUnproven: true }
  if (object.sha256 === answer.sha256) return { symbol: '=', bytes: answer.bytes }
  return { symbol: '*', detail: `SHA-256 ${answer.sha256} instead of ${object.sha256}`, bytes: answer.bytes }
}

function count(totals: VerificationTotals, found: Found): void {
  totals.bytes += found.bytes ?? 0
  if (found.isUnproven === true) totals.unproven++
  switch (found.symbol) {
    case '=':
      totals.same++
      break
    case '-':
      totals.missing++
      break
    case '+':
      totals.extra++
      break
    case '*':
      totals.differs++
      break
    case '!':
      totals.error++
      break
    default:
      found.symbol satisfies never
  }
}

type Side = 'catalog' | 'listing' | 'both'

/** Two lists in the order of their keys' UTF-8 bytes as one, with who has each key. */
async function* merge(
  catalog: AsyncIterator<{ key: string }>,
  listing: AsyncIterator<{ key: string }>,
): AsyncGenerator<{ key: string; side: Side }> {
  let [left, right] = [await catalog.next(), await listing.next()]
  while (left.done !== true || right.done !== true) {
    const order =
      left.done === true ? 1 : right.done === true ? -1 : compareKeys(left.value.key, right.value.key)
    const key: string = order <= 0 ? left.value.key : right.value.key
    yield { key, side: order === 0 ? 'both' : order < 0 ? 'catalog' : 'listing' }
    if (order <= 0) left = await catalog.next()
    if (order >= 0) right = await listing.next()
  }
}

function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

async function* flat<Item>(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Item> {
  for await (const page of pages) yield* page
}
