import type { BucketWithTarget } from '../../database/buckets.ts'
import type { ObjectId } from '../../domain/identifiers.ts'
import { GatewayError } from '../error-table.ts'

/** Native keys that begin so belong to buckets that share another bucket's container. */
const SHARED_PREFIX = 'dim-bucket='

/**
 * The key under which a store keeps the bytes of an object. In the container of its bucket it is the
 * object's own key; in a container that another bucket owns, the bucket's name stands in front. A key that
 * would be too long for the store becomes the object's id, and the copy's description still names the key.
 */
export function nativeKeyOf(
  bucket: BucketWithTarget,
  key: string,
  objectId: ObjectId,
  keyBytesMax: number,
): string {
  const { ownsContainer } = bucket.writeTarget
  if (ownsContainer && key.startsWith(SHARED_PREFIX)) {
    throw new GatewayError('InvalidArgument', `Keys that begin with ${SHARED_PREFIX} are reserved.`)
  }
  const prefix = ownsContainer ? '' : `${SHARED_PREFIX}${bucket.name}/`
  if (Buffer.byteLength(prefix) + Buffer.byteLength(key) <= keyBytesMax) return prefix + key
  return `${SHARED_PREFIX}${bucket.name}/dim-object=${objectId}`
}
