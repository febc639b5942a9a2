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
