import type { StoreFindingsResource, StoreResource } from '../api/schemas/store.ts'
import type { Api } from './api.ts'
import { CliError } from './exit-codes.ts'
import { namedPath } from './references.ts'

/** What `dim store probe --learn` finds out about an account of Azure, which has no list of capabilities. */
const AZURE_FINDINGS = ['versions', 'tags', 'immutability', 'listOrder']

/** Whether nobody has said or found out what a store can do, so that nothing is asked of it that servers differ in. */
export function isUnknown({ kind, settings }: Pick<StoreResource, 'kind' | 'settings'>): boolean {
  switch (kind) {
    case 's3':
    case 'gcs':
      return Object.keys(settings.capabilities ?? {}).length === 0
    case 'azure-blob':
      return AZURE_FINDINGS.every(name => settings[name] === undefined)
    case 'filesystem':
    case 'memory':
      return false
    default:
      throw new Error(`unknown kind of store ${kind satisfies never}`)
  }
}

/** The command that finds out what a store can do. */
export function learningCommand(store: string): string {
  return `dim store probe ${store} --learn`
}

/** Finds out by trying what a store can do; resolves to a line for people, also when that failed. */
export async function learnInOneLine(
  api: Api,
  store: Pick<StoreResource, 'id' | 'name'>,
  container: string,
): Promise<string> {
  try {
    const findings = await api.post<StoreFindingsResource>(`${namedPath('store', store.id)}/findings`, {
      container,
    })
    if (findings.error === null) return findingsLine(store.name, findings)
    return unknownLine(store.name, findings.error.message)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return unknownLine(store.name, error.message)
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
