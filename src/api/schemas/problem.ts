import { z } from 'zod'

/** An error as RFC 9457 describes it; `code` is stable and documented, `detail` is for people. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().meta({ description: 'Path of the request' }),
  code: z.string(),
  errors: z
    .array(
      z.object({
        field: z.string().meta({ description: 'Where in the request, as a JSON pointer' }),
        message: z.string(),
      }),
    )
    .optional(),
})
export type Problem = z.infer<typeof problemSchema>
