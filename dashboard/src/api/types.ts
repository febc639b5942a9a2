import type { z } from 'zod'
import type { activitySchema } from '../../../src/api/schemas/activity.ts'
import type { bucketSchema } from '../../../src/api/schemas/bucket.ts'
import type { accessEventSchema, deadLetterSchema, eventLagSchema } from '../../../src/api/schemas/event.ts'
import type { explanationSchema } from '../../../src/api/schemas/explanation.ts'
import type { locationSchema } from '../../../src/api/schemas/location.ts'
import type { migrationDetailSchema, migrationSchema } from '../../../src/api/schemas/migration.ts'
import type { copySchema, objectDetailSchema, objectSummarySchema } from '../../../src/api/schemas/object.ts'
import type {
  overviewPointSchema,
  overviewSchema,
  overviewTickSchema,
} from '../../../src/api/schemas/overview.ts'
import type {
  alternativeSchema,
  decisionReasonSchema,
  placementCostSchema,
  rejectionReasonSchema,
  reviewReasonSchema,
} from '../../../src/api/schemas/placement.ts'
import type {
  decisionSchema,
  decisionSummarySchema,
  planDetailSchema,
  planSchema,
} from '../../../src/api/schemas/plan.ts'
import type { policySchema } from '../../../src/api/schemas/policy.ts'
import type { locationPriceSchema, priceBookSchema } from '../../../src/api/schemas/price-book.ts'
import type { planStatusSchema, queueStatusSchema } from '../../../src/api/schemas/queue.ts'
import type {
  orphanSchema,
  orphanSumsSchema,
  reconcileFindingSchema,
  reconcileRunSchema,
} from '../../../src/api/schemas/reconcile.ts'
import type { scrubStatusSchema } from '../../../src/api/schemas/scrub.ts'
import type { simulationSchema } from '../../../src/api/schemas/simulation.ts'
import type { storeProbeSchema, storeSchema } from '../../../src/api/schemas/store.ts'
import type { storeLoadSchema } from '../../../src/api/schemas/store-load.ts'
import type { sessionSchema } from '../../../src/api/schemas/token.ts'
import type { undoSchema } from '../../../src/api/schemas/undo.ts'
import type { tierSchema } from '../../../src/api/schemas/values.ts'

/** The answers of the public API, as its own schemas describe them: this file only names their types. */
export type Tier = z.infer<typeof tierSchema>
export type Session = z.infer<typeof sessionSchema>
export type Overview = z.infer<typeof overviewSchema>
/** Dollars per month in two parts: storage and reads. */
export type MonthlyCost = Overview['cost']['now']
export type OverviewTick = z.infer<typeof overviewTickSchema>
export type OverviewPoint = z.infer<typeof overviewPointSchema>
export type ObjectSummary = z.infer<typeof objectSummarySchema>
export type ObjectDetail = z.infer<typeof objectDetailSchema>
export type Copy = z.infer<typeof copySchema>
export type Explanation = z.infer<typeof explanationSchema>
export type Alternative = z.infer<typeof alternativeSchema>
export type PlacementCost = z.infer<typeof placementCostSchema>
export type DecisionReason = z.infer<typeof decisionReasonSchema>
export type RejectionReason = z.infer<typeof rejectionReasonSchema>
export type ReviewReason = z.infer<typeof reviewReasonSchema>
export type Plan = z.infer<typeof planSchema>
export type PlanDetail = z.infer<typeof planDetailSchema>
export type DecisionSummary = z.infer<typeof decisionSummarySchema>
export type Decision = z.infer<typeof decisionSchema>
export type QueueStatus = z.infer<typeof queueStatusSchema>
export type PlanStatus = z.infer<typeof planStatusSchema>
export type Migration = z.infer<typeof migrationSchema>
export type MigrationDetail = z.infer<typeof migrationDetailSchema>
export type Store = z.infer<typeof storeSchema>
export type StoreLoad = z.infer<typeof storeLoadSchema>
export type StoreProbe = z.infer<typeof storeProbeSchema>
export type Location = z.infer<typeof locationSchema>
export type Bucket = z.infer<typeof bucketSchema>
export type Policy = z.infer<typeof policySchema>
export type PriceBook = z.infer<typeof priceBookSchema>
export type LocationPrice = z.infer<typeof locationPriceSchema>
export type AccessEvent = z.infer<typeof accessEventSchema>
export type EventLag = z.infer<typeof eventLagSchema>
export type DeadLetter = z.infer<typeof deadLetterSchema>
export type Activity = z.infer<typeof activitySchema>
export type ReconcileRun = z.infer<typeof reconcileRunSchema>
export type ReconcileFinding = z.infer<typeof reconcileFindingSchema>
export type Orphan = z.infer<typeof orphanSchema>
export type OrphanSum = z.infer<typeof orphanSumsSchema>['items'][number]
export type ScrubStatus = z.infer<typeof scrubStatusSchema>
export type Undo = z.infer<typeof undoSchema>
export type Simulation = z.infer<typeof simulationSchema>

/** The tiers in order, hottest first. */
export const TIERS: readonly Tier[] = ['hot', 'warm', 'cold']

/** One page of a list; `nextCursor` is null on the last. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}
