import { holdBucket } from '../../database/catalog/buckets.ts'
import { deleteCopyRow, listPlacedCopies } from '../../database/catalog/copies.ts'
import { lookAtObject, type ObjectState } from '../../database/catalog/objects.ts'
import type { Connection } from '../../database/postgres.ts'
import { type AnnouncedDeletion, afterAnnouncement } from '../../database/writes/deletions-in-flight.ts'
import {
  completeMultipartUpload,
  deleteMultipartUpload,
  findMultipartUpload,
} from '../../database/writes/multipart-uploads.ts'
import { confirmLock } from '../../database/writes/object-lock.ts'
import {
  commitGeneration,
  retireFormerCopies,
  type VersionFacts,
} from '../../database/writes/object-publication.ts'
import { isPublicationInFlight, PublicationInFlight } from '../../database/writes/publications-in-flight.ts'
import {
  deleteWriteIntent,
  type FoundWriteIntent,
  listPublishingIntents,
  lockWriteIntent,
} from '../../database/writes/write-intents.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import { publishingIntentOf } from '../../domain/copy-description.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import { judgeInterruptedWrite } from '../../domain/interrupted-write.ts'
import { type DeletionWay, deletionConditionOf, deletionWayOf } from '../../migration/deletion.ts'
import { isRefusal, type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'
import type { GatewayServices } from '../services.ts'

/** A write is waited for twice as long as another gateway needs to notice that its writer is gone. */
const LANDING_INTENT_AGES = 2

/** What became of an intent; `may-still-land`: nothing was published yet, and it stays. */
export type Settlement = 'rolled-forward' | 'dropped' | 'already-settled' | 'may-still-land'

/** An intent whose bytes lie under the native key. */
interface PublishedIntent {
  readonly store: ObjectStore
  readonly intent: FoundWriteIntent & { readonly version: VersionFacts; readonly baseGeneration: number }
  readonly found: StoredObject
}

/**
 * Settles an intent whose writer is gone, under the object's lock: bytes that carry the intent's id were
 * published, so the catalog follows them if nothing was committed since, and they are deleted otherwise. When
 * nothing became visible and no longer can, what was staged is thrown away. Rejects when the store cannot be
 * asked: the intent then stays.
 */
export async function settleIntent(
  services: GatewayServices,
  connection: Connection,
  intentId: Uuid,
): Promise<Settlement> {
  const intent = await lockWriteIntent(connection, intentId)
  if (intent === null) return 'already-settled'
  const store = await services.options.openStore(intent.storeId)
  // Asked before the look: what lands while it lasts, and is announced no longer after it, would be missed.
  const mayLand = mayStillLand(services, intent) || (await isAnnounced(connection, store, intent))
  const published = await findPublished(store, intent)
  if (published !== null) return settlePublished(services, connection, published)
  if (mayLand) return 'may-still-land'
  const { generation } = await lookAtObject(connection, intent.objectId)
  const mayBeReplaced = intent.baseGeneration !== null && intent.baseGeneration !== generation
  await forgetStaged(connection, store, intent, mayBeReplaced)
  return 'dropped'
}

/**
 * Whether a store may still do what it was asked: a request outlives its connection, and a store that is a
 * gateway like this one settles what was cut off there by its own clock first.
 */
function mayStillLand({ options }: GatewayServices, intent: FoundWriteIntent): boolean {
  if (intent.baseGeneration === null || intent.version === null) return false
  const age = options.wallClock.now() - intent.version.lastModified
  return age < LANDING_INTENT_AGES * options.limits.intentAgeMs
}

/** Whether its writer, or another one of the object, may be sending to a store that cannot compare. */
async function isAnnounced(
  connection: Connection,
  { capabilities }: ObjectStore,
  { objectId }: FoundWriteIntent,
): Promise<boolean> {
  return !capabilities.conditionalPut && (await isPublicationInFlight(connection, objectId))
}

/**
 * Settles the intents of one object whose bytes are visible already. Resolves to how many others may be
 * published yet: their bytes are not there, or their store cannot be asked.
 */
export async function settlePublishedIntents(
  services: GatewayServices,
  connection: Connection,
  objectId: ObjectId,
): Promise<number> {
  let left = 0
  for (const intent of await listPublishingIntents(connection, objectId)) {
    try {
      const store = await services.options.openStore(intent.storeId)
      const published = await findPublished(store, intent)
      if (published === null) left++
      else await settlePublished(services, connection, published)
    } catch (error) {
      // A store is asked before anything is written, so the transaction is as it was.
      if (!(error instanceof StoreError || error instanceof PublicationInFlight)) throw error
      left++
      services.options.log.warn({ error, intent: intent.id }, 'an interrupted write could not be settled yet')
    }
  }
  return left
}

/** The object under the native key, if it is the one this intent published. */
async function findPublished(store: ObjectStore, intent: FoundWriteIntent): Promise<PublishedIntent | null> {
  const { version, baseGeneration } = intent
  if (version === null || baseGeneration === null) return null
  try {
    const found = await store.head(intent.container, intent.nativeKey)
    return publishingIntentOf(found.metadata) === intent.id && found.size === version.size
      ? { store, intent: { ...intent, version, baseGeneration }, found }
      : null
  } catch (error) {
    if (error instanceof StoreError && /^(not-found|container-not-found)$/.test(error.kind)) return null
    throw error
  }
}

async function settlePublished(
  services: GatewayServices,
  connection: Connection,
  published: PublishedIntent,
): Promise<Settlement> {
  const { intent, found } = published
  const mode = await holdBucket(connection, intent.bucketId)
  const object = await lookAtObject(connection, intent.objectId)
  const upload = intent.nativeUploadId === null ? null : await findMultipartUpload(connection, intent.id)
  const placed = await listPlacedCopies(connection, [intent.objectId])
  const verdict = judgeInterruptedWrite({
    baseGeneration: intent.baseGeneration,
    object,
    isBucketThere: mode !== null,
    isUploadCompleted: upload !== null && upload.completed !== null,
    found,
    copies: placed.map(({ copy, place }) => ({
      copy,
      isThere:
        place.storeId === intent.storeId &&
        place.container === intent.container &&
        place.nativeKey === intent.nativeKey,
    })),
  })
  switch (verdict) {
    case 'roll-forward':
      await rollForward(services, connection, published, object)
      return 'rolled-forward'
    case 'as-known':
      await deleteWriteIntent(connection, intent.id)
      return 'dropped'
    case 'delete':
      await deletePublished(services, connection, published, mode)
      if (upload !== null) await deleteMultipartUpload(connection, intent.id)
      await deleteWriteIntent(connection, intent.id)
      return 'dropped'
    default:
      return verdict satisfies never
  }
}

async function rollForward(
  services: GatewayServices,
  connection: Connection,
  { intent, found }: PublishedIntent,
  object: ObjectState,
): Promise<void> {
  const { version } = intent
  const publication = {
    ...intent,
    generation: object.generation + 1,
    identity: found.identity,
    enteredMs: services.options.modelClock.now(),
  }
  await retireFormerCopies(connection, publication)
  if (!(await commitGeneration(connection, publication, intent.id))) {
    // Only a writer that takes no lock, an import, can have entered the object meanwhile.
    throw new Error('the object was entered into the catalog while a write was rolled forward')
  }
  if (intent.nativeUploadId !== null) {
    const { etag, crc64nvme } = version
    await completeMultipartUpload(connection, intent.id, { etag, crc64nvme })
  }
}

/** Deletes bytes that a later write or deletion has outdated. Nothing to delete is no error. */
async function deletePublished(
  services: GatewayServices,
  connection: Connection,
  { store, intent }: PublishedIntent,
  mode: BucketMode | null,
): Promise<void> {
  const { container, nativeKey } = intent
  // Of a bucket that is gone nobody knows whether others wrote there.
  const way = deletionWayOf(store.capabilities, mode ?? 'shared')
  if (way === 'not-at-all') {
    services.options.log.warn(
      { container, nativeKey, intent: intent.id },
      'bytes of an outdated write stay: others write there, and the store cannot compare before it deletes',
    )
    return
  }
  const announcement = {
    announce: services.announceDeletion,
    copy: { id: intent.copyId, objectId: intent.objectId },
    confirmLock: () => confirmLock(connection),
    signalInTime: (msMax: number) => AbortSignal.timeout(msMax),
  }
  await afterAnnouncement(announcement, async announced => {
    const present = await findPublished(store, intent)
    if (present === null) return
    await sendDeletion(present, way, announced)
    // There is no row of the copy; the announcement goes with it.
    await deleteCopyRow(connection, intent.objectId, intent.copyId, { isAnswered: true })
  })
}

async function sendDeletion(
  { store, intent, found }: PublishedIntent,
  way: Exclude<DeletionWay, 'not-at-all'>,
  { beforeSending, withdraw }: AnnouncedDeletion,
): Promise<void> {
  const onlyIf = deletionConditionOf(way, store.capabilities, found.identity)
  const condition = onlyIf === null ? {} : { onlyIf }
  try {
    await store.delete(intent.container, intent.nativeKey, { ...condition, signal: beforeSending() })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    // Others replaced or removed them in this moment.
    if (error.kind === 'precondition-failed' || error.kind === 'not-found') return
    // Nobody has to keep away until it may have deleted them.
    if (isRefusal(error)) await withdraw()
    throw error
  }
}

/**
 * An upload that belongs to a client stays, for the client to complete it again; not when what it became may
 * have been replaced since, because some stores answer a second completion like the first one.
 */
async function forgetStaged(
  connection: Connection,
  store: ObjectStore,
  intent: FoundWriteIntent,
  mayBeReplaced: boolean,
): Promise<void> {
  const { container, nativeKey, nativeUploadId } = intent
  if (nativeUploadId !== null) {
    const upload = await findMultipartUpload(connection, intent.id)
    if (upload === null || (mayBeReplaced && upload.completed === null)) {
      await store.multipart?.abort(container, nativeKey, nativeUploadId)
      await deleteMultipartUpload(connection, intent.id)
    }
  }
  await deleteWriteIntent(connection, intent.id)
}
