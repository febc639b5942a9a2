import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { findBucket } from '../../database/catalog/buckets.ts'
import { findLocation } from '../../database/catalog/locations.ts'
import {
  createImportJob,
  findContainerOwner,
  findImportJob,
  type ImportJob,
  listImportJobs,
  resumeImportJob,
} from '../../database/imports/import-jobs.ts'
import { inTransaction } from '../../database/postgres.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { timeText } from '../present.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { type ImportResource, importCreateSchema, importSchema } from '../schemas/import.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'

const LIST = ['imports']
const position = z.tuple([idSchema])

/** Imports: what already lies in a container enters the catalog. A worker lists; no body is read. */
export function importsRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/imports',
      {
        schema: {
          operationId: 'listImports',
          summary: 'Imports, newest first',
          tags: ['imports'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(importSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [beforeId] = decodeCursor(LIST, position, cursor) ?? []
        const rows = await listImportJobs(database, {
          limit: limit + 1,
          ...(beforeId === undefined ? {} : { beforeId }),
        })
        return toPage(rows, limit, presentImport, last => encodeCursor(LIST, [last.id]))
      },
    )

    app.get(
      '/v1/imports/:id',
      {
        schema: {
          operationId: 'getImport',
          summary: 'One import and how far it is',
          tags: ['imports'],
          params: idParametersSchema,
          response: { 200: importSchema },
        },
      },
      async request => presentImport(await mustFind(request.params.id)),
    )

    app.post(
      '/v1/imports',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'createImport',
          summary: 'List what lies in a location into a bucket of the catalog',
          tags: ['imports'],
          headers: idempotencyHeadersSchema,
          body: importCreateSchema,
          response: { 202: importSchema },
        },
      },
      async (request, reply) => {
        const { acceptRemovals, bucketId, locationId, prefix } = request.body
        const bucket = await findBucket(database, bucketId)
        if (bucket === null) throw notFound('bucket', bucketId)
        if ((await findLocation(database, locationId)) === null) throw notFound('location', locationId)
        const id = await inTransaction(database, async connection => {
          const { principal } = callerOf(request)
          const added = await createImportJob(connection, {
            ...{ bucketId, locationId, prefix, acceptRemovals, principal },
          })
          const owner = await findContainerOwner(connection, locationId)
          if (owner !== null && owner.id !== bucketId)
            throw new ApiError(
              'conflict',
              `what lies there belongs to bucket ${owner.name}: import it into that one`,
            )
          await recordActivity(connection, request, 'import.requested', bucket.name, {
            id: added,
            prefix,
            acceptRemovals,
          })
          return added
        })
        return reply
          .code(202)
          .header('location', `/v1/imports/${id}`)
          .send(presentImport(await mustFind(id)))
      },
    )

    app.post(
      '/v1/imports/:id/resume',
      {
        schema: {
          operationId: 'resumeImport',
          summary: 'Let an import that was interrupted or failed go on from its last key',
          tags: ['imports'],
          params: idParametersSchema,
          response: { 202: importSchema },
        },
      },
      async (request, reply) => {
        const { id, state, bucket } = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          if (!(await resumeImportJob(connection, id, callerOf(request).principal)))
            throw new ApiError('conflict', `import ${id} is ${state}: only a stopped one can go on`)
          await recordActivity(connection, request, 'import.resumed', bucket, { id })
        })
        return reply.code(202).send(presentImport(await mustFind(id)))
      },
    )
  }

  async function mustFind(id: string): Promise<ImportJob> {
    const job = await findImportJob(database, id)
    if (job === null) throw notFound('import', id)
    return job
  }
}

function presentImport(job: ImportJob): ImportResource {
  return {
    id: job.id,
    bucket: { id: job.bucketId, name: job.bucket },
    location: { id: job.locationId, name: job.location },
    prefix: job.prefix,
    state: job.state,
    lastKey: job.lastKey,
    objects: job.objects,
    bytes: job.bytes,
    known: job.known,
    skipped: job.skipped,
    skippedBecause: { ...job.skippedBecause },
    changed: job.changed,
    conflicting: job.conflicting,
    removed: job.removed,
    missing: job.missing,
    foreignKeys: Object.fromEntries(Object.entries(job.foreignKeys).map(([kind, keys]) => [kind, [...keys]])),
    removalsWithheld: job.removalsWithheld,
    error: job.error,
    startedAt: timeText(job.startedAt),
    updatedAt: timeText(job.updatedAt),
  }
}
