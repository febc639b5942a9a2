import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { AccessKeyRow } from '../../database/people/access-keys.ts'
import type { ReaderClass } from '../../domain/access-event.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { type Principal, principal } from '../../domain/principal.ts'

/** Signing keys kept per caller: one per day and region is the usual number. */
const SIGNING_KEYS_MAX = 4

/** Who signed a request: an access key with its secret, opened. */
export class Caller {
  readonly accessKeyId: string
  readonly readerClass: ReaderClass
  readonly mayWrite: boolean
  readonly principal: Principal
  readonly #bucketIds: ReadonlySet<Uuid> | null
  readonly #secret: string
  readonly #signingKeys = new Map<string, KeyObject>()

  constructor(row: AccessKeyRow, secret: string) {
    this.accessKeyId = row.id
    this.readerClass = row.readerClass
    this.mayWrite = row.mayWrite
    this.principal = principal('access-key', row.id)
    this.#bucketIds = row.bucketIds === null ? null : new Set(row.bucketIds)
    this.#secret = secret
  }

  /** Whether the key is good for this bucket. Null stands for buckets that do not exist yet. */
  mayUse(bucketId: Uuid | null): boolean {
    return this.#bucketIds === null || (bucketId !== null && this.#bucketIds.has(bucketId))
  }

  /** The key that signs on this day (`YYYYMMDD`) in this region: derived once, then kept. */
  signingKey(day: string, region: string): KeyObject {
    const name = `${day}/${region}`
    const known = this.#signingKeys.get(name)
    if (known !== undefined) return known
    const steps = [day, region, 's3', 'aws4_request']
    const derived = steps.reduce<Buffer>(
      (secret, step) => hmac(secret, step),
      Buffer.from(`AWS4${this.#secret}`, 'utf8'),
    )
    const key = createSecretKey(derived)
    if (this.#signingKeys.size >= SIGNING_KEYS_MAX) this.#signingKeys.clear()
    this.#signingKeys.set(name, key)
    return key
  }
}

/** HMAC-SHA256. */
export function hmac(key: Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest()
}
