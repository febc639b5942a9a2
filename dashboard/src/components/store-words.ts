import type { Store } from '../api/types.ts'
import { formatBytes, formatDecimal, formatShare } from '../format/quantity.ts'

type BudgetWindow = Store['budget'][number]
type FaultRule = NonNullable<Store['drill']>['rules'][number]

/** How much a window of a budget allows: 19.1 MiB and 50 requests per second. */
export function ratesWords({ bytesPerSecond, requestsPerSecond }: BudgetWindow): string {
  const parts = [
    bytesPerSecond === undefined ? '' : formatBytes(bytesPerSecond),
    requestsPerSecond === undefined ? '' : `${formatDecimal(requestsPerSecond)} requests`,
  ]
  return `${parts.filter(Boolean).join(' and ')} per second`
}

/** When a window of a budget is open. */
export function hoursWords({ from, timeZone = 'UTC', to }: BudgetWindow): string {
  return from === undefined || to === undefined || from === to ? 'always' : `${from} to ${to}, ${timeZone}`
}

/** What fails on purpose, and how often. */
export function faultWords(rule: FaultRule): string {
  const { delayMs, fault, keyPrefix, nth, on, probability, refusal } = rule
  const how = [refusal, delayMs === undefined ? undefined : `${delayMs} ms`].filter(Boolean).join(', ')
  const parts = [
    how === '' ? fault : `${fault} (${how})`,
    on === undefined ? '' : `on ${on.join(', ')}`,
    probability === undefined ? '' : `for ${formatShare(probability)} of requests`,
    nth === undefined ? '' : `only request ${nth}`,
    keyPrefix === undefined ? '' : `of keys from ${keyPrefix}`,
  ]
  return parts.filter(Boolean).join(' ')
}
