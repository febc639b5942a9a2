import type { FastifyRequest } from 'fastify'
import { ApiError } from '../problems.ts'

/** What a path under `/v1/objects/{bucket}/` names. */
export interface ObjectPath {
  readonly bucket: string
  readonly key: string
  /** Whether the path ends in a literal `/explanation`. */
  readonly isExplanation: boolean
}

const PATH = /^\/v1\/objects\/([^/]+)\/(.+?)(\/explanation)?$/s
const KEY_BYTES_MAX = 1_024

/**
 * Takes bucket and key from the path as it was sent: the key is everything after the bucket, percent-decoded
 * exactly once and never normalised. A key that itself ends in `/explanation` is sent with that slash as
 * `%2F`; a client that encodes every slash of a key never has to think about it.
 *
 * Throws an ApiError when an escape is broken, when it is not UTF-8, or when the key is over 1,024 bytes.
 */
export function objectPathOf(request: FastifyRequest): ObjectPath {
  const [path = ''] = (request.raw.url ?? '').split('?', 1)
  const [, bucket, key, suffix] = PATH.exec(path) ?? []
  if (bucket === undefined || key === undefined) throw new ApiError('not-found', 'an object needs a key')
  const decoded = { bucket: decode(bucket), key: decode(key), isExplanation: suffix !== undefined }
  if (Buffer.byteLength(decoded.key) > KEY_BYTES_MAX)
    throw new ApiError('invalid-request', `a key has at most ${KEY_BYTES_MAX} bytes`)
  return decoded
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new ApiError('invalid-request', 'the path has a percent sign that is no escape of UTF-8', { cause })
  }
}
