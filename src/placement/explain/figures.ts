import type { Bytes } from '../../domain/bytes.ts'
import type { Instant } from '../../domain/clock.ts'
import { DAY, HOUR, MINUTE } from '../../domain/duration.ts'

/** The one formatter of numbers in explanations: every number carries its unit. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Bytes in binary units with three significant digits: 0 B, 1.50 KiB, 12.3 MiB, 954 MiB. */
export function bytesText(bytes: Bytes): string {
  const steps = bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10)
  const index = Math.min(steps, BYTE_UNITS.length - 1)
  return `${index === 0 ? bytes : threeDigits(bytes / 1024 ** index)} ${BYTE_UNITS[index]}`
}

/** US dollars: two decimals from 1, three significant digits below: $12.30, $0.0123, $0.00000250. */
export function usdText(usd: number): string {
  return withSign(usd, amount => `$${decimals(amount, digitsFor(amount))}`)
}

/**
 * Parts and their sum with so many decimals that the sum shows four significant digits. Rounding is put into
 * the largest part, so that the parts a person sees add up to the sum a person sees; a part that rounds to
 * nothing is null.
 */
export function usdSumText(
  parts: readonly number[],
  total: number,
): { parts: (string | null)[]; total: string } {
  const places = total <= 0 ? 2 : Math.min(11, Math.max(2, 3 - Math.floor(Math.log10(total))))
  const unit = 10 ** places
  const units = parts.map(part => Math.round(part * unit))
  const missing = Math.round(total * unit) - units.reduce((sum, part) => sum + part, 0)
  const largest = units.indexOf(Math.max(...units))
  if (largest >= 0) units[largest] = units[largest]! + missing
  return {
    parts: units.map(part => (part === 0 ? null : `$${decimals(part / unit, places)}`)),
    total: `$${decimals(total, places)}`,
  }
}

/** How often an object is read, as a clause: it is read 4.62 times a day, it is read once in 20 days. */
export function readRateText(readsPerDay: number): string {
  if (readsPerDay < 1 / 3_650) return 'it is practically never read'
  if (readsPerDay < 0.1) return `it is read once in ${threeDigits(1 / readsPerDay)} days`
  return readsPerDay === 1 ? 'it is read once a day' : `it is read ${threeDigits(readsPerDay)} times a day`
}

/** An edge of a heat band, as policies write it: 0.5 reads a day. */
export function edgeText(readsPerDay: number): string {
  return `${plain(readsPerDay)} ${readsPerDay === 1 ? 'read' : 'reads'} a day`
}

/** A length of time: 3.25 days, 5 hours, 12 minutes. */
export function durationText(ms: number): string {
  if (ms >= 2 * DAY) return `${threeDigits(ms / DAY)} days`
  if (ms >= 2 * HOUR) return `${Math.round(ms / HOUR)} hours`
  const minutes = Math.round(ms / MINUTE)
  return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`
}

/** A number of days: 30 days, 1 day, 2.5 days. */
export function daysText(days: number): string {
  return days === 1 ? '1 day' : `${days >= 100 ? decimals(days, 0) : plain(Number(days.toPrecision(2)))} days`
}

/** A moment to the minute: 2026-09-29 14:32 UTC. */
export function momentText(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** A number as people write it, without trailing zeros. */
export function plain(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 6 })
}

function threeDigits(value: number): string {
  if (value >= 100) return decimals(value, 0)
  const places = value >= 10 ? 1 : value >= 1 ? 2 : 3
  return decimals(value, places).replace(/\.?0+$/, '')
}

function digitsFor(usd: number): number {
  if (usd >= 1 || usd === 0) return 2
  return Math.min(11, Math.max(2, 2 - Math.floor(Math.log10(usd))))
}

function decimals(value: number, places: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })
}

function withSign(value: number, text: (amount: number) => string): string {
  return value < 0 ? `-${text(-value)}` : text(value)
}
