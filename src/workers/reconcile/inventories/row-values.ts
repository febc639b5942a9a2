import type { InventoryRow } from './read-rows.ts'

/** A value as text; null when there is none. */
export function textOf(row: InventoryRow, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = row[name]
    if (value instanceof Uint8Array) return Buffer.from(value).toString()
    if (value !== undefined && value !== null && value !== '') return String(value)
  }
  return null
}

/** A value as a whole number from 0; null when there is none, NaN when it is not one. */
export function countOf(row: InventoryRow, ...names: readonly string[]): number | null {
  const text = textOf(row, ...names)
  if (text === null) return null
  const count = Number(text)
  return Number.isSafeInteger(count) && count >= 0 ? count : Number.NaN
}

/** A value as yes or no; null when there is none. */
export function flagOf(row: InventoryRow, name: string): boolean | null {
  const text = textOf(row, name)
  return text === null ? null : text.toLowerCase() === 'true'
}

/** A value as milliseconds since 1970; null when there is none or it is no date. */
export function instantOf(row: InventoryRow, ...names: readonly string[]): number | null {
  for (const name of names) {
    const value = row[name]
    if (value instanceof Date) return value.getTime()
    if (typeof value === 'bigint' || typeof value === 'number') return Number(value)
    if (typeof value !== 'string' || value === '') continue
    const ms = Date.parse(value)
    if (!Number.isNaN(ms)) return ms
  }
  return null
}

/** An ETag without its quotes. */
export function etagOf(row: InventoryRow): string | null {
  return textOf(row, 'etag')?.replace(/^"(.*)"$/, '$1') ?? null
}
