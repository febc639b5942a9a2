import { z } from 'zod'
import { wallTimeSchema } from './values.ts'

/** How urgent something is: what is left out stays, a null deadline takes it away. */
export const urgencyRequestSchema = z
  .strictObject({
    priority: z.int().min(0).max(100).optional().meta({ description: 'Higher goes first' }),
    dueBy: wallTimeSchema.nullable().optional().meta({
      description:
        'By when readers should get the target copy, in the future; earlier goes first within a priority',
    }),
  })
  .refine(({ priority, dueBy }) => priority !== undefined || dueBy !== undefined, {
    error: 'say priority, dueBy or both',
  })
export type UrgencyRequest = {
  readonly priority?: number | undefined
  readonly dueBy?: string | null | undefined
}
