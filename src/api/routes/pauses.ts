import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { findStore, type StoreRow } from '../../database/catalog/stores.ts'
import { pausePlan, pauseStore, resumePlan, resumeStore } from '../../database/migrations/migration-holds.ts'
import { findPlan, type PlanRow } from '../../database/placement/plans.ts'
import { inTransaction } from '../../database/postgres.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { presentPlan } from '../present-plan.ts'
import { presentStore } from '../present-store.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { pauseRequestSchema } from '../schemas/pause.ts'
import { planSchema } from '../schemas/plan.ts'
import { storeSchema } from '../schemas/store.ts'
import { idParametersSchema } from '../schemas/values.ts'

/** Pausing what belongs to one store or to one plan, and letting it go on. Doing it twice changes nothing. */
export function pausesRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    const schema = {
      headers: idempotencyHeadersSchema,
      params: idParametersSchema,
    }

    app.post(
      '/v1/stores/:id/pause',
      {
        config: { idempotent: true },
        schema: {
          ...schema,
          operationId: 'pauseStore',
          summary: 'Take up no migration that reads or writes in a store; running ones rest within seconds',
          tags: ['stores'],
          body: pauseRequestSchema,
          response: { 200: storeSchema },
        },
      },
      async request => {
        const { id, name } = await mustFindStore(request.params.id)
        const { reason = null } = request.body
        await inTransaction(database, async connection => {
          const { principal } = callerOf(request)
          if (await pauseStore(connection, { id, reason, principal }))
            await recordActivity(connection, request, 'store.paused', name, { id, reason })
        })
        return presentStore(await mustFindStore(id))
      },
    )

    app.post(
      '/v1/stores/:id/resume',
      {
        config: { idempotent: true },
        schema: {
          ...schema,
          operationId: 'resumeStore',
          summary: 'Let migrations of a store go on that was paused or refused our credentials',
          tags: ['stores'],
          response: { 200: storeSchema },
        },
      },
      async request => {
        const { id, name } = await mustFindStore(request.params.id)
        await inTransaction(database, async connection => {
          if (await resumeStore(connection, id))
            await recordActivity(connection, request, 'store.resumed', name, { id })
        })
        return presentStore(await mustFindStore(id))
      },
    )

    app.post(
      '/v1/plans/:id/pause',
      {
        config: { idempotent: true },
        schema: {
          ...schema,
          operationId: 'pausePlan',
          summary:
            'Take up no migration of a plan, now or when it is approved; running ones rest within seconds',
          tags: ['plans'],
          body: pauseRequestSchema,
          response: { 200: planSchema },
        },
      },
      async request => {
        const plan = await mustFindPlan(request.params.id)
        const { reason = null } = request.body
        await pauseOf(request, plan, reason)
        return presentPlan(mustBeOpen(await mustFindPlan(plan.id), 'pause'))
      },
    )

    app.post(
      '/v1/plans/:id/resume',
      {
        config: { idempotent: true },
        schema: {
          ...schema,
          operationId: 'resumePlan',
          summary: 'Let migrations of a paused plan go on',
          tags: ['plans'],
          response: { 200: planSchema },
        },
      },
      async request => {
        const plan = await mustFindPlan(request.params.id)
        const { id, policyName } = mustBeOpen(plan, 'resume')
        await inTransaction(database, async connection => {
          if (await resumePlan(connection, id))
            await recordActivity(connection, request, 'plan.resumed', id, { policy: policyName })
        })
        return presentPlan(await mustFindPlan(id))
      },
    )
  }

  async function pauseOf(request: FastifyRequest, plan: PlanRow, reason: string | null): Promise<void> {
    const { id, policyName } = plan
    await inTransaction(database, async connection => {
      const { principal } = callerOf(request)
      if (await pausePlan(connection, { id, reason, principal }))
        await recordActivity(connection, request, 'plan.paused', id, { policy: policyName, reason })
    })
  }

  function mustBeOpen(plan: PlanRow, verb: 'pause' | 'resume'): PlanRow {
    if (plan.state === 'proposed' || plan.state === 'approved') return plan
    throw new ApiError('conflict', `the plan is ${plan.state}: nothing of it is left to ${verb}`)
  }

  async function mustFindStore(id: string): Promise<StoreRow> {
    const store = await findStore(database, id)
    if (store === null) throw notFound('store', id)
    return store
  }

  async function mustFindPlan(id: string): Promise<PlanRow> {
    const plan = await findPlan(database, id)
    if (plan === null) throw notFound('plan', id)
    return plan
  }
}
