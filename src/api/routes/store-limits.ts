import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { startDrill, stopDrill, updateStoreLimits } from '../../database/catalog/store-limits.ts'
import { findStore, type StoreRow } from '../../database/catalog/stores.ts'
import { inTransaction } from '../../database/postgres.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { presentStore } from '../present-store.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { ifStillThere, revisionOf, showRevision } from '../revision.ts'
import { ifMatchHeadersSchema } from '../schemas/headers.ts'
import { storeSchema } from '../schemas/store.ts'
import { storeDrillSchema, storeLimitsChangeSchema } from '../schemas/store-limits.ts'
import { idParametersSchema } from '../schemas/values.ts'

/** What background work may ask of a store, and drills: faults on purpose for a bounded time. */
export function storeLimitsRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/stores/:id/limits',
      {
        schema: {
          operationId: 'getStoreLimits',
          summary: 'A store with its limits, to be changed',
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

    app.patch(
      '/v1/stores/:id/limits',
      {
        schema: {
          operationId: 'updateStoreLimits',
          summary:
            'Change the budget of a store, how much is asked of it at once, or whether it is for drills',
          tags: ['stores'],
          headers: ifMatchHeadersSchema,
          params: idParametersSchema,
          body: storeLimitsChangeSchema,
          response: { 200: storeSchema },
        },
      },
      async (request, reply) => {
        const revision = revisionOf(request)
        const { id } = await mustFind(request.params.id)
        const store = await inTransaction(database, async connection => {
          const change = request.body
          const changed = await updateStoreLimits(
            connection,
            { id, revision },
            change,
            callerOf(request).principal,
          )
          const after = ifStillThere(changed ? await findStore(connection, id) : null)
          await recordActivity(connection, request, 'store.limits-changed', after.name, { id, ...change })
          return after
        })
        showRevision(reply, store.revision)
        return presentStore(store)
      },
    )

    app.post(
      '/v1/stores/:id/drill',
      {
        schema: {
          operationId: 'startDrill',
          summary: 'Let requests to a store that is for drills fail on purpose, for a bounded time',
          tags: ['stores'],
          params: idParametersSchema,
          body: storeDrillSchema,
          response: { 200: storeSchema },
        },
      },
      async (request, reply) => {
        const { id, name } = await mustFind(request.params.id)
        const { rules, seed, seconds } = request.body
        const store = await inTransaction(database, async connection => {
          const drill = { rules, seed, seconds }
          if (!(await startDrill(connection, id, drill, callerOf(request).principal))) {
            throw new ApiError(
              'conflict',
              `the store ${name} is not marked for drills: what lies there may be the only copy of something. Mark it with isForDrills (dim store set ${name} --for-drills) if nothing is lost when it lies`,
            )
          }
          const after = ifStillThere(await findStore(connection, id))
          await recordActivity(connection, request, 'store.drill-started', name, { id, ...drill })
          return after
        })
        showRevision(reply, store.revision)
        return presentStore(store)
      },
    )

    app.delete(
      '/v1/stores/:id/drill',
      {
        schema: {
          operationId: 'stopDrill',
          summary: 'End the drill of a store before its time',
          tags: ['stores'],
          params: idParametersSchema,
          response: { 200: storeSchema },
        },
      },
      async (request, reply) => {
        const { id, name } = await mustFind(request.params.id)
        const store = await inTransaction(database, async connection => {
          const hadOne = await stopDrill(connection, id, callerOf(request).principal)
          if (hadOne) await recordActivity(connection, request, 'store.drill-stopped', name, { id })
          return ifStillThere(await findStore(connection, id))
        })
        showRevision(reply, store.revision)
        return presentStore(store)
      },
    )
  }

  async function mustFind(id: string): Promise<StoreRow> {
    const store = await findStore(database, id)
    if (store === null) throw notFound('store', id)
    return store
  }
}
