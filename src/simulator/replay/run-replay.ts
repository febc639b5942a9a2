import PQueue from 'p-queue'
import type { Bytes } from '../../domain/bytes.ts'
import type { LoggedRequest } from '../../events/access-log/access-log-line.ts'
import type { GatewayClient, ReadAnswer } from '../client/gateway-client.ts'
import { contentOf, contentSha256 } from '../traffic/content.ts'
import { countError, countWrongBytes, driveRequests, type TrafficCounts } from '../traffic/drive-requests.ts'
import { type ExpectedAnswer, expectedAnswer, isReplayed, type ReplayInventory } from './replay-inventory.ts'

/** An object of a replay as it lies in the bucket. */
interface ReplayObject {
  readonly size: Bytes
  readonly sha256: string
  readonly etag: string
}

/** What a replay works with. */
export interface Replay {
  readonly client: GatewayClient
  readonly bucket: string
  readonly inventory: ReplayInventory
  readonly counts: TrafficCounts
  /** Requests open at once. Range: 1 and more. */
  readonly openMax: number
  readonly signal: AbortSignal
}

/** The objects a replay reads, with what it knows about each. */
export type ReplayObjects = ReadonlyMap<string, ReplayObject>

/** The bucket or an object of a replay could not be made. */
class ReplayError extends Error {
  override readonly name = 'ReplayError'
}

/**
 * Makes the objects of a log, with their real sizes and bytes that can be computed again. What an earlier
 * replay left in the bucket is used as it is. Throws a {@link ReplayError} when an object cannot be made.
 */
export async function createObjects(
  replay: Replay,
  options: { mayCreate: boolean; onProgress: (done: number) => void },
): Promise<{ objects: ReplayObjects; created: number }> {
  const { bucket, client, inventory, signal } = replay
  if (options.mayCreate) await ensureBucket(replay)
  const present = new Map<string, { size: Bytes; etag: string }>()
  for await (const page of client.list(bucket, { signal }))
    for (const found of page) present.set(found.key, found)
  const objects = new Map<string, ReplayObject>()
  const queue = new PQueue({ concurrency: replay.openMax })
  let created = 0
  const make = async (key: string, size: Bytes) => {
    const sha256 = contentSha256(contentLabel(key), size)
    const former = present.get(key)
    if (former?.size === size) {
      objects.set(key, { size, sha256, etag: former.etag })
    } else if (!options.mayCreate) {
      throw new ReplayError(`${bucket}/${key} is not there with its ${size} bytes`)
    } else {
      const body = { chunks: contentOf(contentLabel(key), size), size, sha256 }
      const answer = await client.write(bucket, key, body, { signal })
      if (answer.errorCode !== null)
        throw new ReplayError(`${bucket}/${key} cannot be written: ${answer.errorCode}`)
      objects.set(key, { size, sha256, etag: answer.etag })
      replay.counts.bytesWritten += size
      created++
    }
    options.onProgress(objects.size)
  }
  let failure: unknown = null
  for (const [key, size] of inventory.sizes) {
    await queue.onSizeLessThan(replay.openMax)
    if (failure !== null || signal.aborted) break
    queue
      .add(() => make(key, size))
      .catch((error: unknown) => {
        failure ??= error
      })
  }
  await queue.onIdle()
  if (failure !== null) throw failure
  return { objects, created }
}

async function ensureBucket({ bucket, client }: Replay): Promise<void> {
  const { errorCode } = await client.createBucket(bucket)
  if (errorCode === null || errorCode === 'BucketAlreadyOwnedByYou' || errorCode === 'BucketAlreadyExists')
    return
  throw new ReplayError(`the bucket ${bucket} cannot be made: ${errorCode}`)
}

/**
 * Makes the requests of a log as real GETs, `speed` times as fast as they came (Infinity: as fast as they
 * are answered), and checks every answer: its status, its length and the SHA-256 of its bytes.
 */
export async function replayRequests(
  replay: Replay,
  log: AsyncIterable<LoggedRequest>,
  objects: ReplayObjects,
  speed: number,
): Promise<void> {
  await driveRequests({
    requests: timed(log, replay.inventory, speed),
    isPaced: Number.isFinite(speed),
    perform: request => perform(replay, request, objects),
    counts: replay.counts,
    openMax: replay.openMax,
    signal: replay.signal,
    now: () => performance.now(),
  })
}

type TimedRequest = LoggedRequest & { readonly atMs: number }

async function* timed(
  log: AsyncIterable<LoggedRequest>,
  inventory: ReplayInventory,
  speed: number,
): AsyncGenerator<TimedRequest> {
  for await (const request of log) {
    if (isReplayed(request)) yield { ...request, atMs: (request.at - inventory.firstAt) / speed }
  }
}

async function perform(replay: Replay, request: TimedRequest, objects: ReplayObjects): Promise<void> {
  const { bucket, client, counts, signal } = replay
  const expected = expectedAnswer(request, replay.inventory)
  const object = objects.get(request.key)
  const condition = expected === 'not-modified' && object !== undefined ? { ifNoneMatch: object.etag } : {}
  const answer = await client.read(bucket, request.key, { ...condition, signal })
  counts.reads++
  counts.bytesRead += answer.bytes
  const place = `GET ${bucket}/${request.key}`
  if (answer.status !== STATUS_OF[expected]) {
    const kind = answer.errorCode ?? `status ${answer.status}`
    countError(counts, kind, `${place} was answered ${answer.status} instead of ${STATUS_OF[expected]}`)
    return
  }
  const fault = expected === 'content' ? faultOf(answer, object) : null
  if (fault !== null) countWrongBytes(counts, `${place}: ${fault}`)
}

const STATUS_OF: Readonly<Record<ExpectedAnswer, number>> = {
  content: 200,
  'not-modified': 304,
  'no-such-key': 404,
}

function faultOf(answer: ReadAnswer, object: ReplayObject | undefined): string | null {
  if (object === undefined) return 'bytes of an object that was never made'
  if (answer.bytes !== object.size) return `${answer.bytes} bytes instead of ${object.size}`
  return answer.sha256 === object.sha256 ? null : `SHA-256 ${answer.sha256} instead of ${object.sha256}`
}

/** What the bytes of a replayed object are computed from. */
function contentLabel(key: string): string {
  return `replay/${key}`
}
