import { z } from 'zod'
import { queryOf } from './query.ts'

/** The most items one page of any list holds. */
export const PAGE_LIMIT_MAX = 1_000
const PAGE_LIMIT_DEFAULT = 100

const pageShape = {
  cursor: z.string().max(4_096).optional().meta({ description: 'nextCursor of the page before; opaque' }),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
}

/** Query parameters of a list: where to go on, how many items at most, and the filters of `shape`. */
export function pageQueryOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return queryOf({ ...pageShape, ...shape })
}

/** Query parameters of a list without filters. */
export const pageQuerySchema = pageQueryOf({})

/** One page of a list; `nextCursor` is null on the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable(),
  })
}
