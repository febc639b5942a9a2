import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { findLocation } from '../../database/catalog/locations.ts'
import { findStore } from '../../database/catalog/stores.ts'
import { inTransaction } from '../../database/postgres.ts'
import {
  createReconcileRun,
  findReconcileRun,
  listFindings,
  listReconcileRuns,
  type ReconcileRun,
  resumeReconcileRun,
} from '../../database/upkeep/reconcile-runs.ts'
import { HOUR } from '../../domain/duration.ts'
import { RECONCILE_VERDICTS, type ReconcileSource } from '../../domain/reconcile.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { timeText } from '../present.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import {
  findingsQuerySchema,
  type ReconcileRunResource,
  reconcileCreateSchema,
  reconcileFindingSchema,
  reconcileRunSchema,
} from '../schemas/reconcile.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'

const LIST = ['reconcile-runs']
const position = z.tuple([idSchema])
const FINDINGS = ['reconcile-findings']
const findingPosition = z.tuple([z.enum(RECONCILE_VERDICTS), z.string()])

/** Runs that compare what lies in a container with the catalog. A worker does them. */
export function reconcileRunsRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/reconcile-runs',
      {
        schema: {
          operationId: 'listReconcileRuns',
          summary: 'Comparisons of containers with the catalog, newest first',
          tags: ['reconcile'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(reconcileRunSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [beforeId] = decodeCursor(LIST, position, cursor) ?? []
        const rows = await listReconcileRuns(database, { beforeId: beforeId ?? null, limit: limit + 1 })
        return toPage(rows, limit, presentRun, last => encodeCursor(LIST, [last.id]))
      },
    )

    app.get(
      '/v1/reconcile-runs/:id',
      {
        schema: {
          operationId: 'getReconcileRun',
          summary: 'One comparison: how far it is and what it found',
          tags: ['reconcile'],
          params: idParametersSchema,
          response: { 200: reconcileRunSchema },
        },
      },
      async request => presentRun(await mustFind(request.params.id)),
    )

    app.get(
      '/v1/reconcile-runs/:id/findings',
      {
        schema: {
          operationId: 'listReconcileFindings',
          summary: 'What a comparison found, the first 10,000 of them',
          tags: ['reconcile'],
          params: idParametersSchema,
          querystring: findingsQuerySchema,
          response: { 200: pageOf(reconcileFindingSchema) },
        },
      },
      async request => {
        const { cursor, limit, verdict = null } = request.query
        const { id } = await mustFind(request.params.id)
        const after = decodeCursor(FINDINGS, findingPosition, cursor)
        const rows = await listFindings(database, id, {
          verdict,
          after: after === null ? null : { verdict: after[0], nativeKey: after[1] },
          limit: limit + 1,
        })
        return toPage(
          rows,
          limit,
          finding => finding,
          last => encodeCursor(FINDINGS, [last.verdict, last.nativeKey]),
        )
      },
    )

    app.post(
      '/v1/reconcile-runs',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'createReconcileRun',
          summary: 'Compare what lies in a container with the catalog',
          tags: ['reconcile'],
          headers: idempotencyHeadersSchema,
          body: reconcileCreateSchema,
          response: { 202: reconcileRunSchema },
        },
      },
      async (request, reply) => {
        const { apartHours, inventory, locationId, prefix, ...settings } = request.body
        const location = await findLocation(database, locationId)
        if (location === null) throw notFound('location', locationId)
        if (inventory !== null && (await findStore(database, inventory.storeId)) === null)
          throw notFound('store', inventory.storeId)
        const source: ReconcileSource =
          inventory === null ? { kind: 'listing' } : { kind: 'manifest', ...inventory }
        const id = await inTransaction(database, async connection => {
          const added = await createReconcileRun(connection, {
            locationId,
            prefix,
            source,
            settings: { ...settings, apartMs: apartHours * HOUR },
            principal: callerOf(request).principal,
          })
          if (added === null) throw notFound('location', locationId)
          const detail = { id: added, prefix, inventory, deletes: settings.deletes }
          await recordActivity(connection, request, 'reconcile.requested', location.name, detail)
          return added
        })
        return reply
          .code(202)
          .header('location', `/v1/reconcile-runs/${id}`)
          .send(presentRun(await mustFind(id)))
      },
    )

    app.post(
      '/v1/reconcile-runs/:id/resume',
      {
        schema: {
          operationId: 'resumeReconcileRun',
          summary: 'Let a comparison that was interrupted or failed go on',
          tags: ['reconcile'],
          params: idParametersSchema,
          response: { 202: reconcileRunSchema },
        },
      },
      async (request, reply) => {
        const { id, locationName, state } = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          if (!(await resumeReconcileRun(connection, id, callerOf(request).principal)))
            throw new ApiError('conflict', `reconcile run ${id} is ${state}: only a stopped one can go on`)
          await recordActivity(connection, request, 'reconcile.resumed', locationName, { id })
        })
        return reply.code(202).send(presentRun(await mustFind(id)))
      },
    )
  }

  async function mustFind(id: string): Promise<ReconcileRun> {
    const run = await findReconcileRun(database, id)
    if (run === null) throw notFound('reconcile run', id)
    return run
  }
}

function presentRun(run: ReconcileRun): ReconcileRunResource {
  const { settings, source } = run
  return {
    id: run.id,
    location: { id: run.locationId, name: run.locationName },
    container: run.container,
    prefix: run.prefix,
    inventory:
      source.kind === 'listing'
        ? null
        : { storeId: source.storeId, container: source.container, key: source.key },
    deletes: settings.deletes,
    apartHours: settings.apartMs / HOUR,
    state: run.state,
    phase: run.phase,
    takenAt: run.takenAt === null ? null : timeText(run.takenAt),
    counts: run.counts,
    error: run.error,
    startedAt: timeText(run.startedAt),
    updatedAt: timeText(run.updatedAt),
    finishedAt: run.finishedAt === null ? null : timeText(run.finishedAt),
    principal: run.principal,
  }
}
