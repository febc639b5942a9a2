import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { listLocations } from '../../database/catalog/locations.ts'
import {
  deleteStore,
  findSealedCredentials,
  findStore,
  insertStore,
  listStores,
  type StoreRow,
  updateStore,
} from '../../database/catalog/stores.ts'
import { inTransaction } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { Redacted } from '../../domain/redacted.ts'
import { storeCredentialsPurpose } from '../../domain/secret-box.ts'
import type { StoreKind } from '../../domain/store.ts'
import { callerOf } from '../authentication.ts'
import { checkClientKeys } from '../client-keys.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { learnAboutStore } from '../learn-store.ts'
import { presentStore } from '../present-store.ts'
import { probeStore } from '../probe-store.ts'
import { ApiError, type FieldError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { ifStillThere, revisionOf, showRevision } from '../revision.ts'
import { ifMatchHeadersSchema } from '../schemas/headers.ts'
import { PAGE_LIMIT_MAX, pageOf, pageQuerySchema } from '../schemas/page.ts'
import {
  type StoreCredentials,
  storeCreateSchema,
  storeFindingsSchema,
  storeProbeRequestSchema,
  storeProbeSchema,
  storeSchema,
  storeUpdateSchema,
} from '../schemas/store.ts'
import { idParametersSchema } from '../schemas/values.ts'
import { changedNames } from '../store-knowledge.ts'
import { confirmMove, refuseLosingPlaces, refuseOtherTenant } from '../store-relocation.ts'

const LIST = ['stores']
const position = z.tuple([z.string()])

/** Stores: endpoints that keep bytes. Credentials go in and never come out. */
export function storesRoutes(options: ApiOptions): FastifyPluginAsyncZod {
  const { database, secretBox } = options
  const seal = (id: string, credentials: StoreCredentials) =>
    secretBox.seal(new Redacted(JSON.stringify(credentials)), storeCredentialsPurpose(id))

  return async app => {
    app.get(
      '/v1/stores',
      {
        schema: {
          operationId: 'listStores',
          summary: 'Stores by name',
          tags: ['stores'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(storeSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [afterName] = decodeCursor(LIST, position, cursor) ?? [null]
        const rows = await listStores(database, { afterName, limit: limit + 1 })
        return toPage(rows, limit, presentStore, last => encodeCursor(LIST, [last.name]))
      },
    )

    app.get(
      '/v1/stores/:id',
      {
        schema: {
          operationId: 'getStore',
          summary: 'One store',
          tags: ['stores'],
          params: idParametersSchema,
          response: { 200: storeSchema },
        },
      },
      async (request, reply) => {
        const store = await mustFind(request.params.id)
        showRevision(reply, store.revision)
        return presentStore(store)
      },
    )

    app.post(
      '/v1/stores',
      {
        schema: {
          operationId: 'createStore',
          summary: 'Add a store; its credentials are sealed at once',
          tags: ['stores'],
          body: storeCreateSchema,
          response: { 201: storeSchema },
        },
      },
      async (request, reply) => {
        const { name, kind, settings, credentials } = request.body
        checkSettings(kind, settings)
        const id = newId()
        const store = await inTransaction(database, async connection => {
          const added = await insertStore(connection, {
            id,
            name,
            kind,
            settings,
            credentialsSealed: credentials === undefined ? null : seal(id, credentials),
            principal: callerOf(request).principal,
          })
          if (added === null) throw new ApiError('conflict', `there is already a store ${name}`)
          await recordActivity(connection, request, 'store.created', name, { id, kind })
          return added
        })
        showRevision(reply, store.revision)
        return reply.code(201).header('location', `/v1/stores/${id}`).send(presentStore(store))
      },
    )

    app.patch(
      '/v1/stores/:id',
      {
        schema: {
          operationId: 'updateStore',
          summary: 'Pause or resume a store, change its settings or replace its credentials',
          description:
            'A store that refused our credentials (`auth-failed`) is active again with other credentials or settings.',
          tags: ['stores'],
          headers: ifMatchHeadersSchema,
          params: idParametersSchema,
          body: storeUpdateSchema,
          response: { 200: storeSchema },
        },
      },
      async (request, reply) => {
        const revision = revisionOf(request)
        const before = await mustFind(request.params.id)
        const { state, settings, credentials } = request.body
        if (credentials !== undefined) {
          const known = await findSealedCredentials(database, before.id)
          const opened = known === null ? null : secretBox.open(known, storeCredentialsPurpose(before.id))
          checkClientKeys(opened, credentials)
        }
        const newlySealed = credentials === undefined ? undefined : seal(before.id, credentials)
        if (settings !== undefined) checkSettings(before.kind, settings)
        if (newlySealed !== undefined) {
          const relocation = { before, settings: settings ?? before.settings, sealed: newlySealed, options }
          await refuseOtherTenant(relocation)
        }
        const sealed = newlySealed ?? (await findSealedCredentials(database, before.id))
        if (settings !== undefined) await refuseLosingPlaces({ before, settings, sealed, options })
        const store = await inTransaction(database, async connection => {
          const isMoved =
            settings !== undefined && (await confirmMove(connection, { before, settings, sealed, options }))
          const changed = ifStillThere(
            await updateStore(
              connection,
              { id: before.id, revision },
              { state, settings, credentialsSealed: newlySealed, isMoved },
              callerOf(request).principal,
            ),
          )
          await recordActivity(connection, request, 'store.changed', changed.name, {
            id: changed.id,
            changed: Object.keys(request.body),
            ...(settings === undefined ? {} : { settings: changedNames(before.settings, settings) }),
          })
          return changed
        })
        showRevision(reply, store.revision)
        return presentStore(store)
      },
    )

    app.delete(
      '/v1/stores/:id',
      {
        schema: {
          operationId: 'deleteStore',
          summary: 'Forget a store that no location uses; its bytes stay',
          tags: ['stores'],
          headers: ifMatchHeadersSchema,
          params: idParametersSchema,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const revision = revisionOf(request)
        const store = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          if (!(await deleteStore(connection, { id: store.id, revision }))) {
            if (store.revision !== revision) ifStillThere(null)
            throw new ApiError('conflict', `locations still use the store ${store.name}: delete them first`)
          }
          await recordActivity(connection, request, 'store.deleted', store.name, { id: store.id })
        })
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/v1/stores/:id/probe',
      {
        schema: {
          operationId: 'probeStore',
          summary: 'Try whether a store can be reached and accepts its credentials',
          tags: ['stores'],
          params: idParametersSchema,
          body: storeProbeRequestSchema,
          response: { 200: storeProbeSchema },
        },
      },
      async request => {
        const store = await mustFind(request.params.id)
        const sealed = await findSealedCredentials(database, store.id)
        const container = request.body.container ?? (await firstContainerOf(store.id))
        return probeStore({ store, sealed, container, options })
      },
    )

    app.post(
      '/v1/stores/:id/findings',
      {
        schema: {
          operationId: 'learnStore',
          summary: 'Find out by trying what a store does, and keep it in the store’s settings',
          description:
            'Writes and deletes a few dozen small objects whose keys begin with `dim-probe-` in the container, and takes seconds. Moves, writes and deletes go by the settings from then on.',
          tags: ['stores'],
          params: idParametersSchema,
          body: storeProbeRequestSchema,
          response: { 200: storeFindingsSchema },
        },
      },
      async request => {
        const store = await mustFind(request.params.id)
        const sealed = await findSealedCredentials(database, store.id)
        const container = request.body.container ?? (await firstContainerOf(store.id))
        return learnAboutStore(request, { store, sealed, container, options })
      },
    )
  }

  async function mustFind(id: string): Promise<StoreRow> {
    const store = await findStore(database, id)
    if (store === null) throw notFound('store', id)
    return store
  }

  async function firstContainerOf(storeId: string): Promise<string | null> {
    const locations = await listLocations(database, { afterName: null, limit: PAGE_LIMIT_MAX })
    return locations.find(location => location.storeId === storeId)?.container ?? null
  }

  function checkSettings(kind: StoreKind, settings: Readonly<Record<string, unknown>>): void {
    const errors = [...secretsAmong(settings), ...options.stores.checkSettings(kind, settings)]
    if (errors.length > 0)
      throw new ApiError('invalid-request', `these are no settings of a ${kind} store`, { errors })
  }
}

/** Settings are shown to every viewer, so whatever looks like a secret is sent to the right field. */
function secretsAmong(settings: Readonly<Record<string, unknown>>): FieldError[] {
  return Object.entries(settings)
    .filter(
      ([name, value]) =>
        /secret|password|passphrase|credential|token|access.?key/i.test(name) ||
        (typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/]*@/i.test(value)),
    )
    .map(([name]) => ({
      field: `/body/settings/${name}`,
      message: 'looks like a secret: settings are shown to everybody, put it under credentials',
    }))
}
