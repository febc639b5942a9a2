import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../error-table.ts'
import { CHECKSUM_ALGORITHMS, CHECKSUM_BYTES, type ChecksumAlgorithm } from './digests.ts'

/** A checksum a client declared. Its value is null until the trailer that carries it has arrived. */
export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: Buffer | null
}

/** The digests a client says its content has. */
export interface DeclaredDigests {
  readonly md5: Buffer | null
  readonly checksum: DeclaredChecksum | null
  /** Announced by `x-amz-trailer`, delivered after the body. */
  readonly trailer: DeclaredChecksum | null
  receiveTrailer(trailers: ReadonlyMap<string, string>): void
}

const HEADER_PREFIX = 'x-amz-checksum-'

/** Reads the declared digests from the headers. Throws when one cannot be a digest. */
export function declaredDigestsOf(headers: IncomingMessage['headers']): DeclaredDigests {
  let trailer = announcedTrailerOf(headers['x-amz-trailer'])
  return {
    md5: md5Of(headers['content-md5']),
    checksum: checksumOf(headers),
    get trailer() {
      return trailer
    },
    receiveTrailer(trailers) {
      if (trailer === null) return
      const text = trailers.get(HEADER_PREFIX + trailer.algorithm)
      if (text !== undefined) trailer = { ...trailer, value: decode(trailer.algorithm, text) }
    },
  }
}

/** The checksum algorithm with this name in any case, or null when there is none. */
export function checksumAlgorithmOf(name: string): ChecksumAlgorithm | null {
  return CHECKSUM_ALGORITHMS.find(algorithm => algorithm === name.toLowerCase()) ?? null
}

/** The checksum header of a request or of a part, or null. More than one is refused. */
function checksumOf(headers: IncomingMessage['headers']): DeclaredChecksum | null {
  const found: DeclaredChecksum[] = []
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const text = headers[HEADER_PREFIX + algorithm]
    if (typeof text === 'string') found.push({ algorithm, value: decode(algorithm, text) })
  }
  if (found.length > 1) {
    throw new GatewayError('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple found.')
  }
  return found[0] ?? null
}

/** A base64 checksum as bytes. Throws `InvalidRequest` when it cannot be one. */
export function decode(algorithm: ChecksumAlgorithm, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== CHECKSUM_BYTES[algorithm] || bytes.toString('base64') !== text.trim()) {
    throw new GatewayError('InvalidRequest', `Value for ${HEADER_PREFIX}${algorithm} header is invalid.`)
  }
  return bytes
}

function md5Of(text: string | string[] | undefined): Buffer | null {
  if (typeof text !== 'string') return null
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 16) throw new GatewayError('InvalidDigest')
  return bytes
}

function announcedTrailerOf(text: string | string[] | undefined): DeclaredChecksum | null {
  if (typeof text !== 'string') return null
  const name = text.trim().toLowerCase()
  const algorithm = name.startsWith(HEADER_PREFIX)
    ? checksumAlgorithmOf(name.slice(HEADER_PREFIX.length))
    : null
  if (algorithm === null) {
    throw new GatewayError(
      'InvalidRequest',
      'The value specified in the x-amz-trailer header is not supported',
    )
  }
  return { algorithm, value: null }
}
