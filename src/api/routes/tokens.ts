import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type ApiTokenRow, insertToken, listTokens, revokeToken } from '../../database/people/api-tokens.ts'
import { inTransaction } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { digestOfSecret, newTokenSecret } from '../api-token.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { optionalTimeText, timeText } from '../present.ts'
import { notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import { type TokenResource, tokenCreatedSchema, tokenCreateSchema, tokenSchema } from '../schemas/token.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'

const LIST = ['tokens']
const position = z.tuple([idSchema])

/** Tokens of this API. A secret is shown once, when it is made. */
export function tokensRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/tokens',
      {
        schema: {
          operationId: 'listTokens',
          summary: 'Tokens, newest first, without their secrets',
          tags: ['tokens'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(tokenSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [beforeId] = decodeCursor(LIST, position, cursor) ?? [null]
        const rows = await listTokens(database, { beforeId, limit: limit + 1 })
        return toPage(rows, limit, presentToken, last => encodeCursor(LIST, [last.id]))
      },
    )

    app.post(
      '/v1/tokens',
      {
        schema: {
          operationId: 'createToken',
          summary: 'Make a token; the answer is the only time its secret is shown',
          tags: ['tokens'],
          body: tokenCreateSchema,
          response: { 201: tokenCreatedSchema },
        },
      },
      async (request, reply) => {
        const { name, role, expiresAt } = request.body
        const secret = newTokenSecret()
        const token = await inTransaction(database, async connection => {
          const added = await insertToken(connection, {
            id: newId(),
            name,
            role,
            secretSha256: digestOfSecret(secret.reveal()),
            expiresAt: expiresAt === null ? null : new Date(expiresAt),
            principal: callerOf(request).principal,
          })
          await recordActivity(connection, request, 'token.created', name, { id: added.id, role })
          return added
        })
        return reply.code(201).send({ ...presentToken(token), token: secret.reveal() })
      },
    )

    app.delete(
      '/v1/tokens/:id',
      {
        schema: {
          operationId: 'revokeToken',
          summary: 'Make a token useless from now on',
          tags: ['tokens'],
          params: idParametersSchema,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        await inTransaction(database, async connection => {
          if (!(await revokeToken(connection, id))) throw notFound('usable token', id)
          await recordActivity(connection, request, 'token.revoked', id)
        })
        return reply.code(204).send(null)
      },
    )
  }
}

function presentToken(token: ApiTokenRow): TokenResource {
  return {
    id: token.id,
    name: token.name,
    role: token.role,
    createdAt: timeText(token.createdAt),
    expiresAt: optionalTimeText(token.expiresAt),
    revokedAt: optionalTimeText(token.revokedAt),
    principal: token.principal,
  }
}
