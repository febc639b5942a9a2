import { realpath } from 'node:fs/promises'
import path from 'node:path'
import type { Store } from '../domain/store.ts'
import type { ListedObject } from '../stores/object-store.ts'

/**
 * Where a container really is, as far as settings and links of this machine tell: a folder, or a bucket of an
 * endpoint. Two stores with different names may reach one place; what only behaviour tells is found by
 * `compare-places.ts`.
 */
export interface Place {
  readonly kind: Store['kind']
  /** The folder, the endpoint and bucket, or the store itself. */
  readonly address: string
}

/**
 * The place of a container of a store. Buckets of AWS (an S3 store without an endpoint) and of Google are
 * global, and Google's can be reached as S3, too.
 */
export async function placeOf(
  store: Pick<Store, 'id' | 'kind' | 'settings'>,
  container: string,
): Promise<Place> {
  const { kind, settings } = store
  switch (kind) {
    case 'filesystem':
      return { kind, address: await realFolder(path.resolve(String(settings.root), container)) }
    case 's3':
      return isGoogle(settings.endpoint)
        ? { kind: 'gcs', address: `google/${container}` }
        : { kind, address: `${endpointOf(settings.endpoint)}/${container}` }
    case 'gcs': {
      const isGlobal = settings.endpoint === undefined || isGoogle(settings.endpoint)
      return { kind, address: `${isGlobal ? 'google' : endpointOf(settings.endpoint)}/${container}` }
    }
    case 'azure-blob':
      return { kind, address: `${accountEndpointOf(settings)}/${container}` }
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

/**
 * Whether two listings are of one container: most of what they show is equal in key, ETag and date. Not all,
 * because somebody may write between the two.
 */
export function areListingsOfOnePlace(one: readonly ListedObject[], other: readonly ListedObject[]): boolean {
  const shown = new Set(other.map(nameOf))
  const shared = one.filter(object => shown.has(nameOf(object))).length
  return shared > Math.max(one.length, other.length) / 2
}

function nameOf({ etag, key, lastModified, size }: ListedObject): string {
  return JSON.stringify([key, etag, lastModified, size])
}

/** A folder without links on the way to it; the part that is not there yet is taken as it is. */
async function realFolder(folder: string): Promise<string> {
  const real = await realpath(folder).catch(() => null)
  if (real !== null) return real
  const parent = path.dirname(folder)
  return parent === folder ? folder : path.join(await realFolder(parent), path.basename(folder))
}

function isInside(folder: string, outer: string): boolean {
  return folder.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep)
}

function isGoogle(endpoint: unknown): boolean {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return false
  return new URL(endpoint).hostname.toLowerCase().endsWith('.googleapis.com')
}

/** The account's own address; emulators and some networks have the account in the path. */
function accountEndpointOf({ account, endpoint }: Store['settings']): string {
  const address = endpoint ?? `https://${String(account)}.blob.core.windows.net`
  if (typeof address !== 'string' || !URL.canParse(address)) return String(account)
  return endpointOf(address) + new URL(address).pathname.replace(/\/+$/, '')
}

/** Names of this machine are one name; the port tells its servers apart. */
function endpointOf(endpoint: unknown): string {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return 'aws'
  const url = new URL(endpoint)
  const isHere = url.hostname === 'localhost' || url.hostname === '[::1]' || url.hostname.startsWith('127.')
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return `${isHere ? 'localhost' : url.hostname.toLowerCase()}:${port}`
}
