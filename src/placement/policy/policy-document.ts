import { z } from 'zod'
import { HALF_LIVES } from '../../domain/half-life.ts'
import { VERIFY_WAYS } from '../../domain/migration.ts'
import { APPROVALS, ENCRYPTION_DEMANDS, type PolicyDocument } from '../../domain/policy.ts'
import { TIERS } from '../../domain/tier.ts'
import { checkDocument, readDocumentText } from '../invalid-document.ts'

const readsPerDay = z.number().positive().max(1e9)

const bandSchema = z
  .strictObject({
    enterReadsPerDay: readsPerDay.describe('At or above this heat an object enters the band'),
    leaveReadsPerDay: readsPerDay.describe('Below this heat an object leaves the band'),
  })
  .refine(band => band.leaveReadsPerDay < band.enterReadsPerDay, {
    path: ['leaveReadsPerDay'],
    message: 'must be below enterReadsPerDay, or objects would flap between tiers',
  })

const thresholdSchema = z
  .strictObject({
    halfLife: z.enum(HALF_LIVES).describe('Which heat is compared: how long silence takes to halve it'),
    hot: bandSchema,
    warm: bandSchema,
  })
  .superRefine(({ hot, warm }, context) => {
    for (const edge of ['enterReadsPerDay', 'leaveReadsPerDay'] as const) {
      if (hot[edge] <= warm[edge]) {
        context.addIssue({ code: 'custom', path: ['hot', edge], message: `must be above warm.${edge}` })
      }
    }
  })

/** The form of a policy as people write it; what is left out has the stated default. */
const policySchema = z.strictObject({
  apiVersion: z.literal('datainmotion.io/v1'),
  kind: z.literal('Policy'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, dots and hyphens, at most 63'),
  description: z.string().max(1_000).nullable().default(null),
  locations: z
    .array(z.string().min(1))
    .min(1)
    .max(1_000)
    .nullable()
    .default(null)
    .describe('The only locations allowed, by name; every location of an allowed tier when left out'),
  tiers: z
    .array(z.enum(TIERS))
    .min(1)
    .max(3)
    .default([...TIERS])
    .describe('The tiers allowed'),
  readersAt: z
    .strictObject({ provider: z.string().min(1), region: z.string().min(1) })
    .nullable()
    .default(null)
    .describe('Where readers are, so that reading there costs no egress; on the internet when left out'),
  latencySlaMs: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Longest time to the first byte (99th percentile) for objects without an SLA of their own'),
  threshold: thresholdSchema,
  minimumResidenceDays: z
    .number()
    .min(0)
    .max(3_650)
    .default(1)
    .describe('Days an object stays before it may move for money'),
  maximumPaybackDays: z
    .number()
    .positive()
    .max(3_650)
    .default(90)
    .describe('Days in which a move for money must have paid for itself'),
  minimumObjectBytes: z.int().min(0).default(0).describe('Smaller objects are never moved for money'),
  moveWithinTier: z
    .boolean()
    .default(true)
    .describe('Whether objects move to a cheaper location of their tier'),
  graceHours: z
    .number()
    .min(0)
    .max(24 * 365)
    .default(24)
    .describe('Hours a superseded copy is kept whole, so that a move can be undone at once'),
  encryption: z
    .enum(ENCRYPTION_DEMANDS)
    .default('any')
    .describe(
      'required: copies lie only where the store is known to encrypt, and it says so of each new one; objects elsewhere leave',
    ),
  copies: z.int().min(1).max(8).default(1).describe('How many complete copies an object has'),
  distinctRegions: z
    .union([z.boolean(), z.int().min(1).max(8)])
    .default(1)
    .describe('In how many regions the copies lie at least; true: each in another one'),
  verify: z
    .enum(VERIFY_WAYS)
    .default('target-checksum')
    .describe(
      'target-checksum believes digests that the target’s store can be trusted with; read-back reads every byte of a new copy, at the price in the plan',
    ),
  reviewIntervalDaysMax: z
    .number()
    .positive()
    .max(365)
    .default(30)
    .describe('Every object is looked at again after this time at the latest'),
  approval: z.enum(APPROVALS).default('person').describe('Who says yes to a move'),
  capsPerHour: z
    .strictObject({
      objects: z.int().min(1).default(10_000),
      bytes: z.int().min(1).default(1_000_000_000_000),
      usd: z.number().min(0).default(10),
    })
    .prefault({})
    .describe('What may be approved without a person, per hour'),
  priorities: z
    .strictObject({
      promotion: z.int().min(0).max(100).default(60),
      demotion: z.int().min(0).max(100).default(40),
    })
    .prefault({})
    .describe('Which migrations go first: higher before lower'),
})

/** Checks a policy and fills in defaults. Throws `InvalidDocument` with all problems at once. */
export function checkPolicy(value: unknown): PolicyDocument {
  return checkDocument('policy', policySchema, value)
}

/** Reads a policy from YAML or JSON text. Throws `InvalidDocument` with all problems at once. */
export function parsePolicy(text: string): PolicyDocument {
  return checkPolicy(readDocumentText('policy', text))
}
