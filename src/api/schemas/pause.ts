import { z } from 'zod'
import { principalSchema, wallTimeSchema } from './values.ts'

/** Why a person pauses or stops. */
const reasonSchema = z.string().trim().min(1).max(500)

/** Stops every migration. A reason is asked for, because whoever meets the stop must know whether to end it. */
export const stopRequestSchema = z.strictObject({ reason: reasonSchema })

/** Pauses one store or plan. */
export const pauseRequestSchema = z.strictObject({ reason: reasonSchema.optional() })

/** Since when something is paused, by whom, why. */
export const pauseFactsSchema = z.object({
  at: wallTimeSchema,
  reason: z.string().nullable(),
  principal: principalSchema.nullable(),
})
