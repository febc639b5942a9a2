import { z } from 'zod'
import { COPY_STATES } from '../../domain/object.ts'
import { pageQueryOf } from './page.ts'
import { queryOf } from './query.ts'
import {
  bytesSchema,
  countSchema,
  daySchema,
  idSchema,
  modelTimeSchema,
  principalSchema,
  referenceSchema,
  tierSchema,
  wallTimeSchema,
} from './values.ts'

/** What an object is doing: the first that applies, from right to left. */
export const OBJECT_STATES = ['settled', 'pinned', 'migrating', 'quarantined'] as const
const objectStateSchema = z.enum(OBJECT_STATES)

/** Orders in which objects can be listed. Only `key` is served by an index; the others sort what matches. */
export const OBJECT_SORTS = ['key', 'heat', 'size', 'lastAccess'] as const

/** How often an object is read. */
export const heatSchema = z.object({
  score: z.number().min(0).max(100).meta({ description: 'One number to rank by: recency and frequency' }),
  perDay: z.number().min(0).meta({ description: 'Decayed rate with a half-life of 3 days' }),
  access1h: countSchema,
  access24h: countSchema,
  reads: countSchema.meta({ description: 'Since the object is known' }),
  writes: countSchema,
  bytesRead: bytesSchema,
  firstAccessAt: modelTimeSchema.nullable(),
  lastAccessAt: modelTimeSchema.nullable(),
})

/** Days whose reads a list carries. */
export const LIST_DAYS = 30

/** An object as lists show it. */
export const objectSummarySchema = z.object({
  id: idSchema,
  bucket: z.string(),
  key: z.string(),
  generation: z.int(),
  size: bytesSchema,
  contentType: z.string().nullable(),
  lastModifiedAt: wallTimeSchema,
  location: referenceSchema.nullable().meta({ description: 'Null when no good copy is left' }),
  tier: tierSchema.nullable(),
  state: objectStateSchema,
  heat: heatSchema,
  latencySlaMs: z.number().nullable(),
  dailyReads: z.array(countSchema).meta({
    description: `Reads of each of the last ${LIST_DAYS} model days, oldest first; empty when there were none`,
  }),
})
export type ObjectSummary = z.infer<typeof objectSummarySchema>

/** One replica of an object's current version. */
export const copySchema = z.object({
  id: idSchema,
  location: referenceSchema,
  tier: tierSchema,
  state: z.enum(COPY_STATES),
  isPrimary: z.boolean(),
  generation: z.int(),
  size: bytesSchema,
  nativeKey: z.string(),
  storeEtag: z.string().nullable(),
  storeVersionId: z.string().nullable(),
  enteredAt: modelTimeSchema,
  graceUntil: modelTimeSchema.nullable(),
  verifiedAt: modelTimeSchema.nullable(),
})

/** Everything known about one object, without its bytes. */
export const objectDetailSchema = objectSummarySchema.omit({ dailyReads: true }).extend({
  placementVersion: z.int(),
  etag: z.string(),
  sha256: z.string().nullable(),
  sha256Source: z.string().nullable(),
  crc64nvme: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  tags: z.record(z.string(), z.string()),
  pinnedLocation: referenceSchema.nullable(),
  pinnedUntil: modelTimeSchema.nullable(),
  quarantinedBecause: z.string().nullable(),
  copies: z.array(copySchema),
  daily: z
    .array(z.object({ day: daySchema, reads: countSchema, bytes: bytesSchema }))
    .meta({ description: 'One entry per model day without gaps, oldest first' }),
  migrationId: idSchema.nullable().meta({ description: 'The unfinished migration, if any' }),
  nextReviewAt: modelTimeSchema.nullable(),
  nextReviewReason: z.string().nullable(),
  createdAt: wallTimeSchema,
  principal: principalSchema,
})
export type ObjectDetail = z.infer<typeof objectDetailSchema>

/** Filters and order of the object search. */
export const objectQuerySchema = pageQueryOf({
  bucket: z.string().max(63).optional(),
  prefix: z.string().max(1_024).optional(),
  tier: tierSchema.optional(),
  location: z.string().max(63).optional().meta({ description: 'Name of the location of the primary copy' }),
  state: objectStateSchema.optional(),
  minHeat: z.coerce.number().min(0).optional().meta({ description: 'Reads per day, decayed over 3 days' }),
  sort: z.enum(OBJECT_SORTS).default('key').meta({
    description:
      'key ascends; heat, size and lastAccess descend. Only key is served by an index: the others look at every object that matches and are refused when that takes too long',
  }),
})

/** How many days of reads a detail carries. */
export const objectDetailQuerySchema = queryOf({
  days: z.coerce.number().int().min(1).max(90).default(30),
})

/** Path of one object: the bucket, and the key as the rest of the path, percent-encoded once. */
export const objectParametersSchema = z.object({ bucket: z.string(), key: z.string() })

/** What a person may decide about one object; what is left out stays, null takes it away. */
export const objectUpdateSchema = z.strictObject({
  latencySlaMs: z.number().positive().max(86_400_000).nullable().optional(),
  pin: z
    .strictObject({
      locationId: idSchema,
      until: modelTimeSchema.nullable().default(null),
    })
    .nullable()
    .optional(),
})
