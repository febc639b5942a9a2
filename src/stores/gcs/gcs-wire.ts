import type { Readable } from 'node:stream'
import type { Agent, Dispatcher } from 'undici'
import { KIB, MIB } from '../../domain/bytes.ts'
import { textOf } from '../capped-text.ts'
import { createHttpAgent } from '../http-agent.ts'
import { pauseAfter, repeated } from '../repeated-reads.ts'
import { abortFailure, type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { type AccessTokens, accessTokensOf } from './access-tokens.ts'
import { endpointOf, type GcsCredentials, type GcsSettings } from './config.ts'
import { AnsweredError, translateGcsError } from './translate-error.ts'

/** A request of the JSON API. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Percent-encoded, from the first slash on, without the query. */
  readonly path: string
  /** Parameters; those that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /**
   * `read`: may be repeated. `stage`: sent once, and changes nothing that anybody sees. `write`: sent once.
   * `upload`: as `write`, and takes as long as bytes move.
   */
  readonly as: 'read' | 'stage' | 'write' | 'upload'
  /** A status besides 2xx that is an answer, too. */
  readonly alsoAccepts?: number
  readonly signal?: AbortSignal | undefined
}

/** An answer. The caller reads the body to its end or destroys it. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
}

const ERROR_BYTES_MAX = 64 * KIB
/** A page of 1,000 keys of 1,024 bytes, each escaped at its longest, is half of it. */
const DOCUMENT_BYTES_MAX = 16 * MIB

/** Sends requests of Google's JSON API over pooled connections. */
export class GcsWire {
  readonly #settings: GcsSettings
  readonly #agent: Agent
  readonly #tokens: AccessTokens
  readonly #endpoint: URL
  readonly #random: () => number

  constructor(options: {
    settings: GcsSettings
    credentials: GcsCredentials
    random?: () => number
    tokens?: AccessTokens
  }) {
    const { settings } = options
    this.#settings = settings
    this.#random = options.random ?? Math.random
    this.#tokens = options.tokens ?? accessTokensOf(options)
    this.#endpoint = new URL(endpointOf(settings))
    this.#agent = createHttpAgent(settings)
  }

  /** Sends a request. Every error becomes a {@link StoreError}. */
  async send(operation: StoreOperation, request: WireRequest): Promise<WireAnswer> {
    const attemptsMax = request.as === 'read' ? this.#settings.readAttemptsMax : 1
    const tries = { attemptsMax, random: this.#random, signal: request.signal }
    return repeated(operation, tries, () => this.#sendOnce(operation, request))
  }

  /** Sends a request whose answer is a document of JSON. */
  async ask(operation: StoreOperation, request: WireRequest): Promise<unknown> {
    return this.documentOf(operation, request, await this.send(operation, request))
  }

  /** The document of an answer. */
  async documentOf(operation: StoreOperation, request: WireRequest, answer: WireAnswer): Promise<unknown> {
    const isRead = request.as === 'read' || request.as === 'stage'
    try {
      return JSON.parse(await textOf(answer.body, DOCUMENT_BYTES_MAX))
    } catch (cause) {
      if (request.signal?.aborted) {
        throw abortFailure(operation, request.signal, isRead ? 'no' : 'unknown-outcome')
      }
      throw storeFailure(operation, 'unexpected', 'the answer is not whole, or not JSON', {
        retry: isRead ? 'yes' : 'unknown-outcome',
        cause,
      })
    }
  }

  /** Waits before the next attempt. */
  pause(operation: StoreOperation, attempt: number, signal: AbortSignal | undefined): Promise<void> {
    return pauseAfter(operation, attempt, { random: this.#random, signal })
  }

  /**
   * The path of an address the server gave us, with its query. The host is left out: whatever it says, our
   * tokens go to the endpoint of the settings only.
   */
  pathOf(address: string): string {
    const { pathname, search } = new URL(address, this.#endpoint)
    const base = this.#endpoint.pathname.replace(/\/$/, '')
    return `${pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname}${search}`
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #sendOnce(operation: StoreOperation, request: WireRequest): Promise<WireAnswer> {
    throwIfAborted(operation, request.signal)
    const token = await this.#tokens(operation)
    throwIfAborted(operation, request.signal)
    const mayHaveHappened = request.as === 'write' || request.as === 'upload'
    try {
      const answer = await this.#agent.request(this.#prepared(request, token))
      const { statusCode: status } = answer
      if ((status >= 200 && status < 300) || status === request.alsoAccepts) {
        // Whoever reads is told; a body that is given up has nobody to tell, and must not end the process.
        answer.body.on('error', error => error)
        return { status, headers: answer.headers as Record<string, string>, body: answer.body }
      }
      throw await answeredError(answer)
    } catch (error) {
      if (request.signal?.aborted) {
        throw abortFailure(operation, request.signal, mayHaveHappened ? 'unknown-outcome' : 'no')
      }
      throw translateGcsError(operation, error, { mayHaveHappened })
    }
  }

  #prepared(request: WireRequest, token: string | null): Dispatcher.RequestOptions {
    const { method, path, query = {}, body, signal } = request
    const base = this.#endpoint.pathname.replace(/\/$/, '')
    const parameters = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    )
    return {
      origin: this.#endpoint.origin,
      method,
      path: `${base}${path}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`,
      headers: { ...request.headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      reset: false,
      // An upload may take long; what tells is whether bytes still move.
      ...(request.as === 'upload' || (request.as === 'stage' && body !== undefined)
        ? { headersTimeout: this.#settings.socketIdleTimeoutMs }
        : {}),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    }
  }
}

/** The path of a bucket. */
export function bucketPath(container: string): string {
  return `/storage/v1/b/${encodeURIComponent(container)}`
}

/** The path of an object. */
export function objectPath(container: string, key: string): string {
  return `${bucketPath(container)}/o/${encodeURIComponent(key)}`
}

/** The path to which objects of a bucket are uploaded. */
export function uploadPath(container: string): string {
  return `/upload${bucketPath(container)}/o`
}

/** The error of an answer: JSON mostly, but downloads are refused in plain text. */
async function answeredError(answer: Dispatcher.ResponseData): Promise<AnsweredError> {
  const { statusCode: status, body } = answer
  const text = await textOf(body, ERROR_BYTES_MAX).catch((error: Error) => {
    body.destroy()
    return error.message
  })
  const { message, reason } = explanationOf(text)
  return new AnsweredError(status, reason, message || `status ${status}`)
}

function explanationOf(text: string): { message: string; reason: string | null } {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; errors?: { reason?: unknown }[] } }
    const reason = error?.errors?.[0]?.reason
    return { message: String(error?.message ?? ''), reason: typeof reason === 'string' ? reason : null }
  } catch {
    return { message: text.slice(0, 300), reason: null }
  }
}
