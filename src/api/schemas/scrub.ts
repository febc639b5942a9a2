import { z } from 'zod'
import { SCRUB_VERDICTS } from '../../domain/scrub.ts'
import { pauseFactsSchema } from './pause.ts'
import { bytesSchema, countSchema, daySchema, modelTimeSchema } from './values.ts'

const scrubDaySchema = z.object({
  day: daySchema.meta({ description: 'Of the machine’s clock, UTC' }),
  copies: countSchema,
  bytes: bytesSchema,
  usd: z.number().meta({ description: 'Requests, retrieval and egress at list prices' }),
  verdicts: z.partialRecord(z.enum(SCRUB_VERDICTS), countSchema),
})

/** How far the scrubber is: what it looked at, what that cost, and what it found. */
export const scrubStatusSchema = z.object({
  state: z.enum(['working', 'waiting', 'paused']).meta({
    description: 'waiting: no process with the role scrubber took its turn within the last minute',
  }),
  pause: pauseFactsSchema.nullable(),
  settings: z.record(z.string(), z.unknown()).meta({ description: 'Of the process that had the last turn' }),
  oldestLookAt: modelTimeSchema.nullable().meta({
    description: 'The copy that nobody looked at or proved for the longest time; null while one never was',
  }),
  copies: countSchema.meta({ description: 'Kept in all places, in every state' }),
  dueCopies: countSchema.meta({
    description:
      'Complete ones that nobody looked at or proved for the interval in force (ever, while none is known), up to 100,000; counted anew so seldom that counting takes at most a hundredth of the time',
  }),
  badCopies: countSchema.meta({ description: 'Found bad, and not repaired yet' }),
  quarantinedObjects: countSchema.meta({
    description: 'Without a good copy, up to 10,000; a person must look',
  }),
  today: scrubDaySchema,
  days: z.array(scrubDaySchema),
})
export type ScrubStatus = z.infer<typeof scrubStatusSchema>
