import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf, callerWithToken, SESSION_COOKIE } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { sessionCreateSchema, sessionSchema } from '../schemas/token.ts'

/** A browser stays signed in for a week, or until its token is revoked or expires. */
const SESSION_SECONDS = 7 * 24 * 3_600

/** Signing browsers in and out. The cookie carries the token where no script can read it. */
export function sessionRoutes(options: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.post(
      '/v1/session',
      {
        schema: {
          operationId: 'signIn',
          summary: 'Sign a browser in with a token: sets a cookie',
          tags: ['session'],
          body: sessionCreateSchema,
          response: { 200: sessionSchema },
        },
      },
      async (request, reply) => {
        const caller = await callerWithToken(request.body.token, options)
        setCookie(request, reply, request.body.token, SESSION_SECONDS)
        return caller
      },
    )

    app.get(
      '/v1/session',
      {
        schema: {
          operationId: 'whoAmI',
          summary: 'Who the caller is and what its role is',
          tags: ['session'],
          response: { 200: sessionSchema },
        },
      },
      async request => callerOf(request),
    )

    app.delete(
      '/v1/session',
      {
        schema: {
          operationId: 'signOut',
          summary: 'Sign the browser out',
          tags: ['session'],
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        setCookie(request, reply, '', 0)
        return reply.code(204).send(null)
      },
    )
  }
}

function setCookie(request: FastifyRequest, reply: FastifyReply, value: string, seconds: number): void {
  const secure = request.protocol === 'https' ? '; Secure' : ''
  reply.header(
    'set-cookie',
    `${SESSION_COOKIE}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}${secure}`,
  )
}
