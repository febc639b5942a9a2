import type { Bytes } from './bytes.ts'
import type { Instant } from './clock.ts'
import type { HalfLife } from './half-life.ts'
import type { ObjectId, Uuid } from './identifiers.ts'
import type { Tier } from './tier.ts'

/** What an alternative would cost, part by part, so that the parts add up to the totals. */
export interface PlacementCost {
  /** Per month of stay. */
  readonly storageUsdPerMonth: number
  readonly readRequestsUsdPerMonth: number
  readonly retrievalUsdPerMonth: number
  readonly egressUsdPerMonth: number
  readonly monitoringUsdPerMonth: number
  /** Sum of the five above. */
  readonly totalUsdPerMonth: number
  /** Once, to get there from where the object is now; all zero for the present location. */
  /** The request that enters it and the fee per GB written. */
  readonly transitionUsd: number
  /** The request that reads the source and its fee per GB retrieved. */
  readonly sourceRetrievalUsd: number
  readonly sourceEgressUsd: number
  /** The days of the source's minimum duration that are left. */
  readonly earlyDeletionUsd: number
  /** Keeping the superseded source for the grace time, as far as the minimum duration does not pay for it. */
  readonly graceStorageUsd: number
  /** Reading every byte back, where the policy or the store makes it necessary: the request, the retrieval, the way. */
  readonly verificationUsd: number
  /** Sum of the six above. */
  readonly oneTimeUsd: number
}

/** Why a location was not chosen. Closed, so that every surface can explain each one. */
export const REJECTION_REASONS = [
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
  'too-small-to-pay',
  'minimum-residence',
  'store-not-active',
  'same-container',
  'copy-there',
  'too-few-regions',
  'retiring',
  'not-encrypted',
  'decision-frozen',
] as const
export type RejectionReason = (typeof REJECTION_REASONS)[number]

/** One place the object might live, with its price and why it was or was not chosen. */
export interface PlacementAlternative {
  readonly locationId: Uuid
  readonly locationName: string
  readonly tier: Tier
  readonly cost: PlacementCost | null
  readonly chosen: boolean
  readonly rejected: RejectionReason | null
  /** Days until the monthly saving has paid the one-time cost; null when it never does. */
  readonly paybackDays: number | null
}

/** Why an object stays or goes. Closed: API, CLI and dashboard word each of them. */
export const DECISION_REASONS = [
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
  'cheaper-in-tier',
  'would-cost-more',
  'location-not-allowed',
  'no-price',
  'quarantined',
  'copy-not-readable',
  'too-few-copies',
  'too-many-copies',
  'location-retiring',
  'encryption-required',
] as const
export type DecisionReason = (typeof DECISION_REASONS)[number]

/** What a decision was made from; enough to make it again. */
interface DecisionInputs {
  readonly size: Bytes
  /** Reads per day by the half-life the policy names. */
  readonly heatPerDay: number
  readonly halfLife: HalfLife
  readonly heatScore: number
  readonly readsPerMonthExpected: number
  /** Mean length of a read; the whole object while nobody has read it. */
  readonly bytesPerRead: Bytes
  readonly daysInLocation: number
  readonly priceBook: string
  readonly policy: string
  readonly at: Instant
}

/**
 * A copy that is added beside the primary one, dropped, or put into another storage class where it lies; a
 * decision without one moves the object.
 */
export type CopyChange =
  | { readonly kind: 'add-copy' }
  | {
      readonly kind: 'drop-copy'
      /** The copy that goes. */
      readonly sourceCopyId: Uuid
      /** The primary one, which stays. */
      readonly targetCopyId: Uuid
    }
  /** Source and target are the same copy. */
  | { readonly kind: 'reclassify'; readonly sourceCopyId: Uuid; readonly targetCopyId: Uuid }

/** For one object: where, why, at what cost against each alternative, from which inputs. */
export interface Decision {
  readonly objectId: ObjectId
  readonly generation: number
  readonly placementVersion: number
  readonly fromLocationId: Uuid
  /** Equal to `fromLocationId` when the object stays. */
  readonly toLocationId: Uuid
  readonly reason: DecisionReason
  /** Present where the object does not move: then `from` is what is read, dropped or reclassified. */
  readonly change?: CopyChange
  readonly monthlySavingUsd: number
  /** Of it, storage and monitoring; the rest is reads: requests, retrieval and egress. */
  readonly monthlySavingStorageUsd: number
  readonly oneTimeUsd: number
  readonly paybackDays: number | null
  readonly alternatives: readonly PlacementAlternative[]
  readonly inputs: DecisionInputs
  /** Model time at which it is worth asking again, and why then. */
  readonly reviewAt: Instant
  readonly reviewReason: ReviewReason
  /** The heat, in reads per day, at or above which it is worth asking at once; null when there is none. */
  readonly promoteAtReadsPerDay: number | null
}

/** Why an object is looked at again at a given time. */
export const REVIEW_REASONS = [
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
  'cap-reached',
] as const
export type ReviewReason = (typeof REVIEW_REASONS)[number]
