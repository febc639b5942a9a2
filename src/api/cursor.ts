import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ApiError } from './problems.ts'

/**
 * Where a page ended, as opaque text. `list` names the list with its filters and order, so that a cursor of
 * another search is refused rather than silently giving a wrong page.
 */
export function encodeCursor(list: readonly unknown[], position: readonly unknown[]): string {
  return Buffer.from(JSON.stringify([fingerprint(list), ...position])).toString('base64url')
}

/** The position in a cursor, or null without one. Throws an ApiError `invalid-cursor`. */
export function decodeCursor<Position extends z.ZodTuple>(
  list: readonly unknown[],
  position: Position,
  cursor: string | undefined,
): z.output<Position> | null {
  if (cursor === undefined) return null
  const parsed = z.tuple([z.literal(fingerprint(list))], z.unknown()).safeParse(parseJson(cursor))
  const rest = parsed.success ? position.safeParse(parsed.data.slice(1)) : null
  if (rest?.success !== true)
    throw new ApiError(
      'invalid-cursor',
      'start again without cursor: it belongs to another list or is damaged',
    )
  return rest.data
}

/**
 * One page of `limit` items out of at most `limit` + 1 rows: the extra row only says that there is a next page.
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  present: (row: Row) => Item,
  cursorOf: (last: Row) => string,
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(present),
    nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  }
}

function fingerprint(list: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(list)).digest('base64url').slice(0, 11)
}

function parseJson(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    // Whatever is not JSON is refused like any other foreign cursor.
    return null
  }
}
