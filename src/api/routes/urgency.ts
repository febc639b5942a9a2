import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import {
  setMigrationUrgency,
  setPlanUrgency,
  type Urgency,
  type UrgencyResult,
} from '../../database/migrations/migration-urgency.ts'
import { findMigration } from '../../database/migrations/migration-views.ts'
import { findPlan } from '../../database/placement/plans.ts'
import { inTransaction } from '../../database/postgres.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { presentMigration } from '../present-migration.ts'
import { presentPlan } from '../present-plan.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { migrationSchema } from '../schemas/migration.ts'
import { planSchema } from '../schemas/plan.ts'
import { type UrgencyRequest, urgencyRequestSchema } from '../schemas/urgency.ts'
import { idParametersSchema } from '../schemas/values.ts'

/** How urgent a migration or a plan is: its priority and its deadline. */
export function urgencyRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.patch(
      '/v1/migrations/:id',
      {
        schema: {
          operationId: 'setMigrationUrgency',
          summary: 'Set the priority or the deadline of an unfinished migration',
          tags: ['migrations'],
          params: idParametersSchema,
          body: urgencyRequestSchema,
          response: { 200: migrationSchema },
        },
      },
      async request => {
        const { id } = request.params
        const { principal } = callerOf(request)
        const result = await setMigrationUrgency(database, id, urgencyOf(request.body), principal)
        refuseUnlessDone(result, 'migration', id)
        const migration = await findMigration(database, id)
        if (migration === null) throw notFound('migration', id)
        const { bucketName: bucket, key } = migration
        await recordActivity(database, request, 'migration.urgency-changed', id, {
          bucket,
          key,
          ...request.body,
        })
        return presentMigration(migration)
      },
    )

    app.patch(
      '/v1/plans/:id',
      {
        schema: {
          operationId: 'setPlanUrgency',
          summary: 'Set the priority or the deadline of a plan and of its unfinished migrations',
          tags: ['plans'],
          params: idParametersSchema,
          body: urgencyRequestSchema,
          response: { 200: planSchema },
        },
      },
      async request => {
        const { id } = request.params
        await inTransaction(database, async connection => {
          refuseUnlessDone(await setPlanUrgency(connection, id, urgencyOf(request.body)), 'plan', id)
          await recordActivity(connection, request, 'plan.urgency-changed', id, { ...request.body })
        })
        const plan = await findPlan(database, id)
        if (plan === null) throw notFound('plan', id)
        return presentPlan(plan)
      },
    )
  }
}

function urgencyOf({ priority, dueBy }: UrgencyRequest): Urgency {
  return { priority, dueAt: typeof dueBy === 'string' ? new Date(dueBy) : dueBy }
}

function refuseUnlessDone(result: UrgencyResult, noun: 'migration' | 'plan', id: string): void {
  if (result === 'not-found') throw notFound(noun, id)
  if (result === 'not-now')
    throw new ApiError('conflict', `the ${noun} has ended: nothing of it is urgent any more`)
}
