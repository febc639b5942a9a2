import { hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { isPrivateWay } from '../endpoint-settings.ts'
import type { ObjectDigests } from '../object-store.ts'
import type { S3Connection } from './s3-connection.ts'

const UNSIGNED = 'UNSIGNED-PAYLOAD'

/** The hash that is signed: of bytes in memory their own; a stream without a digest has none yet. */
export function payloadSha256Of(payload: Uint8Array | Readable): string {
  return payload instanceof Uint8Array ? hash('sha256', payload, 'hex') : UNSIGNED
}

/**
 * The hash that is signed of a body that goes along with digests. None where the server compares the body with a
 * CRC-64/NVME and nobody on the way could change both: the hash costs the server as much as all the rest and says
 * nothing more.
 */
export function signedHashOf(
  { settings, capabilities }: Pick<S3Connection, 'settings' | 'capabilities'>,
  payload: Uint8Array | Readable,
  { sha256, crc64nvme }: ObjectDigests,
): string {
  const isCompared = crc64nvme !== undefined && capabilities.reportedDigests.includes('crc64nvme')
  const { endpoint } = settings
  const isPrivate = endpoint === undefined || isPrivateWay(new URL(endpoint))
  return isCompared && isPrivate ? UNSIGNED : (sha256 ?? payloadSha256Of(payload))
}
