import { z } from 'zod'
import { MIGRATION_KINDS } from '../../domain/migration.ts'
import { idSchema, referenceSchema } from './values.ts'

/** Whether the reverse migration is only proposed, with its price, or planned. */
export const undoRequestSchema = z.strictObject({ apply: z.boolean().default(false) })

/** The migration that undoes another one. */
export const undoSchema = z.object({
  undoes: idSchema,
  kind: z.enum(MIGRATION_KINDS),
  key: z.string(),
  target: referenceSchema.meta({ description: 'Of a dropped copy, the location of the one that stays' }),
  oneTimeUsd: z.number(),
  monthlySavingUsd: z.number().meta({ description: 'Below 0 where the former place costs more' }),
  migrationId: idSchema.nullable().meta({ description: 'Null while it is only proposed' }),
})
export type Undo = z.infer<typeof undoSchema>
