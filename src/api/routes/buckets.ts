import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  type BucketSettingsRow,
  findBucketSettings,
  listBucketSettings,
  updateBucketSettings,
} from '../../database/catalog/bucket-settings.ts'
import { insertBucket } from '../../database/catalog/buckets.ts'
import { holdForWrites } from '../../database/catalog/location-retirement.ts'
import { inTransaction, type Queryable } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { timeText } from '../present.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { ifStillThere, revisionOf, showRevision } from '../revision.ts'
import {
  type BucketResource,
  bucketCreateSchema,
  bucketSchema,
  bucketUpdateSchema,
} from '../schemas/bucket.ts'
import { ifMatchHeadersSchema } from '../schemas/headers.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import { idParametersSchema } from '../schemas/values.ts'

const LIST = ['buckets']
const position = z.tuple([z.string()])
const FOREIGN_KEY_VIOLATION = '23503'

/** Buckets: name spaces of objects behind the gateway. */
export function bucketsRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/buckets',
      {
        schema: {
          operationId: 'listBuckets',
          summary: 'Buckets by name',
          tags: ['buckets'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(bucketSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [afterName] = decodeCursor(LIST, position, cursor) ?? [null]
        const rows = await listBucketSettings(database, { afterName, limit: limit + 1 })
        return toPage(rows, limit, presentBucket, last => encodeCursor(LIST, [last.name]))
      },
    )

    app.get(
      '/v1/buckets/:id',
      {
        schema: {
          operationId: 'getBucket',
          summary: 'One bucket',
          tags: ['buckets'],
          params: idParametersSchema,
          response: { 200: bucketSchema },
        },
      },
      async (request, reply) => {
        const bucket = await mustFind(request.params.id)
        showRevision(reply, bucket.revision)
        return presentBucket(bucket)
      },
    )

    app.post(
      '/v1/buckets',
      {
        schema: {
          operationId: 'createBucket',
          summary: 'Add a bucket',
          tags: ['buckets'],
          body: bucketCreateSchema,
          response: { 201: bucketSchema },
        },
      },
      async (request, reply) => {
        const id = newId()
        const { principal } = callerOf(request)
        const { name } = request.body
        await inTransaction(database, async connection => {
          await refuseRetiring(connection, request.body.writeLocationId)
          const added = await withReferences(() =>
            insertBucket(connection, { ...request.body, id, principal }),
          )
          if (added === null) throw new ApiError('conflict', `there is already a bucket ${name}`)
          await recordActivity(connection, request, 'bucket.created', name, { id })
        })
        const bucket = await mustFind(id)
        showRevision(reply, bucket.revision)
        return reply.code(201).header('location', `/v1/buckets/${id}`).send(presentBucket(bucket))
      },
    )

    app.patch(
      '/v1/buckets/:id',
      {
        schema: {
          operationId: 'updateBucket',
          summary: 'Change mode, policy or where new bytes go',
          tags: ['buckets'],
          headers: ifMatchHeadersSchema,
          params: idParametersSchema,
          body: bucketUpdateSchema,
          response: { 200: bucketSchema },
        },
      },
      async (request, reply) => {
        const revision = revisionOf(request)
        const { id, name } = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          const { principal } = callerOf(request)
          await refuseRetiring(connection, request.body.writeLocationId)
          const changed = await withReferences(() =>
            updateBucketSettings(connection, { id, revision }, request.body, principal),
          )
          if (!changed) ifStillThere(null)
          await recordActivity(connection, request, 'bucket.changed', name, { id, ...request.body })
        })
        const bucket = await mustFind(id)
        showRevision(reply, bucket.revision)
        return presentBucket(bucket)
      },
    )
  }

  async function mustFind(id: string): Promise<BucketSettingsRow> {
    const bucket = await findBucketSettings(database, id)
    if (bucket === null) throw notFound('bucket', id)
    return bucket
  }
}

/** A location that is being emptied takes no bucket's new objects. */
async function refuseRetiring(connection: Queryable, locationId: string | undefined): Promise<void> {
  if (locationId === undefined) return
  const name = await holdForWrites(connection, locationId)
  if (name === null) return
  throw new ApiError(
    'conflict',
    `${name} is being emptied: name another location, or end that first (dim tier reinstate ${name})`,
  )
}

async function withReferences<T>(statement: () => Promise<T>): Promise<T> {
  try {
    return await statement()
  } catch (error) {
    if ((error as { code?: string }).code !== FOREIGN_KEY_VIOLATION) throw error
    throw new ApiError('invalid-request', 'a bucket needs a location to write to', {
      errors: [{ field: '/body', message: 'there is no such location or no such policy' }],
      cause: error,
    })
  }
}

function presentBucket(bucket: BucketSettingsRow): BucketResource {
  return {
    id: bucket.id,
    name: bucket.name,
    mode: bucket.mode,
    writeLocation: { id: bucket.writeLocationId, name: bucket.writeLocationName },
    policy:
      bucket.policyId === null ? null : { id: bucket.policyId, name: bucket.policyName ?? bucket.policyId },
    revision: bucket.revision,
    createdAt: timeText(bucket.createdAt),
    principal: bucket.principal,
  }
}
