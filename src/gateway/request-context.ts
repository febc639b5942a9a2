import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessOperation } from '../domain/access-event.ts'
import type { ObjectId, Uuid } from '../domain/identifiers.ts'
import type { DigestAlgorithm } from './body/digests.ts'
import { openRequestBody, type RequestBody } from './body/request-body.ts'
import { GatewayError } from './error-table.ts'
import type { RequestTarget } from './request-target.ts'
import type { GatewayServices } from './services.ts'
import type { Caller } from './sigv4/caller.ts'
import type { VerifiedRequest } from './sigv4/verify-request.ts'

/** One request on its way: who asks for what, and what the gateway works with. */
export class RequestContext {
  readonly requestId: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: RequestTarget
  readonly verified: VerifiedRequest
  readonly services: GatewayServices
  /** Bytes of content that left towards the client. */
  bytesSent = 0
  bytesReceived = 0
  /** The store that served or took the bytes, for metrics. */
  store = 'none'
  /** When the answer to a read began, by `performance.now()`. */
  answeredAt: number | null = null
  #awaitsContinue: boolean
  #abort: AbortController | null = null

  constructor(facts: {
    requestId: string
    request: IncomingMessage
    response: ServerResponse
    target: RequestTarget
    verified: VerifiedRequest
    services: GatewayServices
    awaitsContinue: boolean
  }) {
    this.requestId = facts.requestId
    this.request = facts.request
    this.response = facts.response
    this.target = facts.target
    this.verified = facts.verified
    this.services = facts.services
    this.#awaitsContinue = facts.awaitsContinue
  }

  get caller(): Caller {
    return this.verified.caller
  }

  /** The key the request is about; only operations on objects ask for it. */
  get key(): string {
    if (this.target.key === null) throw new Error('the request names no key')
    return this.target.key
  }

  /** Aborts when the client has gone before it was answered. */
  get signal(): AbortSignal {
    if (this.#abort === null) {
      const controller = new AbortController()
      this.#abort = controller
      this.response.once('close', () => {
        if (!this.response.writableFinished) controller.abort(new Error('the client has gone'))
      })
      if (this.response.destroyed) controller.abort(new Error('the client has gone'))
    }
    return this.#abort.signal
  }

  header(name: string): string | null {
    const value = this.request.headers[name]
    return typeof value === 'string' ? value : null
  }

  /** The content of the request. A client that waits for `100 Continue` gets it when reading starts. */
  openBody(wanted: readonly DigestAlgorithm[], sizeMax: number): RequestBody {
    return openRequestBody(this.request, this.verified, {
      wanted,
      sizeMax,
      onStart: () => this.#continue(),
    })
  }

  /** A small body as a whole, for XML. */
  async readSmallBody(sizeMax: number): Promise<Buffer> {
    const { headers } = this.request
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
      return Buffer.alloc(0)
    }
    let body: RequestBody
    try {
      body = this.openBody([], sizeMax)
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'EntityTooLarge') {
        throw new GatewayError('MaxMessageLengthExceeded')
      }
      throw error
    }
    const chunks: Buffer[] = []
    for await (const bytes of body) chunks.push(bytes)
    return Buffer.concat(chunks)
  }

  /** Leaves an access event. */
  recordAccess(facts: {
    objectId: ObjectId
    bucketId: Uuid
    operation: AccessOperation
    bytes: number
    locationId: Uuid | null
  }): void {
    this.services.options.recordAccess({
      ...facts,
      at: this.services.options.modelClock.now(),
      readerClass: this.caller.readerClass,
    })
  }

  #continue(): void {
    if (!this.#awaitsContinue) return
    this.#awaitsContinue = false
    this.response.writeContinue()
  }
}
