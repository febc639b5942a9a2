import type { Bucket } from '../../domain/bucket.ts'
import { type ObjectId, objectIdOf } from '../../domain/identifiers.ts'
import { objectIdInNativeKey, SHARED_CONTAINER_PREFIX } from '../../domain/native-key.ts'

/** Which object a native key would be of. */
export interface KeyedObject {
  readonly objectId: ObjectId
  readonly bucket: Bucket
  /** Null where the native key has the object's id instead. */
  readonly key: string | null
}

/**
 * The object that the catalog would keep under a native key of a container (see domain/native-key), or null
 * when no bucket keeps objects under such a key. So a page of any inventory finds its rows by primary key, in
 * any order.
 */
export function objectOfKey(
  nativeKey: string,
  {
    containerOwner,
    bucketsByName,
  }: { readonly containerOwner: Bucket | null; readonly bucketsByName: ReadonlyMap<string, Bucket> },
): KeyedObject | null {
  if (!nativeKey.startsWith(SHARED_CONTAINER_PREFIX)) {
    if (containerOwner === null) return null
    return { objectId: objectIdOf(containerOwner.id, nativeKey), bucket: containerOwner, key: nativeKey }
  }
  const rest = nativeKey.slice(SHARED_CONTAINER_PREFIX.length).replace(/^\//, '')
  const slash = rest.indexOf('/')
  const bucket = slash < 0 ? undefined : bucketsByName.get(rest.slice(0, slash))
  if (bucket === undefined) return null
  const objectId = objectIdInNativeKey(nativeKey)
  if (objectId !== null) return { objectId, bucket, key: null }
  const key = rest.slice(slash + 1)
  return { objectId: objectIdOf(bucket.id, key), bucket, key }
}
