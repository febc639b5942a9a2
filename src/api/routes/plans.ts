import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { findDecision, listPlanDecisions } from '../../database/placement/decisions.ts'
import { approvePlan, rejectPlan } from '../../database/placement/plan-approval.ts'
import { findPlan, listPlans, type PlanRow } from '../../database/placement/plans.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { reportFidelity } from '../plan-fidelity.ts'
import { readPlanRestore } from '../plan-restore.ts'
import { timeText } from '../present.ts'
import { presentDecision } from '../present-decision.ts'
import { presentPlan } from '../present-plan.ts'
import { ApiError, notFound } from '../problems.ts'
import { readPlanStatus } from '../queue-status.ts'
import { planFidelitySchema } from '../schemas/fidelity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import {
  decisionSchema,
  decisionSummarySchema,
  planApproveSchema,
  planDetailSchema,
  planQuerySchema,
  planSchema,
} from '../schemas/plan.ts'
import { planStatusSchema } from '../schemas/queue.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'

const position = z.tuple([z.iso.datetime(), idSchema])
const decisionPosition = z.tuple([idSchema])

/** Plans: decisions grouped for review, approved or rejected by a person. */
export function plansRoutes(options: ApiOptions): FastifyPluginAsyncZod {
  const { database, wall } = options
  return async app => {
    app.get(
      '/v1/plans',
      {
        schema: {
          operationId: 'listPlans',
          summary: 'Plans, newest first',
          tags: ['plans'],
          querystring: planQuerySchema,
          response: { 200: pageOf(planSchema) },
        },
      },
      async request => {
        const { cursor, limit, state = null } = request.query
        const list = ['plans', state]
        const [createdAt, id] = decodeCursor(list, position, cursor) ?? []
        const before =
          createdAt === undefined || id === undefined ? null : { createdAt: new Date(createdAt), id }
        const rows = await listPlans(database, { state, before, limit: limit + 1 })
        return toPage(rows, limit, presentPlan, last =>
          encodeCursor(list, [timeText(last.createdAt), last.id]),
        )
      },
    )

    app.get(
      '/v1/plans/:id',
      {
        schema: {
          operationId: 'getPlan',
          summary: 'One plan',
          tags: ['plans'],
          params: idParametersSchema,
          response: { 200: planDetailSchema },
        },
      },
      async request => {
        const plan = await mustFind(request.params.id)
        return { ...presentPlan(plan), restore: await readPlanRestore(database, plan) }
      },
    )

    app.get(
      '/v1/plans/:id/status',
      {
        schema: {
          operationId: 'getPlanStatus',
          summary: 'How far the migrations of a plan are: how much, how fast, until when, what keeps them',
          tags: ['plans'],
          params: idParametersSchema,
          response: { 200: planStatusSchema },
        },
      },
      async request => readPlanStatus(database, await mustFind(request.params.id), wall.now()),
    )

    app.get(
      '/v1/plans/:id/fidelity',
      {
        schema: {
          operationId: 'getPlanFidelity',
          summary:
            'What the moves of a plan could not take along: metadata, tags, versions, locks, encryption',
          tags: ['plans'],
          params: idParametersSchema,
          response: { 200: planFidelitySchema },
        },
      },
      async request => reportFidelity(options, (await mustFind(request.params.id)).id),
    )

    app.get(
      '/v1/plans/:id/decisions',
      {
        schema: {
          operationId: 'listPlanDecisions',
          summary: 'The decisions of a plan in the order they were made',
          tags: ['plans'],
          params: idParametersSchema,
          querystring: pageQuerySchema,
          response: { 200: pageOf(decisionSummarySchema) },
        },
      },
      async request => {
        const { id: planId } = await mustFind(request.params.id)
        const { cursor, limit } = request.query
        const list = ['plan-decisions', planId]
        const [afterId] = decodeCursor(list, decisionPosition, cursor) ?? [null]
        const rows = await listPlanDecisions(database, { planId, afterId, limit: limit + 1 })
        return toPage(rows, limit, presentDecision, last => encodeCursor(list, [last.id]))
      },
    )

    app.post(
      '/v1/plans/:id/approve',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'approvePlan',
          summary: 'Approve a proposed plan, less the decisions excepted: its migrations begin',
          tags: ['plans'],
          headers: idempotencyHeadersSchema,
          params: idParametersSchema,
          body: planApproveSchema,
          response: { 200: planSchema },
        },
      },
      async request => {
        const { id } = await mustFind(request.params.id)
        const outcome = await approvePlan(database, id, callerOf(request).principal, request.body)
        switch (outcome.kind) {
          case 'approved':
            return presentPlan(await mustFind(id))
          case 'not-found':
            throw notFound('plan', id)
          case 'not-proposed':
            throw await notProposed(id)
          case 'policy-changed':
            throw new ApiError(
              'conflict',
              'its policy was changed since: the plan is superseded by a new one',
            )
          default:
            throw new Error(`unknown outcome ${outcome satisfies never}`)
        }
      },
    )

    app.post(
      '/v1/plans/:id/reject',
      {
        schema: {
          operationId: 'rejectPlan',
          summary: 'Reject a proposed plan with all its decisions',
          tags: ['plans'],
          params: idParametersSchema,
          response: { 200: planSchema },
        },
      },
      async request => {
        const { id } = await mustFind(request.params.id)
        if (!(await rejectPlan(database, id, callerOf(request).principal))) throw await notProposed(id)
        return presentPlan(await mustFind(id))
      },
    )

    app.get(
      '/v1/decisions/:id',
      {
        schema: {
          operationId: 'getDecision',
          summary: 'One decision with its alternatives and inputs',
          tags: ['plans'],
          params: idParametersSchema,
          response: { 200: decisionSchema },
        },
      },
      async request => {
        const decision = await findDecision(database, request.params.id)
        if (decision === null) throw notFound('decision', request.params.id)
        return {
          ...presentDecision(decision),
          alternatives: [...decision.alternatives],
          inputs: { ...decision.inputs, at: timeText(decision.inputs.at) },
        }
      },
    )
  }

  async function mustFind(id: string): Promise<PlanRow> {
    const plan = await findPlan(database, id)
    if (plan === null) throw notFound('plan', id)
    return plan
  }

  async function notProposed(id: string): Promise<ApiError> {
    const { state } = await mustFind(id)
    return new ApiError('conflict', `the plan is ${state}; only a proposed plan can be decided`)
  }
}
