import { z } from 'zod'

/** Whether this process can do its work; the checks only when asked with `?verbose`. */
export const healthSchema = z.object({
  status: z.enum(['ok', 'failing']),
  checks: z
    .array(
      z.object({
        name: z.string(),
        ok: z.boolean(),
        detail: z.string().nullable(),
        seconds: z.number(),
      }),
    )
    .optional(),
})
export type Health = z.infer<typeof healthSchema>
