import { z } from 'zod'
import { idSchema, readerClassSchema, wallTimeSchema } from './values.ts'

/** The key of an S3 client, without its secret. */
export const accessKeySchema = z.object({
  id: z.string(),
  readerClass: readerClassSchema,
  bucketIds: z.array(idSchema).nullable().meta({ description: 'Null: every bucket' }),
  mayWrite: z.boolean(),
  createdAt: wallTimeSchema,
  revokedAt: wallTimeSchema.nullable(),
})
export type AccessKeyResource = z.infer<typeof accessKeySchema>

/** An access key to be made. */
export const accessKeyCreateSchema = z.strictObject({
  readerClass: readerClassSchema.default('application'),
  bucketIds: z.array(idSchema).min(1).max(1_000).nullable().default(null),
  mayWrite: z.boolean().default(true),
})

/** A new access key with its secret: the only time it is shown. */
export const accessKeyCreatedSchema = accessKeySchema.extend({ secretAccessKey: z.string() })
