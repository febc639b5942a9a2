import PQueue from 'p-queue'
import type { ObjectDetail, ObjectSummary } from '../api/schemas/object.ts'
import type { GatewayClient, ListedKey, ReadAnswer } from '../simulator/client/gateway-client.ts'
import { CliError, EXIT } from './exit-codes.ts'

/** What `rclone check --combined` prints: same, missing, not known, differs, error. */
type CheckSymbol = '=' | '-' | '+' | '*' | '!'

/** One object that was checked. */
export interface CheckedObject {
  readonly symbol: CheckSymbol
  readonly bucket: string
  readonly key: string
  readonly detail: string | null
}

/**
 * How many objects were found so; `unproven` ones are among the same, `changedByOthers` among those that
 * differ, `removedByOthers` among the missing, `quarantined` among the errors.
 */
export interface VerificationTotals {
  same: number
  unproven: number
  missing: number
  extra: number
  differs: number
  error: number
  changedByOthers: number
  removedByOthers: number
  quarantined: number
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
 * because objects change while they are checked. An object in quarantine is never as it should be: what answers
 * may still be the copy that was found bad.
 */
export async function checkBucket(check: BucketCheck): Promise<void> {
  const queue = new PQueue({ concurrency: check.openMax })
  const report = (key: string, found: Found) => {
    count(check.totals, found)
    check.onChecked({ bucket: check.bucket, key, symbol: found.symbol, detail: found.detail ?? null })
  }
  let failure: unknown = null
  for await (const entry of merge(
    flat(check.catalog),
    flat(check.client.list(check.bucket, { signal: check.signal })),
  )) {
    await queue.onSizeLessThan(check.openMax)
    if (check.signal.aborted || failure !== null) break
    queue
      .add(async () => report(entry.key, await checkObject(check, entry)))
      .catch((error: unknown) => {
        failure ??= error
      })
  }
  await queue.onIdle()
  if (failure !== null) throw failure
}

interface Found {
  readonly symbol: CheckSymbol
  readonly detail?: string
  readonly bytes?: number
  readonly isUnproven?: boolean
  readonly byOthers?: boolean
  readonly isQuarantined?: boolean
}

/** What an answer must agree with. */
interface ExpectedContent {
  readonly size: number
  readonly etag: string
}

async function checkObject(check: BucketCheck, entry: Entry): Promise<Found> {
  const { catalog, listed, key } = entry
  try {
    if (catalog !== null && listed !== null) {
      const found = await readAndCompare(check, key, { size: catalog.size, etag: listed.etag })
      const isFine = found.symbol === '=' && catalog.state !== 'quarantined'
      if (isFine || found.byOthers === true) return found
    }
    // Missing on one side, or not as expected: the object may have changed meanwhile, so ask once more.
    const present = await check.describe(check.bucket, key)
    if (present === null)
      return catalog === null ? { symbol: '+' } : { symbol: '=', detail: 'deleted meanwhile' }
    return unlessQuarantined(await readAndCompare(check, key, present), present)
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.auth) throw error
    return { symbol: '!', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** Not even right bytes make an object whole whose copies are not trusted. */
function unlessQuarantined(found: Found, { quarantinedBecause }: ObjectDetail): Found {
  if (found.symbol !== '=' || quarantinedBecause === null) return found
  return {
    symbol: '!',
    detail: `quarantined: ${quarantinedBecause}`,
    bytes: found.bytes ?? 0,
    isQuarantined: true,
  }
}

async function readAndCompare(check: BucketCheck, key: string, expected: ExpectedContent): Promise<Found> {
  const range = check.download || expected.size === 0 ? {} : { range: 'bytes=-1' }
  const answer = await check.client.read(check.bucket, key, { ...range, signal: check.signal })
  return compareForeign(answer) ?? compare(answer, expected, check.download)
}

/** The reader was told that the catalog had to follow others just now: then it was not what lay there. */
function compareForeign({ bytes, foreignChange, status }: ReadAnswer): Found | null {
  if (foreignChange === null) return null
  if (status === 404) return { symbol: '-', detail: 'removed by others', byOthers: true }
  const detail =
    foreignChange === 'changed' ? 'changed by others' : 'a copy was removed by others, another one is whole'
  return { symbol: '*', detail, bytes, byOthers: true }
}

/** What an answer to a reader is worth. Its own digest is the catalog's, sent along as a checksum. Pure. */
function compare(answer: ReadAnswer, expected: ExpectedContent, download: boolean): Found {
  const { bytes, promisedSha256 } = answer
  if (answer.status === 404) return { symbol: '-' }
  if (answer.errorCode !== null) return { symbol: '!', detail: answer.errorCode }
  const size = answer.wholeSize ?? bytes
  if (size !== expected.size)
    return { symbol: '*', detail: `${size} bytes instead of ${expected.size}`, bytes }
  if (answer.etag !== expected.etag)
    return { symbol: '*', detail: `ETag ${answer.etag} instead of ${expected.etag}`, bytes }
  if (!download) return { symbol: '=', bytes }
  if (promisedSha256 === null) return { symbol: '=', bytes, isUnproven: true }
  if (promisedSha256 === answer.sha256) return { symbol: '=', bytes }
  return { symbol: '*', detail: `SHA-256 ${answer.sha256} instead of ${promisedSha256}`, bytes }
}

function count(totals: VerificationTotals, found: Found): void {
  totals.bytes += found.bytes ?? 0
  if (found.isUnproven === true) totals.unproven++
  if (found.isQuarantined === true) totals.quarantined++
  if (found.byOthers === true) totals[found.symbol === '-' ? 'removedByOthers' : 'changedByOthers']++
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

/** A key with what each side knows of it. */
interface Entry {
  readonly key: string
  readonly catalog: ObjectSummary | null
  readonly listed: ListedKey | null
}

/** Two lists in the order of their keys' UTF-8 bytes as one. */
async function* merge(
  catalog: AsyncIterator<ObjectSummary>,
  listing: AsyncIterator<ListedKey>,
): AsyncGenerator<Entry> {
  let [left, right] = [await catalog.next(), await listing.next()]
  while (left.done !== true || right.done !== true) {
    const order =
      left.done === true ? 1 : right.done === true ? -1 : compareKeys(left.value.key, right.value.key)
    const known = order <= 0 ? (left.value as ObjectSummary) : null
    const listed = order >= 0 ? (right.value as ListedKey) : null
    yield { key: known?.key ?? listed!.key, catalog: known, listed }
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
