import type { FastifyInstance } from 'fastify'
import type { ApiOptions } from './context.ts'
import { ApiError } from './problems.ts'

/**
 * The dashboard loads nothing from elsewhere, is framed by nobody, and its inline styles come from libraries.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Headers that tell browsers to be careful; answers of the API are kept nowhere. */
export function sendSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'no-store')
  })
}

const STREAM = '/v1/stream'
/** Asked by machines that must get an answer above all when there is too much to do. */
const ALWAYS_ANSWERED = new Set(['/livez', '/readyz', '/metrics', STREAM])

/** Refuses requests beyond the bound at once instead of making all of them slow. Streams have their own. */
export function boundRequests(app: FastifyInstance, { config }: ApiOptions): void {
  const inFlight = new WeakSet<object>()
  let count = 0
  app.addHook('onRequest', async request => {
    if (ALWAYS_ANSWERED.has(request.routeOptions.url ?? '')) return
    if (count >= config.requestsInFlightMax)
      throw new ApiError('overloaded', `${count} requests are being answered already`, {
        retryAfterSeconds: 1,
      })
    inFlight.add(request.raw)
    count++
    // Emitted once whatever becomes of the answer, also when the client goes away.
    request.raw.once('close', () => {
      if (inFlight.delete(request.raw)) count--
    })
  })
}

/** Counts every answered request by its route pattern; streams are not timed. */
export function countRequests(app: FastifyInstance, { metrics }: ApiOptions): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    const { method } = request
    metrics.httpRequests.inc({ route, method, code: String(reply.statusCode) })
    if (route !== STREAM) metrics.httpRequestSeconds.observe({ route, method }, reply.elapsedTime / 1_000)
  })
}
