import { type BudgetWindow, isTimeZone } from '../domain/store-budget.ts'
import { CliError, EXIT } from './exit-codes.ts'

const POWERS: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 }

/**
 * A window of a budget as people write it: `bytes=20MB,requests=50,from=08:00,to=18:00,zone=Europe/Berlin`.
 * Throws with exit code 2 for what is none.
 */
export function parseBudgetWindow(text: string): BudgetWindow {
  const window: Record<string, string | number> = {}
  for (const part of text.split(',')) {
    const [, name, value] = /^([a-z]+)=(.+)$/.exec(part.trim()) ?? []
    if (name === undefined || value === undefined) throw wrong(text, `"${part}" is no name=value`)
    Object.assign(window, partOf(text, name, value))
  }
  if (!('bytesPerSecond' in window || 'requestsPerSecond' in window))
    throw wrong(text, 'give bytes or requests')
  if ('from' in window !== 'to' in window) throw wrong(text, 'from and to belong together')
  return window
}

function partOf(text: string, name: string, value: string): BudgetWindow {
  switch (name) {
    case 'bytes':
      return { bytesPerSecond: parseByteRate(value) }
    case 'requests': {
      const requestsPerSecond = Number(value.replace(/\/s$/, ''))
      if (!(requestsPerSecond > 0)) throw wrong(text, `"${value}" is no number above 0`)
      return { requestsPerSecond }
    }
    case 'from':
    case 'to':
      if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(value)) throw wrong(text, `"${value}" is no time such as 08:00`)
      return { [name]: value }
    case 'zone':
      if (!isTimeZone(value)) throw wrong(text, `"${value}" is no time zone such as Europe/Berlin`)
      return { timeZone: value }
    default:
      throw wrong(text, `there is no "${name}": there are bytes, requests, from, to and zone`)
  }
}

/** Bytes per second such as `500000`, `20MB`, `1.5GiB/s`. Throws with exit code 2. */
export function parseByteRate(text: string): number {
  const [, amount, power, binary] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?(?:\/s)?$/i.exec(text) ?? []
  const rate =
    amount === undefined
      ? 0
      : Number(amount) * (binary === '' ? 1_000 : 1_024) ** POWERS[power!.toLowerCase()]!
  if (!(rate >= 1))
    throw new CliError(EXIT.usage, `"${text}" is no rate such as 500kB, 20MB or 1GiB per second`)
  return Math.round(rate)
}

function wrong(text: string, reason: string): CliError {
  return new CliError(EXIT.usage, `"${text}" is no window of a budget: ${reason}`)
}
