import { z } from 'zod'
import { GIB } from '../../domain/bytes.ts'

/** Settings of a memory store. */
export const memorySettings = z.strictObject({
  capacityBytes: z
    .int()
    .positive()
    .default(GIB)
    .describe('How many bytes of objects and unfinished uploads the store takes. Default: 1 GiB.'),
})
export type MemorySettings = z.output<typeof memorySettings>

/** A memory store needs no credentials. */
export const memoryCredentials = z.null().optional()
