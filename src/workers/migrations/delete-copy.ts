import {
  type AnnounceDeletion,
  type AnnouncedDeletion,
  afterAnnouncement,
} from '../../database/writes/deletions-in-flight.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Copy, StoreIdentity } from '../../domain/object.ts'
import {
  type DeletionWay,
  deletionConditionOf,
  deletionWayOf,
  hasItsBytesThere,
  isSameCopy,
} from '../../migration/deletion.ts'
import {
  isRefusal,
  type ObjectStore,
  type StoredObject,
  StoreError,
  type StoreErrorKind,
} from '../../stores/object-store.ts'
import { describesAnother, describesObject, wasPublishedBy } from './copy-metadata.ts'
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
  /** It is known that these bytes lie in another place than every copy in `needed`. */
  readonly isApart: boolean
  /** The migration that made the copy, for bytes whose identity nobody wrote down. */
  readonly intent: Uuid | null
  /** The storage class that a change of these bytes may have given them, with another identity; or null. */
  readonly begunClass: string | null
  /** A fresh signal for each request. */
  readonly signal: () => AbortSignal
  /** The same for one that must be over after so many wall milliseconds. */
  readonly signalInTime: (msMax: number) => AbortSignal
  /** Makes durable that the bytes are about to go; see database/writes/deletions-in-flight. */
  readonly announce: AnnounceDeletion
  /** Rejects when the object's lock was lost. */
  readonly confirmLock: () => Promise<void>
  /** Awaited right before the deletion. */
  readonly beforeDeletion?: () => Promise<void>
}

/**
 * What became of the bytes. `deleted`: the store answered that they are gone. `absent`: they were gone already,
 * perhaps by a deletion that was never answered. `occupied`: another copy lives there.
 * `changed`: what lies there is not this copy. `unclear`: nor is it, but it says that it is content of this
 * object and generation. `refused`: the store holds them locked. `unsafe`: others write
 * there and the store cannot compare. `shared`: another store reaches the same bytes for a copy that is needed.
 */
export type DeletionOutcome =
  | 'deleted'
  | 'absent'
  | 'occupied'
  | 'changed'
  | 'unclear'
  | 'refused'
  | 'unsafe'
  | 'shared'

/**
 * Deletes the bytes of one copy, if they are still that copy's and nobody else's. Call it while the object is
 * locked. Rejects with a `StoreError` when the store could not be asked.
 */
export async function deleteCopyBytes(deletion: CopyDeletion): Promise<DeletionOutcome> {
  const outcome = await deleteAnnounced(deletion)
  // A change of its class may have landed between our look and our deletion.
  return outcome === 'changed' && deletion.begunClass !== null ? deleteAnnounced(deletion) : outcome
}

/** What the store is asked, it is asked after the announcement; see database/writes/deletions-in-flight. */
async function deleteAnnounced(deletion: CopyDeletion): Promise<DeletionOutcome> {
  if (deletion.others.some(other => hasItsBytesThere(other, null))) return 'occupied'
  const way = deletionWayOf(deletion.store.capabilities, deletion.bucket.mode)
  return afterAnnouncement(deletion, async announced => {
    const verdict =
      way === 'conditionally' && isWellKnown(deletion)
        ? { onlyIf: deletion.copy.identity }
        : await look(deletion, way, announced)
    if (typeof verdict === 'string') return verdict
    await deletion.beforeDeletion?.()
    return send(deletion, verdict.onlyIf, announced)
  })
}

/** What lies there: either it must not be deleted by us, or the condition under which it is. */
async function look(
  deletion: CopyDeletion,
  way: DeletionWay,
  { isRepeated }: Pick<AnnouncedDeletion, 'isRepeated'>,
): Promise<DeletionOutcome | { readonly onlyIf: StoreIdentity | null }> {
  const { store, container, copy, others } = deletion
  const found = await lookAt({ store, container, nativeKey: copy.nativeKey }, deletion.signal())
  if (found === null) {
    const isOurs = isRepeated || deletion.bucket.mode === 'exclusive'
    return isOurs && way !== 'not-at-all' && (await isHidden(deletion)) ? { onlyIf: copy.identity } : 'absent'
  }
  if (others.some(other => hasItsBytesThere(other, found) && !hasLostThem(deletion, other, found)))
    return 'occupied'
  if (!isThisCopy(deletion, found)) {
    // Another leftover, which has its own turn, is exactly what lies there.
    if (others.some(other => isSameCopy(other, found))) return 'occupied'
    return isOfThisContent(deletion, found) ? 'unclear' : 'changed'
  }
  if (way === 'not-at-all') return 'unsafe'
  if (await isNeeded(deletion, found)) return 'shared'
  return { onlyIf: deletionConditionOf(way, store.capabilities, found.identity) }
}

