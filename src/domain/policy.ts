import type { Bytes } from './bytes.ts'
import type { HalfLife } from './half-life.ts'
import type { VerifyWay } from './migration.ts'
import type { Tier } from './tier.ts'

/** Who says yes to a move: always a person, nobody (within the caps), or nobody for promotions only. */
export const APPROVALS = ['person', 'automatic', 'automatic-promotions'] as const
type Approval = (typeof APPROVALS)[number]

/**
 * A band of heat with hysteresis: an object enters it at one rate and leaves it at a lower one, so that a
 * heat between the two keeps it where it is.
 *
 * Units: reads per day. Range: leave is less than enter, both above 0.
 */
interface HeatBand {
  readonly enterReadsPerDay: number
  readonly leaveReadsPerDay: number
}

/** Heat bands to tiers: below the warm band an object is cold. */
export interface ThresholdRule {
  /** Which column of heat is compared. */
  readonly halfLife: HalfLife
  readonly hot: HeatBand
  readonly warm: HeatBand
}

/** Whether copies must lie encrypted: `required` allows only stores that are known to encrypt. */
export const ENCRYPTION_DEMANDS = ['any', 'required'] as const
type EncryptionDemand = (typeof ENCRYPTION_DEMANDS)[number]

/** What is allowed and wanted for a set of objects, as a person writes it, with every default filled in. */
export interface PolicyDocument {
  readonly apiVersion: 'datainmotion.io/v1'
  readonly kind: 'Policy'
  readonly name: string
  readonly description: string | null
  /** Names of the only locations allowed; null: every location of an allowed tier. */
  readonly locations: readonly string[] | null
  readonly tiers: readonly Tier[]
  /** Where readers are: they pay no egress there. Null: on the internet, they pay egress everywhere. */
  readonly readersAt: { readonly provider: string; readonly region: string } | null
  /** Asked of a location's 99th percentile to the first byte, for objects without an SLA of their own. */
  readonly latencySlaMs: number | null
  readonly threshold: ThresholdRule
  /** Days of the model clock an object stays before it may move for money. Promotions do not wait. */
  readonly minimumResidenceDays: number
  /** Days in which a move for money must have paid its one-time cost. Promotions need not pay. */
  readonly maximumPaybackDays: number
  /** Smaller objects are never moved for money. */
  readonly minimumObjectBytes: Bytes
  /** Whether an object may move to a cheaper location of the tier it is in. */
  readonly moveWithinTier: boolean
  /** Left out in documents of earlier releases: `any`. */
  readonly encryption?: EncryptionDemand
  /** How many complete copies an object has. Range: 1 to 8. Left out in documents of earlier releases: 1. */
  readonly copies?: number
  /** In how many regions they lie; true: each in another one. Left out in documents of earlier releases: 1. */
  readonly distinctRegions?: boolean | number
  /** Which proof of a new copy is enough. Left out in documents of earlier releases: `target-checksum`. */
  readonly verify?: VerifyWay
  /** Hours of the model clock for which a superseded copy is kept whole. */
  readonly graceHours: number
  readonly reviewIntervalDaysMax: number
  readonly approval: Approval
  /** What may be approved without a person, per hour of the model clock. */
  readonly capsPerHour: { readonly objects: number; readonly bytes: Bytes; readonly usd: number }
  /** Which migrations go first. Range: 0 to 100, higher first. */
  readonly priorities: { readonly promotion: number; readonly demotion: number }
}
