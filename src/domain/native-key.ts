import type { ObjectId } from './identifiers.ts'

/** Native keys that begin so belong to buckets that keep bytes in another bucket's container. */
export const SHARED_CONTAINER_PREFIX = 'dim-bucket='

/**
 * The key under which a store keeps the bytes of an object. In the container of its bucket it is the object's
 * own key; in a container that another bucket owns, the bucket's name stands in front, so that equal keys of
 * two buckets never meet. A key that would be too long for the store becomes the object's id; the copy's
 * description still names the bucket.
 */
export function nativeKeyOf(options: {
  readonly ownsContainer: boolean
  readonly bucketName: string
  readonly key: string
  readonly objectId: ObjectId
  readonly keyBytesMax: number
}): string {
  const prefix = `${SHARED_CONTAINER_PREFIX}${options.bucketName}/`
  const native = options.ownsContainer ? options.key : prefix + options.key
  if (Buffer.byteLength(native) <= options.keyBytesMax) return native
  return `${prefix}dim-object=${options.objectId}`
}