/**
 * Whether the version is still there although its key shows nothing: its store marks the key as deleted before it
 * deletes the version, and the deletion was cut off in between. A marker that others made hides what is theirs to
 * delete.
 */
async function isHidden({ store, container, copy, signal }: CopyDeletion): Promise<boolean> {
  if (!store.capabilities.versions || copy.identity.versionId === null) return false
  try {
    await store.head(container, copy.nativeKey, { onlyIf: copy.identity, signal: signal() })
    return true
  } catch (error) {
    const isGone = error instanceof StoreError && GONE_KINDS.has(error.kind)
    if (isGone) return false
    throw error
  }
}

const GONE_KINDS: ReadonlySet<string> = new Set([
  'not-found',
  'container-not-found',
  'precondition-failed',
] satisfies StoreErrorKind[])

/** Whether a look could say nothing that the catalog and the store's own comparison do not. */
function isWellKnown({ isApart, bucket, copy, others, store }: CopyDeletion): boolean {
  const isNamed = !store.capabilities.versions || copy.identity.versionId !== null
  const isKnown = copy.identity.etag !== null && isNamed
  return isApart && bucket.mode === 'exclusive' && isKnown && others.length === 0
}

async function send(
  { store, container, copy }: CopyDeletion,
  onlyIf: StoreIdentity | null,
  { beforeSending, withdraw }: AnnouncedDeletion,
): Promise<DeletionOutcome> {
  try {
    const condition = onlyIf === null ? {} : { onlyIf }
    await store.delete(container, copy.nativeKey, {
      ...condition,
      signal: beforeSending(),
    })
    return 'deleted'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'not-found') return 'deleted'
    if (isRefusal(error)) await withdraw()
    if (error.kind === 'precondition-failed') return 'changed'
    if (error.kind === 'locked') return 'refused'
    throw error
  }
}

/**
 * The identity is right, or the migration that made the copy published the bytes: it may have died before it
 * wrote the identity down, for the first time or after it published once more.
 */
function isThisCopy(deletion: CopyDeletion, found: StoredObject): boolean {
  const { copy, bucket, key, intent, store } = deletion
  const { generation } = copy
  if (describesAnother(found.metadata, { bucketName: bucket.name, key, generation })) return false
  if (isSameCopy(copy, found) || hasBegunClass(deletion, found)) return true
  if (store.capabilities.userMetadata) return intent !== null && wasPublishedBy(found.metadata, intent)
  // Without metadata nothing can say whose bytes these are; where only we write, they are ours.
  const isKnown = copy.identity.etag !== null || copy.identity.versionId !== null
  return bucket.mode === 'exclusive' && copy.size === found.size && (intent !== null || !isKnown)
}

/** Whether bytes are the copy's in the class that was asked for: where only we write, nobody else gave it to them. */
function hasBegunClass({ begunClass, bucket, copy }: CopyDeletion, found: StoredObject): boolean {
  const isIt = begunClass !== null && found.storageClass === begunClass && found.size === copy.size
  return isIt && bucket.mode === 'exclusive'
}

/**
 * Whether a copy that was left behind or found bad has other bytes than those that lie in its place, which were
 * published for this copy: nobody else would ever delete them.
 */
function hasLostThem({ copy, intent }: CopyDeletion, other: Copy, found: StoredObject): boolean {
  const isLeft = other.state === 'retained' || other.state === 'suspect'
  const isKnown = other.identity.etag !== null || other.identity.versionId !== null
  if (!isLeft || !isKnown || isSameCopy(other, found)) return false
  return isSameCopy(copy, found) || (intent !== null && wasPublishedBy(found.metadata, intent))
}

/** Whether bytes say that they are the content of this copy, whoever published them. */
function isOfThisContent({ copy, bucket, key }: CopyDeletion, found: StoredObject): boolean {
  const { generation } = copy
  if (describesAnother(found.metadata, { bucketName: bucket.name, key, generation })) return false
  return describesObject(found.metadata, bucket.name, key)
}

/** Whether a copy that is still needed turns out to be these very bytes, seen through another store. */
async function isNeeded({ needed, signal }: CopyDeletion, found: StoredObject): Promise<boolean> {
  for (const place of needed) {
    const there = await lookAt(place, signal())
    if (there !== null && areSameBytes(found, there)) return true
  }
  return false
}
