import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  deleteLocation,
  findLocation,
  insertLocation,
  type LocationRow,
  listLocations,
  updateLocation,
} from '../../database/catalog/locations.ts'
import { findSealedCredentials, findStore } from '../../database/catalog/stores.ts'
import { clearFull } from '../../database/migrations/full-locations.ts'
import { readLocationReservations } from '../../database/migrations/room.ts'
import { requestReviews } from '../../database/placement/review-sweeps.ts'
import { inTransaction, type Queryable } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { callerOf } from '../authentication.ts'
import { refuseReachedPlace, type UncomparedLocation } from '../compare-places.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { learnForLocation } from '../learn-store.ts'
import { stillReferredTo } from '../location-removal.ts'
import { timeText } from '../present.ts'
import { ensureContainer } from '../probe-store.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { ifStillThere, revisionOf, showRevision } from '../revision.ts'
import { idempotencyHeadersSchema, ifMatchHeadersSchema } from '../schemas/headers.ts'
import {
  addedLocationSchema,
  type LocationDetail,
  type LocationResource,
  locationCreateSchema,
  locationDetailSchema,
  locationSchema,
  locationUpdateSchema,
} from '../schemas/location.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import { idParametersSchema } from '../schemas/values.ts'
import { refuseSamePlace } from '../store-relocation.ts'

const LIST = ['locations']
const position = z.tuple([z.string()])

/** Locations: containers in stores where copies can live. */
export function locationsRoutes(options: ApiOptions): FastifyPluginAsyncZod {
  const { clock, database } = options
  return async app => {
    app.get(
      '/v1/locations',
      {
        schema: {
          operationId: 'listLocations',
          summary: 'Locations by name, with what lies there',
          tags: ['locations'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(locationSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [afterName] = decodeCursor(LIST, position, cursor) ?? [null]
        const rows = await listLocations(database, { afterName, limit: limit + 1 })
        return toPage(rows, limit, presentLocation, last => encodeCursor(LIST, [last.name]))
      },
    )

    app.get(
      '/v1/locations/:id',
      {
        schema: {
          operationId: 'getLocation',
          summary: 'One location',
          tags: ['locations'],
          params: idParametersSchema,
          response: { 200: locationDetailSchema },
        },
      },
      async (request, reply): Promise<LocationDetail> => {
        const location = await mustFind(request.params.id)
        showRevision(reply, location.revision)
        const reservations = await readLocationReservations(database, location.id)
        return { ...presentLocation(location), reservations }
      },
    )

    app.post(
      '/v1/locations',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'createLocation',
          summary: 'Add a location in a store, and find out what the store can do where nobody did',
          tags: ['locations'],
          headers: idempotencyHeadersSchema,
          body: locationCreateSchema,
          response: { 201: addedLocationSchema },
        },
      },
      async (request, reply) => {
        const id = newId()
        const { learn, ...location } = request.body
        const uncompared = await prepareContainer(location)
        await inTransaction(database, async connection => {
          const outcome = await insertLocation(connection, {
            ...location,
            id,
            principal: callerOf(request).principal,
          })
          refuse(outcome, location.name)
          await askForReviews(connection, request)
          await recordActivity(connection, request, 'location.created', location.name, { id })
        })
        const learning = await learnForLocation(request, { ...location, learn }, options)
        const added = await mustFind(id)
        showRevision(reply, added.revision)
        return reply
          .code(201)
          .header('location', `/v1/locations/${id}`)
          .send({ ...presentLocation(added), uncompared, learning })
      },
    )

    app.patch(
      '/v1/locations/:id',
      {
        schema: {
          operationId: 'updateLocation',
          summary: 'Change tier, price, region, latency, restore time or capacity',
          tags: ['locations'],
          headers: ifMatchHeadersSchema,
          params: idParametersSchema,
          body: locationUpdateSchema,
          response: { 200: locationSchema },
        },
      },
      async (request, reply) => {
        const revision = revisionOf(request)
        const { id, name } = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          const { principal } = callerOf(request)
          if (!(await updateLocation(connection, { id, revision }, request.body, principal)))
            ifStillThere(null)
          if (request.body.capacityBytes !== undefined) await clearFull(connection, id, principal)
          await askForReviews(connection, request)
          await recordActivity(connection, request, 'location.changed', name, { id, ...request.body })
        })
        const location = await mustFind(id)
        showRevision(reply, location.revision)
        return presentLocation(location)
      },
    )

    app.post(
      '/v1/locations/:id/clear-full',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'clearFullLocation',
          summary: 'Say that a full location has room again: what waited for it goes on',
          tags: ['locations'],
          headers: idempotencyHeadersSchema,
          params: idParametersSchema,
          response: { 200: locationSchema },
        },
      },
      async request => {
        const { id } = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          if (await clearFull(connection, id, callerOf(request).principal))
            await askForReviews(connection, request)
        })
        return presentLocation(await mustFind(id))
      },
    )

    app.delete(
      '/v1/locations/:id',
      {
        schema: {
          operationId: 'deleteLocation',
          summary: 'Forget a location that nothing refers to; its bytes stay',
          description:
            'A conflict names in `errors` each kind of thing that refers to it. The history of its imports and comparisons is forgotten with it.',
          tags: ['locations'],
          headers: ifMatchHeadersSchema,
          params: idParametersSchema,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const revision = revisionOf(request)
        const location = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          const modelNowMs = clock.now()
          const removal = await deleteLocation(connection, { id: location.id, revision, modelNowMs })
          if (removal.kind === 'outdated') ifStillThere(null)
          if (removal.kind === 'referred-to') throw stillReferredTo(location.name, removal.references)
          await recordActivity(connection, request, 'location.deleted', location.name, { id: location.id })
        })
        return reply.code(204).send(null)
      },
    )
  }

  /**
   * Makes the container, so that the first write finds it; a store that cannot be used, or that reaches a
   * location of another one, is said at once. Resolves to the locations it could not be compared with.
   */
  async function prepareContainer(body: {
    storeId: string
    container: string
  }): Promise<UncomparedLocation[]> {
    const store = await findStore(database, body.storeId)
    // A store that is not there is refused with the insert.
    if (store === null) return []
    await refuseSamePlace(database, store, [body.container])
    const sealed = await findSealedCredentials(database, store.id)
    const error = await ensureContainer({ store, sealed, container: body.container, options })
    if (error !== null)
      throw new ApiError('invalid-request', `${store.name} cannot be used: ${error.message}`, {
        errors: [{ field: '/body/container', message: `${error.kind}: ${error.message}` }],
      })
    return refuseReachedPlace({ store, sealed, container: body.container, options })
  }

  async function mustFind(id: string): Promise<LocationRow> {
    const location = await findLocation(database, id)
    if (location === null) throw notFound('location', id)
    return location
  }
}

