import type { GatewayClient, ListedKey, ReadAnswer } from '../client/gateway-client.ts'
import { contentOf, contentSha256 } from './content.ts'
import { countError, countWrongBytes, driveRequests, type TrafficCounts } from './drive-requests.ts'
import { type PlannedRequest, planTraffic, type TrafficShape } from './plan-traffic.ts'

/** Objects a traffic asks for at most: beyond that the first ones in key order. */
const OBJECTS_MAX = 100_000
/** Keys of ETags whose digest is remembered, at most; the oldest are forgotten. */
const DIGESTS_MAX = 200_000

/** Real requests of a shape over the objects of a bucket. */
export interface Traffic {
  readonly client: GatewayClient
  readonly bucket: string
  /** Only keys that start with this. */
  readonly prefix: string
  readonly shape: Omit<TrafficShape, 'objects'>
  readonly clock: { readonly startModel: number; readonly scale: number }
  /** Wall time; Infinity: until the signal aborts. */
  readonly durationMs: number
  /** Requests open at once. Range: 1 and more. */
  readonly openMax: number
  readonly counts: TrafficCounts
  readonly signal: AbortSignal
}

/** There is nothing to read in the bucket. */
class NothingToReadError extends Error {
  override readonly name = 'NothingToReadError'
}

/**
 * Lists the bucket and makes the shape's requests over what it finds. Every body is hashed: against the
 * digest the answer promises, the digest of what this traffic wrote, and what the same ETag had before.
 * Resolves to the number of objects asked for. Throws {@link NothingToReadError}.
 */
export async function runTraffic(traffic: Traffic): Promise<number> {
  const objects = await listObjects(traffic)
  if (objects.length === 0)
    throw new NothingToReadError(
      `bucket ${traffic.bucket} has no object that starts with "${traffic.prefix}"`,
    )
  const digests = new DigestMemory(DIGESTS_MAX)
  const requests = planTraffic({ ...traffic.shape, objects: objects.length }, traffic.clock)
  await driveRequests({
    requests: endingAt(requests, traffic.durationMs),
    perform: request => perform(traffic, objects[request.object]!, request, digests),
    counts: traffic.counts,
    openMax: traffic.openMax,
    signal: traffic.signal,
    now: () => performance.now(),
  })
  return objects.length
}

async function listObjects(traffic: Traffic): Promise<ListedKey[]> {
  const objects: ListedKey[] = []
  const { bucket, prefix, signal } = traffic
  for await (const page of traffic.client.list(bucket, { prefix, signal })) {
    objects.push(...page.slice(0, OBJECTS_MAX - objects.length))
    if (objects.length === OBJECTS_MAX) break
  }
  return objects
}

function* endingAt(requests: Iterable<PlannedRequest>, endMs: number): Generator<PlannedRequest> {
  for (const request of requests) {
    if (request.atMs > endMs) return
    yield request
  }
}

async function perform(
  traffic: Traffic,
  object: ListedKey,
  request: PlannedRequest,
  digests: DigestMemory,
): Promise<void> {
  if (request.kind === 'write')
    return write(traffic, object, `${traffic.shape.seed}/${request.atMs}`, digests)
  const { client, bucket, counts, signal } = traffic
  const answer = await client.read(bucket, object.key, { signal })
  counts.reads++
  counts.bytesRead += answer.bytes
  if (answer.errorCode !== null) {
    countError(counts, answer.errorCode, `GET ${bucket}/${object.key} was answered ${answer.status}`)
    return
  }
  const fault = faultOf(answer, object, digests)
  if (fault !== null) countWrongBytes(counts, `${bucket}/${object.key}: ${fault}`)
}

/** What is wrong with an answer's bytes, or null. */
function faultOf(answer: ReadAnswer, object: ListedKey, digests: DigestMemory): string | null {
  if (answer.promisedSha256 !== null && answer.promisedSha256 !== answer.sha256)
    return `SHA-256 ${answer.sha256} instead of the promised ${answer.promisedSha256}`
  if (answer.etag === object.etag && answer.bytes !== object.size)
    return `${answer.bytes} bytes instead of the listed ${object.size}`
  const known = digests.learn(`${object.key}\0${answer.etag}`, answer.sha256)
  return known === answer.sha256 ? null : `SHA-256 ${answer.sha256} instead of ${known}`
}

/** Writes new content of the listed size. */
async function write(
  traffic: Traffic,
  object: ListedKey,
  label: string,
  digests: DigestMemory,
): Promise<void> {
  const { client, bucket, counts, signal } = traffic
  const sha256 = contentSha256(label, object.size)
  const body = { chunks: contentOf(label, object.size), size: object.size, sha256 }
  const answer = await client.write(bucket, object.key, body, { signal })
  counts.writes++
  if (answer.errorCode !== null) {
    countError(counts, answer.errorCode, `PUT ${bucket}/${object.key} was answered ${answer.status}`)
    return
  }
  counts.bytesWritten += object.size
  digests.learn(`${object.key}\0${answer.etag}`, sha256)
}

/** The SHA-256 that a key's content had under an ETag when it was first seen or written. */
class DigestMemory {
  readonly #digests = new Map<string, string>()
  readonly #size: number

  constructor(size: number) {
    this.#size = size
  }

  /** The digest known for this content, which is the given one when it is new. */
  learn(content: string, sha256: string): string {
    const known = this.#digests.get(content)
    if (known !== undefined) return known
    if (this.#digests.size >= this.#size) this.#digests.delete(this.#digests.keys().next().value!)
    this.#digests.set(content, sha256)
    return sha256
  }
}
