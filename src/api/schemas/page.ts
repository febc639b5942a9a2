import { z } from 'zod'

/** The most items one page of any list holds. */
export const PAGE_LIMIT_MAX = 1_000
const PAGE_LIMIT_DEFAULT = 100

/** Query parameters of every list: where to go on, and how many items at most. */
export const pageQuerySchema = z.object({
  cursor: z.string().max(4_096).optional().meta({ description: 'nextCursor of the page before; opaque' }),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
})

/** One page of a list; `nextCursor` is null on the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable(),
  })
}
