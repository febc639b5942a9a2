import type { z } from 'zod'
import { accessKeyCreatedSchema, accessKeySchema } from './access-key.ts'
import { activitySchema } from './activity.ts'
import { bucketSchema } from './bucket.ts'
import { accessEventSchema, deadLetterSchema, eventLagSchema } from './event.ts'
import { explanationSchema } from './explanation.ts'
import { planFidelitySchema } from './fidelity.ts'
import { healthSchema } from './health.ts'
import { importSchema } from './import.ts'
import { locationDetailSchema, locationSchema } from './location.ts'
import { migrationDetailSchema, migrationSchema, migrationStepSchema } from './migration.ts'
import { copySchema, heatSchema, objectDetailSchema, objectSummarySchema } from './object.ts'
import { overviewPointSchema, overviewSchema, overviewTickSchema } from './overview.ts'
import { alternativeSchema, decisionInputsSchema, placementCostSchema } from './placement.ts'
import { decisionSchema, decisionSummarySchema, planDetailSchema, planSchema } from './plan.ts'
import { policySchema, validationSchema } from './policy.ts'
import { locationPriceSchema, priceBookSchema } from './price-book.ts'
import { planStatusSchema, queueStatusSchema } from './queue.ts'
import { orphanSchema, reconcileFindingSchema, reconcileRunSchema } from './reconcile.ts'
import { retirementSchema } from './retirement.ts'
import { scrubStatusSchema } from './scrub.ts'
import { simulationSchema } from './simulation.ts'
import { storeFindingsSchema, storeProbeSchema, storeSchema } from './store.ts'
import { sessionSchema, tokenCreatedSchema, tokenSchema } from './token.ts'
import { undoSchema } from './undo.ts'
import { referenceSchema } from './values.ts'

/** The schemas that have a name of their own in the OpenAPI document and in the client. */
export const COMPONENTS: Readonly<Record<string, z.ZodType>> = {
  AccessEvent: accessEventSchema,
  AccessKey: accessKeySchema,
  AccessKeyCreated: accessKeyCreatedSchema,
  Activity: activitySchema,
  Alternative: alternativeSchema,
  Bucket: bucketSchema,
  Copy: copySchema,
  DeadLetter: deadLetterSchema,
  Decision: decisionSchema,
  DecisionInputs: decisionInputsSchema,
  DecisionSummary: decisionSummarySchema,
  EventLag: eventLagSchema,
  Explanation: explanationSchema,
  Health: healthSchema,
  Heat: heatSchema,
  Import: importSchema,
  Location: locationSchema,
  LocationDetail: locationDetailSchema,
  LocationPrice: locationPriceSchema,
  Migration: migrationSchema,
  MigrationDetail: migrationDetailSchema,
  MigrationStep: migrationStepSchema,
  ObjectDetail: objectDetailSchema,
  ObjectSummary: objectSummarySchema,
  Orphan: orphanSchema,
  Overview: overviewSchema,
  OverviewPoint: overviewPointSchema,
  OverviewTick: overviewTickSchema,
  PlacementCost: placementCostSchema,
  Plan: planSchema,
  PlanDetail: planDetailSchema,
  PlanStatus: planStatusSchema,
  PlanFidelity: planFidelitySchema,
  Policy: policySchema,
  PriceBook: priceBookSchema,
  ReconcileFinding: reconcileFindingSchema,
  ReconcileRun: reconcileRunSchema,
  QueueStatus: queueStatusSchema,
  Reference: referenceSchema,
  Retirement: retirementSchema,
  ScrubStatus: scrubStatusSchema,
  Session: sessionSchema,
  Simulation: simulationSchema,
  Store: storeSchema,
  StoreProbe: storeProbeSchema,
  StoreFindings: storeFindingsSchema,
  Token: tokenSchema,
  TokenCreated: tokenCreatedSchema,
  Undo: undoSchema,
  Validation: validationSchema,
}
