import path from 'node:path'
import type { Store } from '../domain/store.ts'

/**
 * Where a container really is, as far as settings tell: a folder, or a bucket of an endpoint. Two stores with
 * different names may reach one place.
 */
export interface Place {
  readonly kind: Store['kind']
  /** The folder, the endpoint and bucket, or the store itself. */
  readonly address: string
}

/** The place of a container of a store. An S3 store without an endpoint is AWS, whose buckets are global. */
export function placeOf(store: Pick<Store, 'id' | 'kind' | 'settings'>, container: string): Place {
  const { kind, settings } = store
  switch (kind) {
    case 'filesystem':
      return { kind, address: path.resolve(String(settings.root), container) }
    case 's3':
      return { kind, address: `${endpointOf(settings.endpoint)}/${container}` }
    case 'memory':
      return { kind, address: `${store.id}/${container}` }
  }
}

/** Whether two places are one, or one folder lies in the other. */
export function isSamePlace(one: Place, other: Place): boolean {
  if (one.kind !== other.kind) return false
  if (one.address === other.address) return true
  if (one.kind !== 'filesystem') return false
  return isInside(one.address, other.address) || isInside(other.address, one.address)
}

function isInside(folder: string, outer: string): boolean {
  return folder.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep)
}

/** Names of this machine are one name; the port tells its servers apart. */
function endpointOf(endpoint: unknown): string {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return 'aws'
  const url = new URL(endpoint)
  const isHere = url.hostname === 'localhost' || url.hostname === '[::1]' || url.hostname.startsWith('127.')
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return `${isHere ? 'localhost' : url.hostname.toLowerCase()}:${port}`
}
