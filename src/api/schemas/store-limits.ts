import { z } from 'zod'
import { FAULT_KINDS, FAULT_OPERATIONS, problemOfFaultRule, REFUSALS } from '../../domain/fault.ts'
import { isTimeZone } from '../../domain/store-budget.ts'
import { wallTimeSchema } from './values.ts'

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 08:00')

const budgetWindowSchema = z
  .strictObject({
    from: timeOfDay.optional(),
    to: timeOfDay.optional().meta({ description: 'Before `from`, the window goes over midnight' }),
    timeZone: z
      .string()
      .refine(isTimeZone, 'must be a name of the IANA data base such as Europe/Berlin')
      .optional()
      .meta({ description: 'Default: UTC' }),
    bytesPerSecond: z.int().min(1).optional(),
    requestsPerSecond: z.number().min(0.01).max(1_000_000).optional(),
  })
  .refine(({ from, to }) => (from === undefined) === (to === undefined), {
    error: 'from and to belong together',
  })
  .refine(({ bytesPerSecond, requestsPerSecond }) => (bytesPerSecond ?? requestsPerSecond) !== undefined, {
    error: 'give bytesPerSecond or requestsPerSecond',
  })

/** Windows of the day; the first that is open holds, and when none is nothing limits. */
const storeBudgetSchema = z.array(budgetWindowSchema).max(24)

const faultRuleSchema = z
  .strictObject({
    fault: z.enum(FAULT_KINDS),
    on: z.array(z.enum(FAULT_OPERATIONS)).min(1).optional(),
    keyPrefix: z.string().max(1_024).optional(),
    probability: z.number().min(0).max(1).optional(),
    nth: z.int().min(1).optional(),
    delayMs: z.int().min(0).max(600_000).optional(),
    refusal: z.enum(REFUSALS).optional(),
  })
  .superRefine((rule, context) => {
    const problem = problemOfFaultRule(rule)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })

const faultRulesSchema = z.array(faultRuleSchema).min(1).max(50)

/** What of a store's limits and drill is shown. */
export const storeLimitsFields = {
  budget: storeBudgetSchema.meta({
    description: 'What background work may ask of it per second; the first window that is open holds',
  }),
  requestsAtOnceMax: z
    .int()
    .nullable()
    .meta({ description: 'Background requests a process may have under way, each way; null: up to 256' }),
  isForDrills: z.boolean().meta({ description: 'Whether faults on purpose may be held here' }),
  drill: z
    .object({ rules: faultRulesSchema, seed: z.string(), until: wallTimeSchema })
    .nullable()
    .meta({ description: 'Faults on purpose that are held now' }),
}

/** What may change about a store's limits; what is left out stays. */
export const storeLimitsChangeSchema = z.strictObject({
  budget: storeBudgetSchema.optional(),
  requestsAtOnceMax: z.int().min(2).max(10_000).nullable().optional(),
  isForDrills: z.boolean().optional(),
})

/** A drill to be begun. */
export const storeDrillSchema = z.strictObject({
  rules: faultRulesSchema,
  seconds: z.number().min(1).max(86_400).meta({ description: 'The drill ends by itself after so long' }),
  seed: z.string().min(1).max(100).default('drill'),
})
