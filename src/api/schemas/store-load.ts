import { z } from 'zod'
import { referenceSchema, wallTimeSchema } from './values.ts'

const share = z.number().min(0).nullable()

/** What is asked of a store at present, by all processes together. */
export const storeLoadSchema = z.object({
  store: referenceSchema,
  budget: z
    .object({
      bytesPerSecond: z.number().nullable().meta({ description: 'Null: not limited' }),
      requestsPerSecond: z.number().nullable(),
      bytesShare: share.meta({
        description: 'Used of it, about over the last minute; above 1 where clients spend more than all',
      }),
      requestsShare: share,
      waitSeconds: z.number().min(0).meta({ description: 'Background work would wait so long now' }),
    })
    .nullable()
    .meta({ description: 'The window of the budget that is open now; null: nothing limits' }),
  leftAloneBy: z
    .array(
      z.object({
        process: z.string(),
        since: wallTimeSchema,
        triedAt: wallTimeSchema.meta({ description: 'When it last tried whether the store is back' }),
      }),
    )
    .meta({ description: 'Processes whose requests fail at once, because it left most unanswered' }),
})
export type StoreLoad = z.infer<typeof storeLoadSchema>

/** Of every store. */
export const storeLoadsSchema = z.object({ items: z.array(storeLoadSchema) })
