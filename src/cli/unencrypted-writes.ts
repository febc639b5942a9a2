import type { BucketResource } from '../api/schemas/bucket.ts'
import type { LocationResource } from '../api/schemas/location.ts'
import type { PolicyResource } from '../api/schemas/policy.ts'
import type { StoreProbe } from '../api/schemas/store.ts'
import { isKnownToEncrypt, type StoreEncryption } from '../domain/encryption.ts'
import type { Api } from './api.ts'
import { CliError } from './exit-codes.ts'
import { namedPath } from './references.ts'
import type { Session } from './session.ts'

/** A bucket whose policy requires encryption, and which clients write to in a store that is not known to encrypt. */
export interface UnencryptedWrites {
  readonly bucket: string
  readonly policy: string
  readonly location: string
  readonly store: string
}

/**
 * Buckets that clients write to unencrypted against the word of their policies; each store in question is asked
 * once. One that does not answer is not told of: what it does is not known now.
 */
export async function findUnencryptedWrites(
  api: Api,
  isAskedFor: (bucket: BucketResource) => boolean = () => true,
): Promise<UnencryptedWrites[]> {
  const [policies, buckets, locations] = await Promise.all([
    listAll<PolicyResource>(api, '/v1/policies'),
    listAll<BucketResource>(api, '/v1/buckets'),
    listAll<LocationResource>(api, '/v1/locations'),
  ])
  const strict = new Set(policies.filter(({ spec }) => spec.encryption === 'required').map(({ id }) => id))
  const storeOf = new Map(locations.map(({ id, store }) => [id, store]))
  const wanting = buckets.flatMap(bucket => {
    const { policy, writeLocation } = bucket
    const store = storeOf.get(writeLocation.id)
    if (policy === null || !strict.has(policy.id) || store === undefined || !isAskedFor(bucket)) return []
    return [{ bucket: bucket.name, policy: policy.name, location: writeLocation.name, store }]
  })
  const storeIds = [...new Set(wanting.map(({ store }) => store.id))]
  const encrypting = new Map(
    await Promise.all(storeIds.map(async id => [id, await mayEncrypt(api, id)] as const)),
  )
  return wanting
    .filter(({ store }) => encrypting.get(store.id) === false)
    .map(found => ({ ...found, store: found.store.name }))
}

/**
 * Says under an answer which of these buckets clients write to unencrypted against the word of their policies. What was
 * asked for is done by then: that the question fails is said, and no error.
 */
export async function warnOfUnencryptedWrites(
  { api, out }: Pick<Session, 'api' | 'out'>,
  isAskedFor: (bucket: BucketResource) => boolean,
): Promise<void> {
  try {
    for (const writes of await findUnencryptedWrites(api, isAskedFor))
      out.say(`warning: ${unencryptedWritesText(writes)}: ${unencryptedWritesFix(writes)}`)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    out.say(`note: could not be checked whether what clients write is encrypted: ${error.message}`)
  }
}

/** What is wrong, in one sentence. */
export function unencryptedWritesText({ bucket, location, policy, store }: UnencryptedWrites): string {
  return `the policy ${policy} of bucket ${bucket} requires encryption, and the store ${store} of its write location ${location} is not known to encrypt: what clients write lies there unencrypted until a plan moves it`
}

/** What to do about it. */
export function unencryptedWritesFix({ bucket, store }: UnencryptedWrites): string {
  return `dim bucket set ${bucket} --location L, or dim store probe ${store} --learn where it encrypts`
}

async function mayEncrypt(api: Api, storeId: string): Promise<boolean> {
  const { capabilities } = await api.post<StoreProbe>(`${namedPath('store', storeId)}/probe`)
  return (
    capabilities === null || isKnownToEncrypt((capabilities.encryption ?? null) as StoreEncryption | null)
  )
}

async function listAll<Item>(api: Api, path: string): Promise<Item[]> {
  return (await api.list<Item>(path, {}, Number.POSITIVE_INFINITY)).items
}
