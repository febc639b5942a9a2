import { useEffect, useMemo, useRef } from 'react'

/** Rows as shown, and how many new ones wait above them. */
export interface HeldRows<Row> {
  readonly rows: readonly Row[] | undefined
  readonly waiting: number
}

/**
 * Keeps a list from jumping under somebody's eyes: while `held`, rows that newly came to the top wait, and
 * rows already shown go on changing in place.
 */
export function useHeldRows<Row>(
  rows: readonly Row[] | undefined,
  keyOf: (row: Row) => string,
  held: boolean,
): HeldRows<Row> {
  const known = useRef<ReadonlySet<string> | null>(null)
  const result = useMemo(() => heldRows(rows, keyOf, held ? known.current : null), [rows, keyOf, held])
  useEffect(() => {
    if (result.rows !== undefined) known.current = new Set(result.rows.map(keyOf))
  }, [result, keyOf])
  return result
}

/** The rows to show when only those after the first known one may be; null knows no rows and holds nothing. */
export function heldRows<Row>(
  rows: readonly Row[] | undefined,
  keyOf: (row: Row) => string,
  known: ReadonlySet<string> | null,
): HeldRows<Row> {
  if (rows === undefined || known === null || known.size === 0) return { rows, waiting: 0 }
  const first = rows.findIndex(row => known.has(keyOf(row)))
  if (first < 0) return { rows, waiting: 0 }
  return { rows: rows.slice(first), waiting: first }
}
