import type { AddedLocationResource } from '../api/schemas/location.ts'
import type { StoreFindingsResource } from '../api/schemas/store.ts'

/** The command that finds out what a store can do. */
export function learningCommand(store: string): string {
  return `dim store probe ${store} --learn`
}

/** What became of finding out what the store of a new location can do, on one line; null when it was known. */
export function learningLine({ learning, store }: AddedLocationResource): string | null {
  switch (learning.outcome) {
    case 'known':
      return null
    case 'learnt':
      return findingsLine(store.name, learning.findings ?? { vendor: null, settings: null })
    case 'failed':
      return unknownLine(store.name, learning.because ?? 'it could not be asked')
    case 'not-asked':
      return unknownLine(store.name, '--no-learn')
    default:
      throw new Error(`unknown outcome ${learning.outcome satisfies never}`)
  }
}

/** Says that it is not known what a store can do, why, and what to do about it. */
export function unknownLine(store: string, because: string): string {
  return `warning: what ${store} can do is not known yet, so nothing is asked of it that servers differ in (${because}): ${learningCommand(store)}`
}

/** What was found out about a store, on one line: what it does, then what it does not. Pure. */
export function findingsLine(
  store: string,
  { vendor, settings }: Pick<StoreFindingsResource, 'vendor' | 'settings'>,
): string {
  const { capabilities, ...others } = settings ?? {}
  const found = Object.entries({ ...(capabilities as Record<string, unknown> | undefined), ...others })
  const does = found.filter(([, value]) => !isNothing(value)).map(describe)
  const lacks = found.filter(([, value]) => isNothing(value)).map(([name]) => name)
  const server = vendor === null ? '' : ` (${vendor})`
  return `learnt what ${store}${server} can do: ${does.join(', ') || 'nothing'}; not: ${lacks.join(', ') || 'nothing'}`
}

function isNothing(value: unknown): boolean {
  return value === false || value === 'none' || (Array.isArray(value) && value.length === 0)
}

function describe([name, value]: [string, unknown]): string {
  if (value === true) return name
  return `${name} ${Array.isArray(value) ? value.join('+') : String(value)}`
}
