import { z } from 'zod'
import { HALF_LIVES } from '../../domain/half-life.ts'
import {
  DECISION_REASONS,
  type DecisionReason,
  type PlacementAlternative,
  type PlacementCost,
  REJECTION_REASONS,
  REVIEW_REASONS,
  type RejectionReason,
  type ReviewReason,
} from '../../domain/placement.ts'
import { idSchema, modelTimeSchema, tierSchema } from './values.ts'

/** What one place would cost, part by part; the parts add up to the totals. */
export const placementCostSchema = z.object({
  storageUsdPerMonth: z.number(),
  readRequestsUsdPerMonth: z.number(),
  retrievalUsdPerMonth: z.number(),
  egressUsdPerMonth: z.number(),
  monitoringUsdPerMonth: z.number(),
  totalUsdPerMonth: z.number(),
  transitionUsd: z.number(),
  sourceRetrievalUsd: z.number(),
  sourceEgressUsd: z.number(),
  earlyDeletionUsd: z.number(),
  graceStorageUsd: z.number(),
  verificationUsd: z.number().meta({
    description:
      'Reading the new copy back, where the policy asks for it or its store reports no digest that proves it',
  }),
  oneTimeUsd: z.number(),
}) satisfies z.ZodType<PlacementCost>

/** Why a location was not chosen. */
export const rejectionReasonSchema = z.enum(REJECTION_REASONS) satisfies z.ZodType<RejectionReason>

/** Why an object stays or goes. */
export const decisionReasonSchema = z.enum(DECISION_REASONS) satisfies z.ZodType<DecisionReason>

/** Why an object is looked at again. */
export const reviewReasonSchema = z.enum(REVIEW_REASONS) satisfies z.ZodType<ReviewReason>

/** One place an object might live, with its price and why it was or was not chosen. */
export const alternativeSchema = z.object({
  locationId: idSchema,
  locationName: z.string(),
  tier: tierSchema,
  cost: placementCostSchema.nullable(),
  chosen: z.boolean(),
  rejected: rejectionReasonSchema.nullable(),
  paybackDays: z.number().nullable(),
}) satisfies z.ZodType<PlacementAlternative>

/** What a decision was made from. */
export const decisionInputsSchema = z.object({
  size: z.number(),
  heatPerDay: z.number(),
  halfLife: z.enum(HALF_LIVES),
  heatScore: z.number(),
  readsPerMonthExpected: z.number(),
  bytesPerRead: z.number(),
  daysInLocation: z.number(),
  priceBook: z.string(),
  policy: z.string(),
  at: modelTimeSchema,
})
