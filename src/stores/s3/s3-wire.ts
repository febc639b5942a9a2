import { Readable } from 'node:stream'
import type { Agent, Dispatcher } from 'undici'
import { textOf } from '../capped-text.ts'
import { createHttpAgent } from '../http-agent.ts'
import { ReadMemory } from '../read-memory.ts'
import { repeated } from '../repeated-reads.ts'
import { abortFailure, type StoreOperation, throwIfAborted } from '../store-operation.ts'
import type { S3Credentials, S3Settings } from './config.ts'
import { type Answer, exchange } from './exchange.ts'
import { ServerClock } from './server-clock.ts'
import { encodeForS3, type RequestSigner, requestSigner } from './sign-request.ts'
import { translateS3Error } from './translate-error.ts'
import { elementOf } from './xml-elements.ts'

/** A request about one object. */
export interface WireRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly container: string
  /** Percent-encoded, in sorted order. */
  readonly query?: string
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | Readable
  /** SHA-256 of the body, lower-case hexadecimal, or `UNSIGNED-PAYLOAD`. Default: that of no body. */
  readonly payloadSha256?: string
  /** `read`: may be repeated. `write`: sent once. `upload`: sent once, and takes as long as bytes move. */
  readonly as: 'read' | 'write' | 'upload'
  readonly signal?: AbortSignal | undefined
  /** See `GetOptions`. */
  readonly areChunksLent?: boolean
}

const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
/** How much of an error document is read. */
const ERROR_BYTES_MAX = 64 * 1024

/**
 * Sends requests about objects straight over pooled connections. The AWS SDK would take more time for a small
 * object than the server does; it still serves everything that is about buckets and lists.
 */
export class S3Wire {
  readonly #settings: S3Settings
  readonly #agent: Agent
  readonly #memory = new ReadMemory()
  readonly #sign: RequestSigner
  readonly #clock: ServerClock
  readonly #endpoint: URL
  readonly #random: () => number

  constructor(options: {
    settings: S3Settings
    credentials: S3Credentials
    random?: () => number
    /** Ours, in milliseconds since 1970. Default: the machine's. */
    now?: () => number
  }) {
    const { settings, credentials } = options
    this.#clock = new ServerClock(options.now ?? Date.now)
    this.#settings = settings
    this.#random = options.random ?? Math.random
    this.#endpoint = new URL(settings.endpoint ?? awsEndpointOf(settings.region))
    this.#sign = requestSigner(
      {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey.reveal(),
        ...(credentials.sessionToken === undefined
          ? {}
          : { sessionToken: credentials.sessionToken.reveal() }),
      },
      settings.region,
    )
    this.#agent = createHttpAgent(settings, this.#memory)
  }

  /** Sends a request; the answer has a status of 2xx. Every error becomes a {@link StoreError}. */
  async send(operation: StoreOperation, request: WireRequest): Promise<Answer> {
    const attemptsMax = request.as === 'read' ? this.#settings.readAttemptsMax : 1
    const tries = { attemptsMax, random: this.#random, signal: request.signal }
    return repeated(operation, tries, () => this.#sendOnce(operation, request))
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #sendOnce(operation: StoreOperation, request: WireRequest): Promise<Answer> {
    throwIfAborted(operation, request.signal)
    const mayHaveHappened = request.as !== 'read'
    try {
      const signedFor = this.#clock.now()
      let answer = await this.#exchange(operation, request, signedFor)
      // What was refused for its date did not happen: it is signed by the server's clock, and sent once more.
      if (this.#clock.learnFrom(answer, signedFor) && !(request.body instanceof Readable)) {
        answer.body.destroy()
        answer = await this.#exchange(operation, request, this.#clock.now())
      }
      if (answer.status >= 200 && answer.status < 300) return answer
      throw await answeredError(answer)
    } catch (error) {
      if (request.signal?.aborted) {
        throw abortFailure(operation, request.signal, mayHaveHappened ? 'unknown-outcome' : 'no')
      }
      throw translateS3Error(operation, error, { mayHaveHappened })
    }
  }

  #exchange(operation: StoreOperation, request: WireRequest, signedFor: Date): Promise<Answer> {
    const { areChunksLent = false, signal } = request
    const reading = { memory: this.#memory, areChunksLent }
    return exchange(this.#agent, this.#prepared(operation, request, signedFor), { reading, signal })
  }

  #prepared(operation: StoreOperation, request: WireRequest, signedFor: Date): Dispatcher.DispatchOptions {
    const { method, container, body, query = '', payloadSha256 = SHA256_OF_NOTHING } = request
    const { pathStyle } = this.#settings
    const host = pathStyle ? this.#endpoint.host : `${container}.${this.#endpoint.host}`
    const base = this.#endpoint.pathname.replace(/\/$/, '')
    const bucket = pathStyle ? `/${encodeForS3(container)}` : ''
    const path = `${base}${bucket}/${encodeForS3(operation.key ?? '', { keepSlashes: true })}`
    const headers = this.#sign(
      { method, host, path, query, headers: request.headers ?? {}, payloadSha256 },
      signedFor,
    )
    return {
      origin: `${this.#endpoint.protocol}//${host}`,
      method,
      path: query === '' ? path : `${path}?${query}`,
      headers,
      // A connection is good for more than one HEAD, unlike undici assumes of servers that send bodies.
      reset: false,
      // An upload may take hours; what tells is whether bytes still move.
      ...(request.as === 'upload' ? { headersTimeout: this.#settings.socketIdleTimeoutMs } : {}),
      ...(body === undefined ? {} : { body }),
    }
  }
}

/** The text of an answer that is a small document. Throws when it is longer than 64 KiB or breaks off. */
export function documentOf(answer: Pick<Answer, 'body'>): Promise<string> {
  return textOf(answer.body, ERROR_BYTES_MAX)
}

/** An error an S3 server answered with, in the form the SDK gives such errors. */
export class AnsweredError extends Error {
  override readonly name: string
  readonly $metadata: { readonly httpStatusCode: number }

  constructor(status: number, document: string) {
    super(elementOf(document, 'Message') ?? `status ${status}`)
    this.name = elementOf(document, 'Code') ?? 'Unknown'
    this.$metadata = { httpStatusCode: status }
  }
}

async function answeredError(answer: Answer): Promise<AnsweredError> {
  const document = await documentOf(answer).catch((error: Error) => {
    answer.body.destroy()
    return `<Message>${error.message}</Message>`
  })
  return new AnsweredError(answer.status, document)
}

function awsEndpointOf(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}
