/** Bytes for people, in powers of 1,024: `0 B`, `17.3 KiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${units[power]}`
}

/** A count with thousands apart: `1,234,567`. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Money of list prices. Small amounts keep three significant digits, so that they never read as nothing. */
export function usdText(usd: number): string {
  const size = Math.abs(usd)
  const digits = size === 0 || size >= 1 ? 2 : Math.min(12, 2 - Math.floor(Math.log10(size)))
  return `${usd < 0 ? '-' : ''}$${size.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: digits })}`
}

/** A length of time with its two largest units: `2 d 4 h`, `41 s`, `0.3 s`. */
export function durationText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** A moment for people: seconds of ISO 8601 in UTC; a hyphen for none. */
export function timeText(iso: string | null): string {
  return iso === null ? '-' : `${iso.slice(0, 19)}Z`
}

/** Text, or a hyphen for null. */
export function orHyphen(value: string | number | null): string {
  return value === null ? '-' : String(value)
}
