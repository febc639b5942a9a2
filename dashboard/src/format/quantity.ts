/** The one formatter of numbers: every number people see carries its unit and goes through here. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** A number split from its unit, so that a table can align the digits and grey the unit. */
export interface Quantity {
  readonly amount: string
  readonly unit: string
}

/** Shown wherever a value is not known, so that nobody takes it for zero. */
export const UNKNOWN = '–'

/** Bytes in binary units with three significant digits: 0 B, 512 B, 1.50 KiB, 12.3 MiB, 1,023 GiB. */
export function bytesQuantity(bytes: number): Quantity {
  if (!Number.isFinite(bytes)) return { amount: UNKNOWN, unit: '' }
  let value = Math.abs(bytes)
  let index = 0
  // 1,023.5 and more would round to 1,024 of the smaller unit.
  while (value >= 1023.5 && index < BYTE_UNITS.length - 1) {
    value /= 1024
    index += 1
  }
  const sign = bytes < 0 ? '−' : ''
  const amount = index === 0 ? grouped(value, 0) : significant(value)
  return { amount: sign + amount, unit: BYTE_UNITS[index]! }
}

/** Bytes as one string: see {@link bytesQuantity}. */
export function formatBytes(bytes: number): string {
  const { amount, unit } = bytesQuantity(bytes)
  return unit === '' ? amount : `${amount} ${unit}`
}

/** Below this, dollars in tables are only said to be small; {@link formatUsdExact} still writes them out. */
const USD_SMALL = 0.00001

/**
 * US dollars. From 1,000 whole dollars, from 1 two decimals, below that three significant digits, so that
 * the cost of a single object is not shown as nothing: $1,234, $12.30, $0.0123, <$0.00001.
 */
export function formatUsd(usd: number): string {
  const value = Math.abs(usd)
  if (value > 0 && value < USD_SMALL) return usd < 0 ? '−<$0.00001' : '<$0.00001'
  return formatUsdExact(usd)
}

/** US dollars as {@link formatUsd} writes them, with however many decimals it takes to show three digits. */
export function formatUsdExact(usd: number): string {
  if (!Number.isFinite(usd)) return UNKNOWN
  const value = Math.abs(usd)
  if (value === 0) return '$0'
  const sign = usd < 0 ? '−' : ''
  if (value >= 999.995) return `${sign}$${grouped(value, 0)}`
  if (value >= 0.9995) return `${sign}$${grouped(value, 2)}`
  const decimals = Math.min(15, 2 - Math.floor(Math.log10(value)))
  return `${sign}$${value.toFixed(decimals)}`
}

/**
 * Decimals with which all of these dollars are written in one column, so that they line up and add up: cents;
 * four significant digits of the largest where all are below a dollar; none from 100,000.
 */
export function usdDecimalsOf(amounts: readonly number[]): number {
  const largest = Math.max(0, ...amounts.map(Math.abs))
  if (largest >= 100_000) return 0
  if (largest >= 1 || largest === 0) return 2
  return Math.min(10, 3 - Math.floor(Math.log10(largest)))
}

/** US dollars with so many decimals, for columns that add up: $1,234.50, −$0.02134. */
export function formatUsdAt(usd: number | null, decimals: number): string {
  if (usd === null || !Number.isFinite(usd)) return UNKNOWN
  const text = `$${grouped(Math.abs(usd), decimals)}`
  return usd < 0 && Number(usd.toFixed(decimals)) !== 0 ? `−${text}` : text
}

/** A list price as its vendor writes it, without rounding: $0.023, $0.0004, $0.10, $5.00. */
export function formatUsdPrice(usd: number): string {
  if (!Number.isFinite(usd)) return UNKNOWN
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: usd === 0 ? 0 : 2, maximumFractionDigits: 9 })}`
}

/** A difference of dollars with its sign always written: +$1.20, −$0.40, $0. */
export function formatUsdChange(usd: number): string {
  return usd >= USD_SMALL ? `+${formatUsd(usd)}` : formatUsd(usd)
}

/** A count: grouped whole digits below a million, then M and G with three significant digits. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return UNKNOWN
  const value = Math.abs(count)
  const sign = count < 0 ? '−' : ''
  if (value < 999_999.5) return sign + grouped(value, 0)
  if (value < 999_500_000) return `${sign}${significant(value / 1e6)} M`
  return `${sign}${significant(value / 1e9)} G`
}

/** A rate in three significant digits with what it is per: `formatRate(12.34, 's')` is 12.3 /s. */
export function formatRate(perUnit: number, unit: string): string {
  return Number.isFinite(perUnit) ? `${formatDecimal(perUnit)} /${unit}` : UNKNOWN
}

/** A plain decimal number with three significant digits; whole digits from 100. */
export function formatDecimal(value: number): string {
  if (!Number.isFinite(value)) return UNKNOWN
  if (value === 0) return '0'
  const magnitude = Math.abs(value)
  const sign = value < 0 ? '−' : ''
  if (magnitude < 0.001) return `${sign}<0.001`
  return sign + trimZeros(significant(magnitude))
}

/** A heat score, 0 to 100: whole from 10, one decimal below. */
export function formatHeatScore(score: number): string {
  if (!Number.isFinite(score)) return UNKNOWN
  return score >= 9.95 ? score.toFixed(0) : score.toFixed(1)
}

/** A share of a whole between 0 and 1 as per cent: 12.3 %, 0 %, 100 %; never rounds to a bound it has not reached. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return UNKNOWN
  if (share <= 0) return '0 %'
  if (share >= 1) return '100 %'
  if (share < 0.001) return '<0.1 %'
  if (share > 0.999) return '>99.9 %'
  return `${trimZeros(significant(share * 100))} %`
}

/** A time to first byte or any other span of milliseconds: 0.8 ms, 45 ms, 1.20 s. */
export function formatMilliseconds(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return UNKNOWN
  return milliseconds < 999.5
    ? `${trimZeros(significant(milliseconds))} ms`
    : `${significant(milliseconds / 1000)} s`
}

function significant(value: number): string {
  if (value === 0) return '0'
  if (value >= 99.95) return grouped(value, 0)
  if (value >= 9.995) return value.toFixed(1)
  if (value >= 0.9995) return value.toFixed(2)
  return value.toPrecision(3)
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function grouped(value: number, decimals: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}
