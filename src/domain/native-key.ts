import type { ObjectId } from './identifiers.ts'

/**
 * Native keys that begin so name the bucket they belong to: they are kept apart from a container's own keys.
 */
export const SHARED_CONTAINER_PREFIX = 'dim-bucket='
/** What stands before an object's id where its key would be too long. */
const OBJECT_PREFIX = 'dim-object='

/**
 * The key under which a store keeps the bytes of an object. In the container of its bucket it is the object's
 * own key; in a container that another bucket owns, the bucket's name stands in front, so that equal keys of
 * two buckets never meet. So it does before a key of its owner that looks as if it had such a name in front,
 * which is how every key can be kept: another installation's gateway may well use ours as its store. A key
 * that would be too long for the store becomes the object's id, where a bucket without a name would have its
 * keys, so that no key of a bucket is the same; the copy's description still names the bucket.
 *
 * Only new copies ask: a copy's row says under which key its bytes lie.
 */
export function nativeKeyOf(options: {
  readonly ownsContainer: boolean
  readonly bucketName: string
  readonly key: string
  readonly objectId: ObjectId
  readonly keyBytesMax: number
}): string {
  const prefix = `${SHARED_CONTAINER_PREFIX}${options.bucketName}/`
  const isKeptAsItIs = options.ownsContainer && !options.key.startsWith(SHARED_CONTAINER_PREFIX)
  const native = isKeptAsItIs ? options.key : prefix + options.key
  if (Buffer.byteLength(native) <= options.keyBytesMax) return native
  return `${SHARED_CONTAINER_PREFIX}/${options.bucketName}/${OBJECT_PREFIX}${options.objectId}`
}

/**
 * The object whose id stands in for its key in this native key, or null; also in the form of former
 * installations, `dim-bucket=<bucket>/dim-object=<id>`, which could be a key of that bucket as well.
 */
export function objectIdInNativeKey(nativeKey: string): ObjectId | null {
  if (!nativeKey.startsWith(SHARED_CONTAINER_PREFIX)) return null
  return /\/dim-object=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(nativeKey)?.[1] ?? null
}
