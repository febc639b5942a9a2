import { z } from 'zod'
import { countSchema, idSchema } from './values.ts'

/** How many migrations one request looks at. */
export const RETRIES_MAX = 500

/** Which migrations that gave up are tried again. */
export const migrationRetriesRequestSchema = z
  .strictObject({
    planId: idSchema.optional(),
    errorKind: z.string().min(1).max(63).optional().meta({ description: 'Kind of the last error' }),
    after: idSchema.optional().meta({ description: 'What the request before answered as `next`' }),
  })
  .refine(({ planId, errorKind }) => planId !== undefined || errorKind !== undefined, {
    message: 'planId or errorKind is needed',
  })

/** What became of them. */
export const migrationRetriesSchema = z.object({
  retried: countSchema,
  refused: z
    .array(z.object({ because: z.string(), count: countSchema, example: idSchema }))
    .meta({ description: 'Those that cannot be tried again now, by the reason' }),
  next: idSchema.nullable().meta({
    description: `Null when all were looked at; else the request is repeated with this as \`after\`. One request looks at ${RETRIES_MAX} at most`,
  }),
})
export type MigrationRetries = z.infer<typeof migrationRetriesSchema>
