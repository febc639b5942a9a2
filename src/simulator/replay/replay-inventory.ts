import type { Bytes } from '../../domain/bytes.ts'
import type { Instant } from '../../domain/clock.ts'
import type { LoggedRequest } from '../../events/access-log/access-log-line.ts'

/** What a log says about the objects that must be there to replay it. */
export interface ReplayInventory {
  /** Size of every object that ever answered; keys that were never there are not in it. */
  readonly sizes: ReadonlyMap<string, Bytes>
  /** Keys that were asked for and never there. */
  readonly absent: ReadonlySet<string>
  readonly requests: number
  /** Requests that are not replayed: no reads, or keys that no S3 store takes. */
  readonly skipped: number
  readonly firstAt: Instant
  readonly lastAt: Instant
}

/** The longest key S3 knows, in bytes of UTF-8. */
const KEY_BYTES_MAX = 1_024
/** Keys a log may have: beyond that, replay a shorter log. */
const KEYS_MAX = 2_000_000

/**
 * Reads a log once for its objects. An object has the largest size the log tells of it, else the size of its
 * largest complete answer (200); one that only ever redirected or was not modified has that of its largest
 * such answer. Throws a RangeError when there is nothing to replay.
 */
export async function takeInventory(log: AsyncIterable<LoggedRequest>): Promise<ReplayInventory> {
  const whole = new Map<string, Bytes>()
  const other = new Map<string, Bytes>()
  const missed = new Set<string>()
  let [requests, skipped] = [0, 0]
  let [firstAt, lastAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for await (const request of log) {
    if (!isReplayed(request)) {
      skipped++
      continue
    }
    requests++
    firstAt = Math.min(firstAt, request.at)
    lastAt = Math.max(lastAt, request.at)
    if (request.status >= 400) missed.add(request.key)
    else {
      const sizes = request.status === 200 || request.objectBytes !== null ? whole : other
      const size = request.objectBytes ?? request.bytes
      sizes.set(request.key, Math.max(sizes.get(request.key) ?? 0, size))
    }
    if (whole.size + other.size + missed.size > KEYS_MAX)
      throw new RangeError(`the log has more than ${KEYS_MAX} keys: replay a part of it`)
  }
  if (requests === 0) throw new RangeError('the log has no request that reads an object')
  const sizes = new Map([...other, ...whole])
  return {
    sizes,
    absent: new Set([...missed].filter(key => !sizes.has(key))),
    requests,
    skipped,
    firstAt,
    lastAt,
  }
}

/** Whether a logged request is made again. */
export function isReplayed(request: LoggedRequest): boolean {
  if (request.operation !== 'read') return false
  return request.key.length * 3 <= KEY_BYTES_MAX || Buffer.byteLength(request.key) <= KEY_BYTES_MAX
}

/** How the answer to a replayed request must look. */
export type ExpectedAnswer = 'content' | 'not-modified' | 'no-such-key'

/** What a logged request must be answered now: errors of the past are repeated only where nothing is. */
export function expectedAnswer(request: LoggedRequest, inventory: ReplayInventory): ExpectedAnswer {
  if (inventory.absent.has(request.key)) return 'no-such-key'
  return request.status === 304 ? 'not-modified' : 'content'
}
