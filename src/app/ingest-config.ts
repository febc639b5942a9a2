import { z } from 'zod'
import { READER_WEIGHT_MIN, READER_WEIGHTS_DEFAULT } from '../heat/reader-weights.ts'

/** Ten reads of a weightier class would drown everybody else's. */
const READER_WEIGHT_MAX = 10

/** How much a read by one class counts. */
function weightOf(readerClass: keyof typeof READER_WEIGHTS_DEFAULT, whose: string) {
  return z
    .number()
    .refine(
      weight => weight === 0 || (weight >= READER_WEIGHT_MIN && weight <= READER_WEIGHT_MAX),
      `must be 0, or from ${READER_WEIGHT_MIN} to ${READER_WEIGHT_MAX}`,
    )
    .default(READER_WEIGHTS_DEFAULT[readerClass])
    .describe(
      `How much a read by ${whose} counts towards heat: ${READER_WEIGHT_MIN} to ${READER_WEIGHT_MAX}, or 0 for no trace. ` +
        'Later events only: heat that is stored keeps the weights it was made with',
    )
}

/**
 * Settings of the role that turns the event log into counters and heat; every process of it needs the same
 * weights.
 */
export const ingestConfig = z.strictObject({
  batchEventsMax: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(50_000)
    .describe('Events applied in one transaction at most'),
  idleMs: z.int().min(10).max(60_000).default(200).describe('Rest between looks when no event is waiting'),
  partitionsMax: z
    .int()
    .min(1)
    .max(1_024)
    .default(64)
    .describe(
      'Partitions of the event log this process reads at most. Lower it so that several processes share the log; ' +
        'together they must take all of its partitions',
    ),
  readerWeights: z
    .strictObject({
      application: weightOf('application', 'an application'),
      interactive: weightOf('interactive', 'a person'),
      analytics: weightOf('analytics', 'an analysis'),
      scan: weightOf('scan', 'a scan'),
      backup: weightOf('backup', 'a backup'),
    })
    .refine(
      weights => Object.values(weights).some(weight => weight > 0),
      'at least one class of readers must count, else every object grows cold',
    )
    .prefault({}),
})
