import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type GatewayError, gatewayErrorOf } from './error-table.ts'
import type { GatewayOptions } from './options.ts'
import { RequestContext } from './request-context.ts'
import { parseRequestTarget } from './request-target.ts'
import { errorXml } from './respond.ts'
import { findRoute, type Route } from './routes.ts'
import { createServices, type GatewayServices } from './services.ts'
import { verifyRequest } from './sigv4/verify-request.ts'
import { type Recovery, recoverIntents } from './writes/recover-intents.ts'

/** The S3 door: answers requests, and settles writes that were cut off. */
export interface Gateway {
  /**
   * Answers one request; never rejects. `awaitsContinue`: the client waits for `100 Continue` before it
   * sends its body, and the server has not sent it.
   */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    facts?: { readonly awaitsContinue: boolean },
  ): Promise<void>
  /** Run it at the start and then every few seconds; see `writes/recover-intents.ts`. */
  recoverIntents(): Promise<Recovery>
  /** Waits for the publications in flight and gives connections back. No request is handled afterwards. */
  close(): Promise<void>
}

/** Makes a gateway. It opens nothing by itself. */
export function createGateway(options: GatewayOptions): Gateway {
  const services = createServices(options)
  const requestIds = new RequestIds()
  return {
    handle: (request, response, facts) =>
      handleRequest(services, requestIds.next(), request, response, facts?.awaitsContinue ?? false),
    recoverIntents: () => recoverIntents(services),
    async close() {
      await services.publications.onIdle()
      await services.readerSettlements.onIdle()
      await services.uploadSettlements.onIdle()
      await services.intentDatabase.end()
    },
  }
}

async function handleRequest(
  services: GatewayServices,
  requestId: string,
  request: IncomingMessage,
  response: ServerResponse,
  awaitsContinue: boolean,
): Promise<void> {
  const { options } = services
  const startedAt = performance.now()
  options.metrics?.requestStarted?.()
  let route: Route | null = null
  let context: RequestContext | null = null
  // A client that goes away while we write is noticed by `destroyed`; the event itself needs no answer.
  response.on('error', ignoreBrokenConnection)
  try {
    const target = parseRequestTarget(request.url ?? '/', request.headers.host, options.baseHosts)
    const verified = await verifyRequest(request, target, {
      region: options.region,
      nowMs: options.wallClock.now(),
      findCaller: accessKeyId => services.callers.find(accessKeyId),
    })
    route = findRoute(request.method ?? 'GET', target, request.headers)
    context = new RequestContext({ requestId, request, response, target, verified, services, awaitsContinue })
    await route.run(context)
  } catch (error) {
    fail(services, { requestId, request, response, route, error })
  } finally {
    options.metrics?.requestFinished?.({
      operation: route?.operation ?? 'unknown',
      status: response.statusCode,
      store: context?.store ?? 'none',
      durationMs: performance.now() - startedAt,
      firstByteMs: context?.answeredAt == null ? null : context.answeredAt - startedAt,
      bytesReceived: context?.bytesReceived ?? 0,
      bytesSent: context?.bytesSent ?? 0,
    })
  }
}

/** Answers the error, or cuts the connection when the answer has begun: half an object is no object. */
function fail(
  services: GatewayServices,
  facts: {
    requestId: string
    request: IncomingMessage
    response: ServerResponse
    route: Route | null
    error: unknown
  },
): void {
  const { requestId, request, response, route } = facts
  const error = gatewayErrorOf(facts.error)
  const line = { requestId, operation: route?.operation, code: error.code, error: error.cause ?? error }
  if (error.status >= 500) services.options.log.warn(line, 'a request failed')
  else services.options.log.debug(line, 'a request was refused')
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  sendError(request, response, requestId, error)
}

function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  error: GatewayError,
): void {
  const resource = (request.url ?? '/').split('?', 1)[0] ?? '/'
  const hasBody = request.method !== 'HEAD' && error.status !== 304
  const body = hasBody
    ? Buffer.from(errorXml(error, { requestId, resource: printable(resource) }), 'utf8')
    : null
  // What is left of a body nobody wants is not waited for.
  const mustClose = !request.complete && request.readable
  response.writeHead(error.status, {
    'x-amz-request-id': requestId,
    ...(body === null ? {} : { 'Content-Type': 'application/xml', 'Content-Length': body.length }),
    ...(error.retryAfterSeconds === null ? {} : { 'Retry-After': String(error.retryAfterSeconds) }),
    ...(error.details.Region === undefined ? {} : { 'x-amz-bucket-region': error.details.Region }),
    ...(mustClose ? { Connection: 'close' } : {}),
  })
  response.end(body ?? undefined)
}

function printable(resource: string): string {
  try {
    return decodeURIComponent(resource)
  } catch {
    return resource
  }
}

function ignoreBrokenConnection(_error: Error): void {
  return
}

/** Request ids: the same start for one gateway, then a count, so that none repeats. */
class RequestIds {
  readonly #start = randomBytes(5).toString('hex').toUpperCase()
  #count = 0

  next(): string {
    this.#count = (this.#count + 1) % 0x1000000
    return this.#start + this.#count.toString(16).toUpperCase().padStart(6, '0')
  }
}
