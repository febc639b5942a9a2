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
export function urgencyRoutes({ database, wall }: ApiOptions): FastifyPluginAsyncZod {
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
        const result = await setMigrationUrgency(database, id, urgencyOf(request.body, wall.now()), principal)
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
        const urgency = urgencyOf(request.body, wall.now())
        await inTransaction(database, async connection => {
          refuseUnlessDone(await setPlanUrgency(connection, id, urgency), 'plan', id)
          await recordActivity(connection, request, 'plan.urgency-changed', id, { ...request.body })
        })
        const plan = await findPlan(database, id)
        if (plan === null) throw notFound('plan', id)
        return presentPlan(plan)
      },
    )
  }
}

/** Nobody can keep a deadline that has passed: it is a slip, which would be reported as missed at once. */
function urgencyOf({ priority, dueBy }: UrgencyRequest, nowMs: number): Urgency {
  if (typeof dueBy !== 'string') return { priority, dueAt: dueBy }
  const dueAt = new Date(dueBy)
  if (dueAt.getTime() <= nowMs)
    throw new ApiError('invalid-request', `the deadline ${dueBy} has passed already`, {
      errors: [{ field: '/body/dueBy', message: 'must be in the future' }],
    })
  return { priority, dueAt }
}

function refuseUnlessDone(result: UrgencyResult, noun: 'migration' | 'plan', id: string): void {
  if (result === 'not-found') throw notFound(noun, id)
  if (result === 'not-now')
    throw new ApiError('conflict', `the ${noun} has ended: nothing of it is urgent any more`)
  if (result === 'being-cancelled')
    throw new ApiError('conflict', `the ${noun} is being cancelled, ahead of everything else`)
}
