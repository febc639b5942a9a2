import { type BucketWithTarget, findBucketWithTarget } from '../database/catalog/buckets.ts'
import { GatewayError } from './error-table.ts'
import type { GatewayOptions } from './options.ts'
import { Remembered } from './remembered.ts'
import type { RequestTarget } from './request-target.ts'
import type { Caller } from './sigv4/caller.ts'

const BUCKETS_MAX = 10_000

/** What the directory must know of a request. */
interface BucketRequest {
  readonly caller: Caller
  readonly target: RequestTarget
}

/** Finds buckets and says what a caller may do with them. */
export class BucketDirectory {
  readonly #buckets: Remembered<BucketWithTarget>

  constructor(options: GatewayOptions) {
    this.#buckets = new Remembered({
      clock: options.wallClock,
      entriesMax: BUCKETS_MAX,
      ttlMs: options.limits.cacheTtlMs,
      staleTtlMs: options.limits.staleTtlMs,
      find: name => findBucketWithTarget(options.database, name),
    })
  }

  /** The bucket of the request, for reading. Throws `NoSuchBucket` or `AccessDenied`. */
  async forReading(context: BucketRequest): Promise<BucketWithTarget> {
    return this.named(context, context.target.bucketName ?? '')
  }

  /** The bucket of the request, for writing: the key must be allowed to write, and the bucket to be ours. */
  async forWriting(context: BucketRequest): Promise<BucketWithTarget> {
    const bucket = await this.forReading(context)
    if (!context.caller.mayWrite) throw new GatewayError('AccessDenied', 'This access key may only read.')
    if (bucket.mode === 'observed') {
      throw new GatewayError('AccessDenied', 'This bucket is observed only: it is not written through here.')
    }
    return bucket
  }

  /** A bucket by name, for reading from. */
  async named(context: BucketRequest, name: string): Promise<BucketWithTarget> {
    const found = this.#buckets.get(name)
    const bucket = found instanceof Promise ? await found : found
    if (bucket === null) {
      throw new GatewayError('NoSuchBucket', undefined, { details: { BucketName: name } })
    }
    if (!context.caller.mayUse(bucket.id)) {
      throw new GatewayError('AccessDenied', 'This access key is not meant for this bucket.')
    }
    return bucket
  }

  forget(name: string): void {
    this.#buckets.forget(name)
  }
}
