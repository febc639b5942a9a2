import type { BucketMode } from '../../domain/bucket.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Copy } from '../../domain/object.ts'
import { deletionWayOf, isSameCopy } from '../../migration/deletion.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'
import { describesAnother, wasPublishedBy } from './copy-metadata.ts'
import { areSameBytes, lookAt, type OpenPlace } from './same-bytes.ts'

/** Bytes that are to be deleted, and all that says whether they may be. */
export interface CopyDeletion {
  readonly store: ObjectStore
  readonly container: string
  readonly copy: Copy
  readonly bucket: { readonly name: string; readonly mode: BucketMode }
  readonly key: string
  /** Other copies whose bytes lie in the same place, as the catalog says while the object is locked. */
  readonly others: readonly Copy[]
  /** Where copies of the object that are still needed lie, as far as these bytes may be theirs. */
  readonly needed: readonly OpenPlace[]
  /** The migration that published the bytes, for a copy whose identity nobody wrote down. */
  readonly intent: Uuid | null
  /** A fresh signal for each request. */
  readonly signal: () => AbortSignal
  /** Awaited right before the deletion. */
  readonly beforeDeletion?: () => Promise<void>
}

/**
 * What became of the bytes. `absent`: they were gone already. `occupied`: another copy lives there.
 * `changed`: what lies there is not this copy. `refused`: the store holds them locked. `unsafe`: others write
 * there and the store cannot compare. `shared`: another store reaches the same bytes for a copy that is needed.
 */
export type DeletionOutcome = 'deleted' | 'absent' | 'occupied' | 'changed' | 'refused' | 'unsafe' | 'shared'

/**
 * Deletes the bytes of one copy, if they are still that copy's and nobody else's. Call it while the object is
 * locked. Rejects with a `StoreError` when the store could not be asked.
 */
export async function deleteCopyBytes(deletion: CopyDeletion): Promise<DeletionOutcome> {
  const { store, container, copy } = deletion
  if (deletion.others.some(other => other.state !== 'deleting')) return 'occupied'
  const found = await lookAt({ store, container, nativeKey: copy.nativeKey }, deletion.signal())
  if (found === null) return 'absent'
  if (!isThisCopy(deletion, found)) return 'changed'
  const way = deletionWayOf(store.capabilities, deletion.bucket.mode)
  if (way === 'not-at-all') return 'unsafe'
  if (await isNeeded(deletion, found)) return 'shared'
  await deletion.beforeDeletion?.()
  try {
    const onlyIf = way === 'conditionally' ? { onlyIf: found.identity } : {}
    await store.delete(container, copy.nativeKey, { ...onlyIf, signal: deletion.signal() })
    return 'deleted'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'precondition-failed') return 'changed'
    if (error.kind === 'not-found') return 'absent'
    // The store let us look at these bytes a moment ago, so it is the bytes that are locked.
    if (error.kind === 'access-denied') return 'refused'
    throw error
  }
}

function isThisCopy({ copy, bucket, key, intent, store }: CopyDeletion, found: StoredObject): boolean {
  const { generation } = copy
  if (describesAnother(found.metadata, { bucketName: bucket.name, key, generation })) return false
  const isKnown = copy.identity.etag !== null || copy.identity.versionId !== null
  if (isKnown) return isSameCopy(copy, found)
  // Without metadata nothing can say whose bytes these are; where only we write, they are ours.
  if (!store.capabilities.userMetadata) return bucket.mode === 'exclusive' && copy.size === found.size
  return intent !== null && wasPublishedBy(found.metadata, intent)
}

/** Whether a copy that is still needed turns out to be these very bytes, seen through another store. */
async function isNeeded({ needed, signal }: CopyDeletion, found: StoredObject): Promise<boolean> {
  for (const place of needed) {
    const there = await lookAt(place, signal())
    if (there !== null && areSameBytes(found, there)) return true
  }
  return false
}
