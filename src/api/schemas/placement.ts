import { z } from 'zod'
import type {
  DecisionReason,
  PlacementAlternative,
  PlacementCost,
  RejectionReason,
  ReviewReason,
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
  oneTimeUsd: z.number(),
}) satisfies z.ZodType<PlacementCost>

/** Why a location was not chosen. */
export const rejectionReasonSchema = z.enum([
  'current',
  'other-tier-wanted',
  'latency-above-sla',
  'offline',
  'capacity',
  'pinned-elsewhere',
  'not-in-policy',
  'no-price',
  'more-expensive',
  'payback-too-long',
]) satisfies z.ZodType<RejectionReason>

/** Why an object stays or goes. */
export const decisionReasonSchema = z.enum([
  'heat-fell-below-band',
  'heat-rose-above-band',
  'already-in-wanted-tier',
  'inside-hysteresis',
  'minimum-residence',
  'too-small-to-pay',
  'payback-too-long',
  'pinned',
  'sla-requires-faster',
  'no-allowed-location',
  'bucket-observed',
  'migration-in-flight',
]) satisfies z.ZodType<DecisionReason>

/** Why an object is looked at again. */
export const reviewReasonSchema = z.enum([
  'heat-crossing',
  'minimum-duration-ends',
  'minimum-residence-ends',
  'pin-expires',
  'maximum-interval',
  'promotion',
  'new-object',
  'requested',
  'policy-changed',
  'prices-changed',
  'migration-finished',
]) satisfies z.ZodType<ReviewReason>

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
  heatScore: z.number(),
  readsPerMonthExpected: z.number(),
  daysInLocation: z.number(),
  priceBook: z.string(),
  policy: z.string(),
  at: modelTimeSchema,
})
