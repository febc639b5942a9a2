import { createHash, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../error-table.ts'
import { hmac } from '../sigv4/caller.ts'
import { EMPTY_SHA256 } from '../sigv4/payload-mode.ts'
import type { ChunkSeed } from '../sigv4/verify-request.ts'
import { ByteReader } from './byte-reader.ts'

/** `size in hexadecimal;chunk-signature=…` is 100 bytes long; extensions may add some. */
const CHUNK_LINE_BYTES_MAX = 1_024
const TRAILER_LINE_BYTES_MAX = 4_096
const TRAILERS_MAX = 16

/** How an `aws-chunked` body is to be read. */
export interface ChunkedOptions {
  /** Present where chunks are signed. */
  readonly seed: ChunkSeed | null
  readonly trailer: boolean
  /** Gets the trailing headers, names in lower case, once the body is complete. */
  onTrailer(trailers: ReadonlyMap<string, string>): void
}

/**
 * The bytes inside an `aws-chunked` body. Each signed chunk is verified at its end and the trailer at the
 * end of all, so nothing of the body may become visible before the iteration has ended well.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  options: ChunkedOptions,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source)
  const signatures = options.seed === null ? null : new ChunkSignatures(options.seed)
  try {
    for (;;) {
      const header = parseChunkHeader(await reader.line(CHUNK_LINE_BYTES_MAX))
      if (header.size === 0) {
        signatures?.check(header.signature, EMPTY_SHA256)
        break
      }
      const digest = signatures === null ? null : createHash('sha256')
      for (let left = header.size; left > 0; ) {
        const bytes = await reader.take(left)
        if (bytes === null) throw new GatewayError('IncompleteBody')
        left -= bytes.length
        digest?.update(bytes)
        yield bytes
      }
      if (digest !== null) signatures?.check(header.signature, digest.digest('hex'))
      if ((await reader.line(2)) !== '') throw new GatewayError('IncompleteBody')
    }
    const trailers = await readTrailers(reader, options.trailer ? signatures : null)
    if (options.trailer) options.onTrailer(trailers)
  } finally {
    await reader.cancel()
  }
}

/** The chain of chunk signatures: each signs the one before. */
class ChunkSignatures {
  readonly #seed: ChunkSeed
  #previous: string

  constructor(seed: ChunkSeed) {
    this.#seed = seed
    this.#previous = seed.signature
  }

  check(signature: string | null, sha256: string): void {
    this.#compare(signature, `AWS4-HMAC-SHA256-PAYLOAD`, `${EMPTY_SHA256}\n${sha256}`)
  }

  checkTrailer(signature: string | null, canonicalTrailers: string): void {
    const sha256 = createHash('sha256').update(canonicalTrailers, 'latin1').digest('hex')
    this.#compare(signature, 'AWS4-HMAC-SHA256-TRAILER', sha256)
  }

  #compare(signature: string | null, algorithm: string, hashes: string): void {
    const { timestamp, scope, signingKey } = this.#seed
    const text = `${algorithm}\n${timestamp}\n${scope}\n${this.#previous}\n${hashes}`
    const expected = hmac(signingKey, text)
    if (
      signature === null ||
      !/^[0-9a-f]{64}$/.test(signature) ||
      !timingSafeEqual(expected, Buffer.from(signature, 'hex'))
    ) {
      throw new GatewayError('SignatureDoesNotMatch', 'The signature of a chunk of the body does not match.')
    }
    this.#previous = signature
  }
}

function parseChunkHeader(line: string | null): { size: number; signature: string | null } {
  if (line === null) throw new GatewayError('IncompleteBody')
  const match = /^(?<size>[0-9a-fA-F]{1,12})(?:;(?<extensions>.*))?$/.exec(line)
  if (match?.groups === undefined) {
    throw new GatewayError('InvalidRequest', 'The body is not framed as aws-chunked.')
  }
  const signature = /(?:^|;)chunk-signature=([^;]*)/.exec(match.groups.extensions ?? '')?.[1] ?? null
  return { size: Number.parseInt(match.groups.size!, 16), signature }
}

async function readTrailers(
  reader: ByteReader,
  signatures: ChunkSignatures | null,
): Promise<ReadonlyMap<string, string>> {
  const trailers = new Map<string, string>()
  let canonical = ''
  let signature: string | null = null
  for (let count = 0; ; count++) {
    const line = await reader.line(TRAILER_LINE_BYTES_MAX)
    if (line === null) break
    if (line === '') continue
    if (count > TRAILERS_MAX) throw new GatewayError('InvalidRequest', 'The body has too many trailers.')
    const colonAt = line.indexOf(':')
    if (colonAt < 1) throw new GatewayError('InvalidRequest', 'A trailer of the body is malformed.')
    const name = line.slice(0, colonAt).trim().toLowerCase()
    const value = line.slice(colonAt + 1).trim()
    if (name === 'x-amz-trailer-signature') signature = value
    else {
      trailers.set(name, value)
      canonical += `${name}:${value}\n`
    }
  }
  signatures?.checkTrailer(signature, canonical)
  return trailers
}
