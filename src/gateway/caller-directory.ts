import { findAccessKey } from '../database/people/access-keys.ts'
import type { GatewayOptions } from './options.ts'
import { Remembered } from './remembered.ts'
import { Caller } from './sigv4/caller.ts'

const CALLERS_MAX = 1_000

/** Finds who an access key belongs to; a revoked key works for at most `cacheTtlMs` more. */
export class CallerDirectory {
  readonly #callers: Remembered<Caller>

  constructor(options: GatewayOptions) {
    this.#callers = new Remembered({
      clock: options.wallClock,
      entriesMax: CALLERS_MAX,
      ttlMs: options.limits.cacheTtlMs,
      staleTtlMs: options.limits.staleTtlMs,
      find: async accessKeyId => {
        const row = await findAccessKey(options.database, accessKeyId)
        return row === null ? null : new Caller(row, options.unsealSecret(row.secretSealed, row.id))
      },
    })
  }

  find(accessKeyId: string): Caller | null | Promise<Caller | null> {
    return this.#callers.get(accessKeyId)
  }
}
