import { decodeCopyDescription } from '../../domain/copy-description.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'

/** Where bytes may lie: an open store, a container in it and the native key. */
export interface OpenPlace {
  readonly store: ObjectStore
  readonly container: string
  readonly nativeKey: string
}

/**
 * Whether two stores report one and the same bytes: identity, size, date and description are all equal. Two
 * stores can reach one place, for example when a folder was registered twice under two names. Equal content
 * alone does not make bytes the same: each publication describes its own intent.
 */
export function areSameBytes(one: StoredObject, other: StoredObject): boolean {
  const { etag, versionId } = one.identity
  if (etag === null && versionId === null) return false
  const [said, otherSaid] = [decodeCopyDescription(one.metadata), decodeCopyDescription(other.metadata)]
  return (
    etag === other.identity.etag &&
    versionId === other.identity.versionId &&
    one.size === other.size &&
    one.lastModified === other.lastModified &&
    said?.generation === otherSaid?.generation &&
    said?.intentId === otherSaid?.intentId
  )
}

/** What a store reports of a place, or null when nothing lies there. Rejects with a `StoreError`. */
export async function lookAt(
  place: OpenPlace,
  signal: AbortSignal,
  options: { readonly withTags?: boolean } = {},
): Promise<StoredObject | null> {
  try {
    return await place.store.head(place.container, place.nativeKey, { ...options, signal })
  } catch (error) {
    const isGone = error instanceof StoreError && ['not-found', 'container-not-found'].includes(error.kind)
    if (isGone) return null
    throw error
  }
}
