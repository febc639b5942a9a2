import type { BucketWithTarget } from '../../database/catalog/buckets.ts'
import { type ObjectId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import { nativeKeyOf } from '../../domain/native-key.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import type { GatewayServices } from '../services.ts'

/** Where the bytes of one object go: the open store, the container and the native key. */
export interface OpenWriteTarget {
  readonly bucket: BucketWithTarget
  readonly key: string
  readonly objectId: ObjectId
  readonly store: ObjectStore
  readonly storeId: Uuid
  readonly locationId: Uuid
  readonly container: string
  readonly storageClass: string | null
  readonly nativeKey: string
}

/** Opens the store that takes new bytes of a bucket. */
export async function openWriteTarget(
  services: GatewayServices,
  bucket: BucketWithTarget,
  key: string,
): Promise<OpenWriteTarget> {
  const { storeId, locationId, container, storageClass } = bucket.writeTarget
  const store = await services.options.openStore(storeId)
  const objectId = objectIdOf(bucket.id, key)
  const nativeKey = nativeKeyOf({
    ownsContainer: bucket.writeTarget.ownsContainer,
    bucketName: bucket.name,
    key,
    objectId,
    keyBytesMax: store.capabilities.keyBytesMax,
  })
  return { bucket, key, objectId, store, storeId, locationId, container, storageClass, nativeKey }
}

/**
 * Whether the store is the one that is opened now. After minutes of waiting for a body it may have moved, and who
 * still has the former address must not begin to write there.
 */
export async function isOpenStill(
  services: GatewayServices,
  { store, storeId }: Pick<OpenWriteTarget, 'store' | 'storeId'>,
): Promise<boolean> {
  return (await services.options.openStore(storeId)) === store
}

/** Runs the first call of a write; a container that is not there yet is made, and the call repeated once. */
export async function withContainer<T>(target: OpenWriteTarget, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'container-not-found') throw error
    await target.store.ensureContainer(target.container)
    return call()
  }
}
