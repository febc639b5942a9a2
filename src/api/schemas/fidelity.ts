import { z } from 'zod'
import { FIDELITY_REASONS, type FidelityReason } from '../../migration/fidelity.ts'
import { countSchema, idSchema } from './values.ts'

/** What the moves of a plan could not take along, per reason. */
export const planFidelitySchema = z.object({
  planId: idSchema,
  objects: countSchema.meta({ description: 'Looked at: 20,000 at most' }),
  unjudged: countSchema.meta({ description: 'Of them, objects whose stores could not be opened' }),
  reasons: z.array(
    z.object({
      reason: z.enum(Object.keys(FIDELITY_REASONS) as [FidelityReason, ...FidelityReason[]]),
      aspect: z.enum(['metadata', 'tags', 'dates', 'encryption', 'versions', 'lock', 'facts']),
      fate: z.enum(['catalog', 'source', 'unknown', 'refused']).meta({
        description:
          'catalog: readers get it through us, the copy has it not. source: it stays there. unknown: it is read when the object is copied. refused: the move ends before anything is written',
      }),
      text: z.string(),
      objects: countSchema,
      examples: z.array(z.object({ bucket: z.string(), key: z.string() })),
    }),
  ),
})
export type PlanFidelity = z.infer<typeof planFidelitySchema>
