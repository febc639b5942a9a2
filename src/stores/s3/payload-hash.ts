import { hash } from 'node:crypto'
import type { Readable } from 'node:stream'

/** The hash that is signed: of bytes in memory their own; a stream without a digest has none yet. */
export function payloadSha256Of(payload: Uint8Array | Readable): string {
  return payload instanceof Uint8Array ? hash('sha256', payload, 'hex') : 'UNSIGNED-PAYLOAD'
}
