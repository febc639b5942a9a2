import { z } from 'zod'
import { storeFindingsSchema } from './store.ts'
import {
  bytesSchema,
  countSchema,
  idSchema,
  nameSchema,
  principalSchema,
  referenceSchema,
  revisionSchema,
  tierSchema,
  wallTimeSchema,
} from './values.ts'

/** Where a copy can live, with what lies there now. */
export const locationSchema = z.object({
  id: idSchema,
  name: z.string(),
  store: referenceSchema,
  container: z.string(),
  storageClass: z.string().nullable(),
  tier: tierSchema,
  priceId: z.string().meta({ description: 'Entry of the price book' }),
  region: z.string(),
  firstByteMsP99: z.number(),
  restoreHours: z.number().nullable(),
  capacityBytes: bytesSchema.nullable(),
  usage: z.object({ copies: countSchema, bytes: bytesSchema }),
  full: z
    .object({
      since: wallTimeSchema,
      until: wallTimeSchema.meta({ description: 'Then a few migrations are sent ahead to try again' }),
      answer: z.string().meta({ description: 'What its store said' }),
    })
    .nullable()
    .meta({ description: 'Set while its store takes no more bytes: what would be copied there waits' }),
  revision: revisionSchema,
  createdAt: wallTimeSchema,
  principal: principalSchema,
})
export type LocationResource = z.infer<typeof locationSchema>

/** A location with what is spoken for there, or lies there without being what readers get. */
export const locationDetailSchema = locationSchema.extend({
  reservations: z.object({
    planned: bytesSchema.meta({ description: 'Of planned migrations that have not begun to copy' }),
    copying: bytesSchema.meta({ description: 'Of copies being written' }),
    grace: bytesSchema.meta({ description: 'Of superseded copies, whole until their grace is over' }),
    deleting: bytesSchema.meta({ description: 'Of copies that are about to be deleted' }),
    orphaned: bytesSchema.meta({ description: 'Of bytes that nobody needs, by the ledger of orphans' }),
    uploading: bytesSchema.meta({ description: 'Of uploads in parts that are not complete' }),
  }),
})
export type LocationDetail = z.infer<typeof locationDetailSchema>

/** A location that was just added. */
export const addedLocationSchema = locationSchema.extend({
  uncompared: z
    .array(z.object({ location: z.string(), store: z.string(), because: z.string() }))
    .meta({ description: 'Locations of other stores that might be the same place: nobody could tell' }),
  learning: z
    .object({
      outcome: z.enum(['known', 'learnt', 'failed', 'not-asked']).meta({
        description:
          'known: nothing was to be found out; learnt: it was, and is in the store’s settings now; failed, not-asked: what the store can do is unknown, so nothing is asked of it that servers differ in',
      }),
      because: z.string().nullable().meta({ description: 'Why it failed' }),
      findings: storeFindingsSchema.nullable().meta({ description: 'What was found out' }),
    })
    .meta({ description: 'What became of finding out what the store can do' }),
})
export type AddedLocationResource = z.infer<typeof addedLocationSchema>

const editableSchema = z.strictObject({
  tier: tierSchema,
  priceId: z.string().min(1).max(200),
  region: z.string().min(1).max(100),
  firstByteMsP99: z.number().min(0).max(86_400_000),
  restoreHours: z.number().positive().max(10_000).nullable().default(null),
  capacityBytes: bytesSchema.nullable().default(null),
})

/** A location to be added. Store and container are fixed from then on, because copies lie there. */
export const locationCreateSchema = editableSchema.extend({
  name: nameSchema,
  storeId: idSchema,
  container: z.string().min(1).max(255),
  storageClass: z.string().min(1).max(100).nullable().default(null),
  learn: z.boolean().default(true).meta({
    description:
      'Find out by trying what its store can do, where nobody did: writes and deletes a few dozen small objects whose keys begin with `dim-probe-`, and takes seconds',
  }),
})

/** What may change about a location; what is left out stays. */
export const locationUpdateSchema = z.strictObject({
  tier: tierSchema.optional(),
  priceId: z.string().min(1).max(200).optional(),
  region: z.string().min(1).max(100).optional(),
  firstByteMsP99: z.number().min(0).max(86_400_000).optional(),
  restoreHours: z.number().positive().max(10_000).nullable().optional(),
  capacityBytes: bytesSchema.nullable().optional(),
})