/** A new place, tier, price or latency may change where any object belongs. */
async function askForReviews(connection: Queryable, request: FastifyRequest): Promise<void> {
  await requestReviews(connection, { reason: 'policy-changed', principal: callerOf(request).principal })
}

function refuse(outcome: Awaited<ReturnType<typeof insertLocation>>, name: string): void {
  switch (outcome) {
    case 'added':
      return
    case 'name-taken':
      throw new ApiError('conflict', `there is already a location ${name}`)
    case 'place-taken':
      throw new ApiError('conflict', 'another location has this container and storage class')
    case 'no-store':
      throw new ApiError('invalid-request', 'the location needs a store', {
        errors: [{ field: '/body/storeId', message: 'there is no such store' }],
      })
    default:
      throw new Error(`unknown outcome ${outcome satisfies never}`)
  }
}

function presentLocation(location: LocationRow): LocationResource {
  return {
    id: location.id,
    name: location.name,
    store: { id: location.storeId, name: location.storeName },
    container: location.container,
    storageClass: location.storageClass,
    tier: location.tier,
    priceId: location.priceId,
    region: location.region,
    firstByteMsP99: location.firstByteMsP99,
    restoreHours: location.restoreHours,
    capacityBytes: location.capacityBytes,
    usage: { copies: location.copies, bytes: location.bytes },
    full: location.full,
    revision: location.revision,
    createdAt: timeText(location.createdAt),
    principal: location.principal,
  }
}
