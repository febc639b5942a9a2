import { z } from 'zod'
import { principalSchema, wallTimeSchema } from './values.ts'

/** Something people see happen. */
export const activitySchema = z.object({
  id: z.int(),
  at: wallTimeSchema,
  kind: z.string().meta({ description: 'noun.verb, for example plan.approved or migration.done' }),
  subject: z.string().meta({ description: 'What it happened to: a name or an id' }),
  detail: z.record(z.string(), z.unknown()),
  principal: principalSchema,
})
export type ActivityResource = z.infer<typeof activitySchema>
