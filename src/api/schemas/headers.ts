import { z } from 'zod'

/** Headers of a change of something that has revisions. */
export const ifMatchHeadersSchema = z.looseObject({
  'if-match': z
    .string()
    .optional()
    .meta({ description: 'The ETag of the last answer; without it 428, outdated 412' }),
})

/** Headers of a POST that creates moves or reads. */
export const idempotencyHeadersSchema = z.looseObject({
  'idempotency-key': z
    .string()
    .optional()
    .meta({ description: 'Repeating a request with the same key gives the first answer for 24 hours' }),
})
