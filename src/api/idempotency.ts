import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  claimIdempotencyKey,
  finishIdempotencyKey,
  type IdempotentRequest,
  releaseIdempotencyKey,
} from '../database/people/idempotency-keys.ts'
import { callerOf } from './authentication.ts'
import type { ApiOptions } from './context.ts'
import { ApiError } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The claim that this request must finish or release. */
    idempotency: IdempotentRequest | null
  }
  interface FastifyContextConfig {
    /** Whether the route honours `Idempotency-Key`: every POST that creates moves or reads. */
    idempotent?: boolean
  }
}

const KEY = /^[\x21-\x7e]{1,255}$/

/**
 * Makes repeated requests harmless on routes with `config.idempotent`: the first answer below 500 is kept for
 * a day and given again; failures of ours release the key, because repeating may cure them.
 */
export function honourIdempotencyKeys(app: FastifyInstance, { database }: ApiOptions): void {
  app.decorateRequest('idempotency', null)

  app.addHook('preHandler', async (request, reply) => {
    const header = request.headers['idempotency-key']
    if (request.routeOptions.config.idempotent !== true || header === undefined) return
    const claimed = requestOf(request, header)
    const claim = await claimIdempotencyKey(database, claimed)
    switch (claim.kind) {
      case 'first':
        request.idempotency = claimed
        return
      case 'running':
        throw new ApiError('request-in-progress', 'the first request is still being answered', {
          retryAfterSeconds: 1,
        })
      case 'other-request':
        throw new ApiError('idempotency-key-reused', 'use a new Idempotency-Key for a new request')
      case 'answered':
        return reply
          .code(claim.status)
          .header('idempotency-replayed', 'true')
          .type(claim.status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json')
          .serializer(JSON.stringify)
          .send(claim.response)
      default:
        throw new Error(`unknown claim ${claim satisfies never}`)
    }
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const claimed = request.idempotency
    if (claimed === null) return payload
    request.idempotency = null
    if (reply.statusCode >= 500 || typeof payload !== 'string') await releaseIdempotencyKey(database, claimed)
    else await finishIdempotencyKey(database, claimed, { status: reply.statusCode, response: payload })
    return payload
  })
}

function requestOf(request: FastifyRequest, header: string | string[]): IdempotentRequest {
  if (typeof header !== 'string' || !KEY.test(header))
    throw new ApiError('invalid-request', 'Idempotency-Key must be 1 to 255 visible ASCII characters')
  const { principal } = callerOf(request)
  const asked = JSON.stringify([principal, request.url, request.body ?? null])
  return {
    key: header,
    route: `${request.method} ${request.routeOptions.url ?? ''}`,
    requestSha256: createHash('sha256').update(asked).digest(),
    principal,
  }
}
