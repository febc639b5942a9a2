import { randomBytes } from 'node:crypto'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  type AccessKeySummary,
  insertAccessKey,
  listAccessKeys,
  revokeAccessKey,
} from '../../database/people/access-keys.ts'
import { inTransaction } from '../../database/postgres.ts'
import { Redacted } from '../../domain/redacted.ts'
import { accessKeyPurpose } from '../../domain/secret-box.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { optionalTimeText, timeText } from '../present.ts'
import { notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import {
  type AccessKeyResource,
  accessKeyCreatedSchema,
  accessKeyCreateSchema,
  accessKeySchema,
} from '../schemas/access-key.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'

const LIST = ['access-keys']
const position = z.tuple([z.string()])

/** Base 32 without padding, in which S3 clients expect access keys. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const ID_RANDOM_CHARACTERS = 17
const SECRET_BYTES = 30

/** Keys of S3 clients. A secret is shown once, when it is made, and rests sealed. */
export function accessKeysRoutes({ database, secretBox, wall }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/access-keys',
      {
        schema: {
          operationId: 'listAccessKeys',
          summary: 'Access keys, newest first, without their secrets',
          tags: ['access-keys'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(accessKeySchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [afterId] = decodeCursor(LIST, position, cursor) ?? [null]
        const rows = await listAccessKeys(database, { afterId, limit: limit + 1 })
        return toPage(rows, limit, presentAccessKey, last => encodeCursor(LIST, [last.id]))
      },
    )

    app.post(
      '/v1/access-keys',
      {
        schema: {
          operationId: 'createAccessKey',
          summary: 'Make an access key; the answer is the only time its secret is shown',
          tags: ['access-keys'],
          body: accessKeyCreateSchema,
          response: { 201: accessKeyCreatedSchema },
        },
      },
      async (request, reply) => {
        const id = newAccessKeyId()
        const secret = new Redacted(randomBytes(SECRET_BYTES).toString('base64url'))
        const { principal } = callerOf(request)
        await inTransaction(database, async connection => {
          await insertAccessKey(connection, {
            ...request.body,
            id,
            secretSealed: secretBox.seal(secret, accessKeyPurpose(id)),
            principal,
          })
          await recordActivity(connection, request, 'access-key.created', id, {
            readerClass: request.body.readerClass,
          })
        })
        return reply.code(201).send({
          ...request.body,
          id,
          createdAt: timeText(wall.now()),
          revokedAt: null,
          secretAccessKey: secret.reveal(),
        })
      },
    )

    app.delete(
      '/v1/access-keys/:id',
      {
        schema: {
          operationId: 'revokeAccessKey',
          summary: 'Make an access key useless from now on',
          tags: ['access-keys'],
          params: z.object({ id: z.string().max(128) }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        await inTransaction(database, async connection => {
          if (!(await revokeAccessKey(connection, id))) throw notFound('usable access key', id)
          await recordActivity(connection, request, 'access-key.revoked', id)
        })
        return reply.code(204).send(null)
      },
    )
  }
}

/** `DIM` and 85 random bits: 20 characters, as long as the keys every S3 client was written for. */
function newAccessKeyId(): string {
  const random = [...randomBytes(ID_RANDOM_CHARACTERS)].map(byte => ALPHABET[byte % ALPHABET.length])
  return `DIM${random.join('')}`
}

function presentAccessKey(key: AccessKeySummary): AccessKeyResource {
  return {
    id: key.id,
    readerClass: key.readerClass,
    bucketIds: key.bucketIds === null ? null : [...key.bucketIds],
    mayWrite: key.mayWrite,
    createdAt: timeText(key.createdAt),
    revokedAt: optionalTimeText(key.revokedAt),
  }
}
