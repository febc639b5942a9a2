import { z } from 'zod'
import { END_STATES } from '../../domain/migration.ts'
import { pageQueryOf } from './page.ts'
import { pauseFactsSchema } from './pause.ts'
import { alternativeSchema, decisionInputsSchema, decisionReasonSchema } from './placement.ts'
import {
  bytesSchema,
  countSchema,
  idSchema,
  principalSchema,
  referenceSchema,
  wallTimeSchema,
} from './values.ts'

export const PLAN_STATES = ['proposed', 'approved', 'applied', 'rejected', 'superseded'] as const

/** A saving and its two parts; the parts add up to it. */
const savingShape = {
  monthlySavingUsd: z.number().meta({ description: 'Negative when it costs more, as promotions may' }),
  monthlySavingStorageUsd: z.number().meta({ description: 'Of it, storage and monitoring' }),
  monthlySavingReadsUsd: z.number().meta({
    description: 'Of it, requests, retrieval and egress, as expected at the heat of the decision',
  }),
}

/** Decisions grouped for review. */
export const planSchema = z.object({
  id: idSchema,
  state: z.enum(PLAN_STATES),
  approval: z.enum(['person', 'automatic']),
  policy: referenceSchema.extend({ revision: z.int() }),
  priceBook: referenceSchema,
  objects: countSchema,
  bytes: bytesSchema,
  ...savingShape,
  oneTimeUsd: z.number(),
  paybackDays: z.number().nullable().meta({ description: 'Null when it never pays back' }),
  createdAt: wallTimeSchema,
  decidedAt: wallTimeSchema.nullable(),
  decidedBy: principalSchema.nullable(),
  appliedAt: wallTimeSchema.nullable().meta({ description: 'When the last of its migrations ended' }),
  outcome: z
    .object({
      migrations: z.partialRecord(z.enum(END_STATES), countSchema).meta({ description: 'By how they ended' }),
      monthlySavingUsd: z.number().meta({ description: 'Of the migrations that are done, as decided' }),
    })
    .nullable()
    .meta({ description: 'What came of it; null until it is applied' }),
  pause: pauseFactsSchema.nullable().meta({ description: 'Null unless it is paused' }),
  priority: z.int().nullable().meta({ description: 'Of its migrations; null: as the policy says' }),
  dueBy: wallTimeSchema.nullable().meta({ description: 'By when readers should get every target copy' }),
  overdueSince: wallTimeSchema.nullable().meta({ description: 'When its deadline was missed' }),
  principal: principalSchema,
})
export type PlanResource = z.infer<typeof planSchema>

/** A plan with what has to be restored from an archive before it can be read. */
export const planDetailSchema = planSchema.extend({
  restore: z
    .object({
      objects: countSchema,
      bytes: bytesSchema,
      hoursMax: z.number().meta({ description: 'How long an ordinary restore takes' }),
      usd: z.number().meta({
        description: 'Of `oneTimeUsd`, the requests to restore and the retrieval, at list prices',
      }),
    })
    .nullable()
    .meta({ description: 'Null when everything can be read at once' }),
})
export type PlanDetail = z.infer<typeof planDetailSchema>

/** A decision as lists show it. */
export const decisionSummarySchema = z.object({
  id: idSchema,
  planId: idSchema,
  bucket: z.string(),
  key: z.string(),
  objectId: idSchema,
  from: referenceSchema,
  to: referenceSchema,
  reason: decisionReasonSchema,
  size: bytesSchema,
  ...savingShape,
  oneTimeUsd: z.number(),
  paybackDays: z.number().nullable(),
  verdict: z.enum(['approved', 'rejected', 'outdated']).nullable(),
  decidedAt: wallTimeSchema,
})
export type DecisionSummary = z.infer<typeof decisionSummarySchema>

/** A decision with everything it was made from. */
export const decisionSchema = decisionSummarySchema.extend({
  alternatives: z.array(alternativeSchema),
  inputs: decisionInputsSchema,
})

/** Filter of the list of plans. */
export const planQuerySchema = pageQueryOf({ state: z.enum(PLAN_STATES).optional() })

/** What to do with a proposed plan. */
export const planApproveSchema = z.strictObject({
  exceptDecisionIds: z
    .array(idSchema)
    .max(10_000)
    .default([])
    .meta({ description: 'Decisions of the plan that are rejected' }),
})
