import { z } from 'zod'
import { bytesSchema, countSchema, idSchema, referenceSchema, wallTimeSchema } from './values.ts'

const keysSchema = z.array(z.string())

const IMPORT_STATES = ['running', 'interrupted', 'done', 'failed'] as const

/** Listing what already lies in a container into the catalog. */
export const importSchema = z.object({
  id: idSchema,
  bucket: referenceSchema,
  location: referenceSchema,
  prefix: z.string(),
  state: z.enum(IMPORT_STATES),
  lastKey: z.string().nullable().meta({ description: 'Everything up to here is in the catalog' }),
  objects: countSchema,
  bytes: bytesSchema,
  known: countSchema.meta({ description: 'Keys the catalog had already' }),
  skipped: countSchema,
  skippedBecause: z.record(z.string(), z.object({ count: countSchema, example: z.string() })),
  changed: countSchema.meta({ description: 'Objects that others overwrote: the catalog follows' }),
  conflicting: countSchema.meta({
    description:
      'Objects of an exclusive bucket whose bytes are not the ones of the catalog: nothing was changed',
  }),
  removed: countSchema.meta({ description: 'Objects or copies that others removed: the catalog follows' }),
  missing: countSchema.meta({
    description: 'Copies that are gone but stay in the catalog: of an exclusive bucket, or too many at once',
  }),
  foreignKeys: z
    .object({ changed: keysSchema, conflicting: keysSchema, removed: keysSchema, missing: keysSchema })
    .partial()
    .meta({ description: 'The first 20 keys of each' }),
  removalsWithheld: z.boolean().meta({
    description: 'More than half of the bucket is missing: nothing was removed before acceptRemovals says so',
  }),
  error: z.string().nullable(),
  startedAt: wallTimeSchema,
  updatedAt: wallTimeSchema,
})
export type ImportResource = z.infer<typeof importSchema>

/** An import to be started. */
export const importCreateSchema = z.strictObject({
  bucketId: idSchema,
  locationId: idSchema,
  prefix: z.string().max(1_024).default(''),
  acceptRemovals: z.boolean().default(false).meta({
    description: 'Follow removals in the container also when they are more than half of the bucket',
  }),
})
