import { z } from 'zod'
import { bytesSchema, countSchema, idSchema, referenceSchema, wallTimeSchema } from './values.ts'

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
})
