import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../error-table.ts'
import type { VerifiedRequest } from '../sigv4/verify-request.ts'
import { decodeAwsChunked } from './aws-chunked.ts'
import { type DeclaredDigests, declaredDigestsOf } from './declared-digests.ts'
import { BodyDigests, type ChecksumAlgorithm, type DigestAlgorithm } from './digests.ts'

/**
 * The content of a request while it arrives. Iterating it yields the bytes the client meant; it ends well
 * only when length, signatures and every declared digest were right, and throws the S3 error otherwise.
 */
export interface RequestBody extends AsyncIterable<Buffer> {
  /** Bytes of content, as declared. */
  readonly size: number
  readonly declared: DeclaredDigests
  /** The digests asked for and declared; only after the iteration has ended well. */
  digests(): ReadonlyMap<DigestAlgorithm, Buffer>
  /** Why the iteration failed; a store that was reading it may have wrapped the reason. */
  readonly failure: GatewayError | null
}

/** Prepares to read the content of a request; nothing is read before the iteration starts. */
export function openRequestBody(
  request: IncomingMessage,
  verified: VerifiedRequest,
  options: {
    /** Digests to compute beside the declared ones. */
    readonly wanted: readonly DigestAlgorithm[]
    readonly sizeMax: number
    /** Called when the first byte is asked for: a client that waits for `100 Continue` is told to go on. */
    onStart(): void
  },
): RequestBody {
  const { headers } = request
  const declared = declaredDigestsOf(headers)
  const size = contentSizeOf(headers, verified)
  if (size > options.sizeMax) {
    throw new GatewayError('EntityTooLarge', undefined, {
      details: { ProposedSize: String(size), MaxSizeAllowed: String(options.sizeMax) },
    })
  }
  return new CheckedRequestBody(request, verified, { ...options, declared, size })
}

class CheckedRequestBody implements RequestBody {
  readonly size: number
  readonly declared: DeclaredDigests
  failure: GatewayError | null = null
  readonly #request: IncomingMessage
  readonly #verified: VerifiedRequest
  readonly #wanted: readonly DigestAlgorithm[]
  readonly #onStart: () => void
  #digests: ReadonlyMap<DigestAlgorithm, Buffer> | null = null

  constructor(
    request: IncomingMessage,
    verified: VerifiedRequest,
    options: {
      wanted: readonly DigestAlgorithm[]
      declared: DeclaredDigests
      size: number
      onStart(): void
    },
  ) {
    this.#request = request
    this.#verified = verified
    this.#wanted = options.wanted
    this.#onStart = options.onStart
    this.declared = options.declared
    this.size = options.size
  }

  digests(): ReadonlyMap<DigestAlgorithm, Buffer> {
    if (this.#digests === null) throw new Error('the body has not been read to its end')
    return this.#digests
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { payload } = this.#verified
    const algorithms = new Set<DigestAlgorithm>(this.#wanted)
    if (this.declared.md5 !== null) algorithms.add('md5')
    if (payload.kind === 'whole') algorithms.add('sha256')
    const checksum = this.declared.checksum ?? this.declared.trailer
    if (checksum !== null) algorithms.add(checksum.algorithm)
    const digests = BodyDigests.start(algorithms)
    try {
      this.#onStart()
      let received = 0
      for await (const bytes of this.#content()) {
        received += bytes.length
        if (received > this.size) break
        digests.update(bytes)
        yield bytes
      }
      if (received !== this.size) throw new GatewayError('IncompleteBody')
      this.#digests = digests.finish()
      this.#compare(this.#digests)
    } catch (error) {
      this.failure = failureOf(error)
      throw this.failure
    } finally {
      digests.discard()
    }
  }

  #content(): AsyncIterable<Buffer> {
    const { payload, seed } = this.#verified
    if (payload.kind !== 'chunked') return this.#request
    return decodeAwsChunked(this.#request, {
      seed: payload.signed ? seed : null,
      trailer: payload.trailer,
      onTrailer: trailers => this.declared.receiveTrailer(trailers),
    })
  }

  #compare(digests: ReadonlyMap<DigestAlgorithm, Buffer>): void {
    const { payload } = this.#verified
    if (payload.kind === 'whole' && digests.get('sha256')?.toString('hex') !== payload.sha256) {
      throw new GatewayError('XAmzContentSHA256Mismatch', undefined, {
        details: {
          ClientComputedContentSHA256: payload.sha256,
          S3ComputedContentSHA256: digests.get('sha256')?.toString('hex') ?? '',
        },
      })
    }
    if (this.declared.md5 !== null && digests.get('md5')?.equals(this.declared.md5) !== true) {
      throw new GatewayError('BadDigest', 'The Content-MD5 you specified did not match what we received.')
    }
    // Without signed chunks the trailing checksum is the only protection of the bytes.
    const mustTrail = payload.kind === 'chunked' && payload.trailer && !payload.signed
    if (mustTrail && this.declared.trailer === null && this.declared.checksum === null) {
      throw new GatewayError('InvalidRequest', 'An unsigned chunked body needs a checksum in its trailer.')
    }
    if (payload.kind === 'chunked' && this.declared.trailer?.value === null) {
      throw new GatewayError('InvalidRequest', 'The trailer announced in x-amz-trailer did not arrive.')
    }
    for (const checksum of [this.declared.checksum, this.declared.trailer]) {
      if (checksum === null || checksum.value === null) continue
      if (digests.get(checksum.algorithm)?.equals(checksum.value) !== true) {
        throw new GatewayError(
          'BadDigest',
          `The ${nameOf(checksum.algorithm)} you specified did not match the calculated checksum.`,
        )
      }
    }
  }
}

/** Bytes of content: the decoded length of a framed body, the Content-Length otherwise. */
function contentSizeOf(headers: IncomingMessage['headers'], verified: VerifiedRequest): number {
  const chunked = verified.payload.kind === 'chunked'
  const text = chunked ? headers['x-amz-decoded-content-length'] : headers['content-length']
  // A framed body may come with a plain chunked transfer and no Content-Length at all.
  const value = text ?? (chunked ? undefined : headers['x-amz-decoded-content-length'])
  if (value === undefined) throw new GatewayError('MissingContentLength')
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) {
    throw new GatewayError('InvalidArgument', 'The length of the content must be a number.')
  }
  return Number(value)
}

/** A client that hangs up ends the request early; the HTTP parser says so in several ways. */
function failureOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  return new GatewayError('IncompleteBody', 'The connection ended before the whole body had arrived.', {
    cause: error,
  })
}

function nameOf(algorithm: ChecksumAlgorithm): string {
  return algorithm.toUpperCase()
}
