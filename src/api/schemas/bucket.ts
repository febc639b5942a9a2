import { z } from 'zod'
import { BUCKET_MODES } from '../../domain/bucket.ts'
import { idSchema, principalSchema, referenceSchema, revisionSchema, wallTimeSchema } from './values.ts'

/** A name space of objects behind the gateway. */
export const bucketSchema = z.object({
  id: idSchema,
  name: z.string(),
  mode: z.enum(BUCKET_MODES),
  writeLocation: referenceSchema,
  policy: referenceSchema.nullable(),
  revision: revisionSchema,
  createdAt: wallTimeSchema,
  principal: principalSchema,
})
export type BucketResource = z.infer<typeof bucketSchema>

/** A bucket to be added. */
export const bucketCreateSchema = z.strictObject({
  name: z
    .string()
    .regex(/^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a name that S3 allows'),
  mode: z.enum(BUCKET_MODES),
  writeLocationId: idSchema,
  policyId: idSchema.nullable().default(null),
})

/** What may change about a bucket; what is left out stays. */
export const bucketUpdateSchema = z.strictObject({
  mode: z.enum(BUCKET_MODES).optional(),
  writeLocationId: idSchema.optional(),
  policyId: idSchema.nullable().optional(),
})
