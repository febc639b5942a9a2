import { z } from 'zod'
import { bytesSchema, countSchema, principalSchema, wallTimeSchema } from './values.ts'

/** How a location is emptied: what it costs, how far it is, and what keeps it. */
export const retirementSchema = z.object({
  location: z.string(),
  state: z.enum(['in-use', 'retiring', 'empty']),
  since: wallTimeSchema.nullable(),
  principal: principalSchema.nullable(),
  left: z.object({ copies: countSchema, bytes: bytesSchema }).meta({
    description: 'Every copy there, those in grace and retained ones included',
  }),
  readOutUsd: z.number().nullable().meta({
    description:
      'Requests, retrieval and egress over the internet for what is left, at most; null without a price',
  }),
  restore: z
    .object({
      copies: countSchema,
      hoursMax: z.number().meta({ description: 'How long an ordinary restore takes' }),
      usd: z.number().nullable().meta({
        description: 'Of `readOutUsd`, the requests to restore and the retrieval; null without a price',
      }),
      isPossible: z.boolean().nullable().meta({
        description: 'Whether the store restores objects; null when it cannot be opened',
      }),
    })
    .nullable()
    .meta({ description: 'What has to be restored before it is read; null where copies are online' }),
  storageUsdPerMonth: z.number().nullable().meta({ description: 'What keeping it costs' }),
  unfinishedMigrations: countSchema,
  pinned: countSchema.meta({ description: 'Objects that a person pinned there stay' }),
  writtenBy: z.array(z.string()).meta({ description: 'Buckets whose new objects are written there' }),
})
export type Retirement = z.infer<typeof retirementSchema>
