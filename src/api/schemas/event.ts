import { z } from 'zod'
import { queryOf } from './query.ts'
import {
  bytesSchema,
  countSchema,
  idSchema,
  modelTimeSchema,
  readerClassSchema,
  wallTimeSchema,
} from './values.ts'

/** One access of the live tail. */
export const accessEventSchema = z.object({
  objectId: idSchema,
  bucket: z.string().nullable(),
  key: z.string().nullable().meta({ description: 'Null once the object is gone from the catalog' }),
  operation: z.enum(['read', 'head', 'write', 'delete']),
  at: modelTimeSchema,
  bytes: bytesSchema,
  readerClass: readerClassSchema,
  location: z.string().nullable(),
})
export type AccessEventResource = z.infer<typeof accessEventSchema>

/** The newest access events, newest first. A tail is a window, not a history: it has no cursor. */
export const eventTailSchema = z.object({ items: z.array(accessEventSchema) })

/** How many of the newest events to show. */
export const eventTailQuerySchema = queryOf({ limit: z.coerce.number().int().min(1).max(200).default(50) })

/** How far the event log is read. */
export const eventLagSchema = z.object({
  lagSeconds: z.number(),
  lagMessages: z.number(),
  partitions: z.array(
    z.object({
      source: z.string(),
      partition: z.int(),
      nextOffset: z.int(),
      endOffset: z.int(),
      lagMessages: z.int(),
      eventsApplied: z.int(),
      owner: z.string().nullable(),
      lastEventAt: modelTimeSchema.nullable(),
      lastAppliedAt: wallTimeSchema.nullable(),
    }),
  ),
})

/** An event that could not be understood, kept with the reason. */
export const deadLetterSchema = z.object({
  id: idSchema,
  source: z.string(),
  partition: z.int().nullable(),
  offset: z.int().nullable(),
  reason: z.string(),
  payload: z.string().meta({ description: 'As text where it is UTF-8, else as base64' }),
  payloadEncoding: z.enum(['utf-8', 'base64']),
  payloadBytes: bytesSchema,
  receivedAt: wallTimeSchema,
  replayedAt: wallTimeSchema.nullable(),
})
export type DeadLetterResource = z.infer<typeof deadLetterSchema>

/** A dead letter with its whole payload, and what a replay would do with it. */
export const deadLetterDetailSchema = deadLetterSchema.extend({
  replayableEvents: countSchema.meta({ description: 'Events a replay would put into the log' }),
})
export type DeadLetterDetail = z.infer<typeof deadLetterDetailSchema>

/** A dead letter after a replay. */
export const deadLetterReplaySchema = deadLetterSchema.extend({
  replayedEvents: countSchema.meta({
    description: 'Put into the log now; 0 when that had been done before, or it is still malformed',
  }),
})
export type DeadLetterReplay = z.infer<typeof deadLetterReplaySchema>
