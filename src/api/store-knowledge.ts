import type { StoreResource } from './schemas/store.ts'

/** What is found out by trying about an account of Azure, which has no list of capabilities. */
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

/** Names of the settings that differ, in the order of the alphabet; the order of names inside one is of no matter. */
export function changedNames(
  before: StoreResource['settings'],
  after: Readonly<Record<string, unknown>>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.filter(name => canonical(before[name]) !== canonical(after[name]))
}

/** A text that is the same for the same value, whatever the order of its names. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, found: unknown) =>
    typeof found === 'object' && found !== null && !Array.isArray(found)
      ? Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)))
      : found,
  )
}
