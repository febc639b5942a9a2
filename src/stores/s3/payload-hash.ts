import { hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { isPrivateWay } from '../endpoint-settings.ts'
import type { ObjectDigests, StoreCapabilities } from '../object-store.ts'
import type { S3Settings } from './config.ts'

const UNSIGNED = 'UNSIGNED-PAYLOAD'

/** The hash that is signed: of bytes in memory their own; a stream without a digest has none yet. */
export function payloadSha256Of(payload: Uint8Array | Readable): string {
  return payload instanceof Uint8Array ? hash('sha256', payload, 'hex') : UNSIGNED
}

/** Whether the server compares a body with a CRC-64/NVME in the headers, and nobody on the way could change both. */
export function comparesBodies(
  { endpoint }: Pick<S3Settings, 'endpoint'>,
  { reportedDigests }: Pick<StoreCapabilities, 'reportedDigests'>,
): boolean {
  const isPrivate = endpoint === undefined || isPrivateWay(new URL(endpoint))
  return isPrivate && reportedDigests.includes('crc64nvme')
}

/**
 * The hash that is signed of a body that goes along with digests. None where {@link comparesBodies} holds: it costs
 * the server as much as all the rest and says nothing more.
 */
export function signedHashOf(
  connection: { readonly comparesBodies: boolean },
  payload: Uint8Array | Readable,
  { sha256, crc64nvme }: ObjectDigests,
): string {
  const isCompared = crc64nvme !== undefined && connection.comparesBodies
  return isCompared ? UNSIGNED : (sha256 ?? payloadSha256Of(payload))
}
