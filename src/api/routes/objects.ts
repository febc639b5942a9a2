import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import { readAccessDays } from '../../database/accesses/access-daily.ts'
import { readAccessWindows } from '../../database/accesses/access-windows.ts'
import { findBucketByName } from '../../database/catalog/buckets.ts'
import { findLocation } from '../../database/catalog/locations.ts'
import {
  findObjectDetail,
  listCopyDetails,
  type ObjectDetailRow,
  type ObjectWishes,
  wishForObject,
} from '../../database/catalog/object-detail.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { explainObject } from '../objects/explain-object.ts'
import { type ObjectPath, objectPathOf } from '../objects/object-path.ts'
import { firstDayOf, presentObjectDetail } from '../objects/present-object.ts'
import { searchPage } from '../objects/search-objects.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { explanationSchema } from '../schemas/explanation.ts'
import {
  type ObjectDetail,
  objectDetailQuerySchema,
  objectDetailSchema,
  objectParametersSchema,
  objectQuerySchema,
  objectSummarySchema,
  objectUpdateSchema,
} from '../schemas/object.ts'
import { pageOf } from '../schemas/page.ts'

/** Objects: search, detail, explanation, and what a person wants of one. */
export function objectsRoutes(options: ApiOptions): FastifyPluginAsyncZod {
  const { database, clock } = options

  return async app => {
    app.get(
      '/v1/objects',
      {
        schema: {
          operationId: 'listObjects',
          summary: 'Search objects',
          tags: ['objects'],
          querystring: objectQuerySchema,
          response: { 200: pageOf(objectSummarySchema) },
        },
      },
      request => searchPage(request.query, options),
    )

    const detail = {
      operationId: 'getObject',
      summary: 'One object: copies, counters, heat and daily reads; encode the key, slashes included',
      tags: ['objects'],
      params: objectParametersSchema,
      querystring: objectDetailQuerySchema,
      response: { 200: objectDetailSchema },
    }
    app.get('/v1/objects/:bucket/:key', { schema: detail }, request =>
      detailOf(objectPathOf(request), request.query.days),
    )

    app.get(
      '/v1/objects/:bucket/:key/explanation',
      {
        schema: {
          operationId: 'explainObject',
          summary: 'Where an object is, why, what each alternative costs and what would change it',
          tags: ['objects'],
          params: objectParametersSchema,
          response: { 200: explanationSchema },
        },
      },
      async request => explanationOf(objectPathOf(request)),
    )

    // Keys with bare slashes: the same answers, for people who type addresses.
    app.get(
      '/v1/objects/:bucket/*',
      { schema: { hide: true, querystring: objectDetailQuerySchema } },
      async request => {
        const path = objectPathOf(request)
        return path.isExplanation ? explanationOf(path) : detailOf(path, request.query.days)
      },
    )

    const wishes = {
      operationId: 'updateObject',
      summary: 'Pin an object to a location or set its latency SLA',
      tags: ['objects'],
      params: objectParametersSchema,
      body: objectUpdateSchema,
      response: { 200: objectDetailSchema },
    }
    app.patch('/v1/objects/:bucket/:key', { schema: wishes }, request => wish(request, request.body))
    app.patch('/v1/objects/:bucket/*', { schema: { hide: true, body: objectUpdateSchema } }, request =>
      wish(request, request.body),
    )
  }

  async function idOf(path: ObjectPath): Promise<string> {
    const bucket = await findBucketByName(database, path.bucket)
    if (bucket === null) throw notFound('bucket', path.bucket)
    return objectIdOf(bucket.id, path.key)
  }

  async function explanationOf(path: ObjectPath) {
    return explainObject(await idOf(path), `${path.bucket}/${path.key}`, options)
  }

  async function detailOf(path: ObjectPath, days: number): Promise<ObjectDetail> {
    const now = clock.now()
    const detail = await mustFind(path, now)
    const [copies, rings, accessDays] = await Promise.all([
      listCopyDetails(database, detail.id),
      readAccessWindows(database, [detail.id]),
      readAccessDays(database, { objectIds: [detail.id], firstDay: firstDayOf(days, now) }),
    ])
    const windowRings = rings.get(detail.id) ?? null
    return presentObjectDetail({ detail, copies, windowRings, accessDays }, days, now)
  }

  async function mustFind(path: ObjectPath, now: number): Promise<ObjectDetailRow> {
    const detail = await findObjectDetail(database, await idOf(path), now)
    if (detail === null) throw notFound('object', `${path.bucket}/${path.key}`)
    return detail
  }

  async function wish(
    request: FastifyRequest,
    body: z.output<typeof objectUpdateSchema>,
  ): Promise<ObjectDetail> {
    const path = objectPathOf(request)
    const now = clock.now()
    const { id } = await mustFind(path, now)
    const wishes = await wishesOf(body)
    const { principal } = callerOf(request)
    const outcome = await wishForObject(database, id, wishes, { now, principal })
    if (outcome === 'no-object') throw notFound('object', `${path.bucket}/${path.key}`)
    if (outcome === 'no-location') throw noSuchPlace()
    await recordActivity(database, request, 'object.changed', `${path.bucket}/${path.key}`, { id, ...body })
    return detailOf(path, objectDetailQuerySchema.parse({}).days)
  }

  async function wishesOf({ latencySlaMs, pin }: z.output<typeof objectUpdateSchema>): Promise<ObjectWishes> {
    if (pin === undefined || pin === null) return { latencySlaMs, pin }
    if ((await findLocation(database, pin.locationId)) === null) throw noSuchPlace()
    return {
      latencySlaMs,
      pin: { locationId: pin.locationId, until: pin.until === null ? null : Date.parse(pin.until) },
    }
  }
}

function noSuchPlace(): ApiError {
  return new ApiError('invalid-request', 'an object can only be pinned to a location', {
    errors: [{ field: '/body/pin/locationId', message: 'there is no such location' }],
  })
}
