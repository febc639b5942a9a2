import { completeMultipartUpload, findMultipartUpload } from '../../database/multipart-uploads.ts'
import { commitGeneration, retireFormerCopies } from '../../database/object-publication.ts'
import { lookAtObject } from '../../database/objects.ts'
import type { Connection } from '../../database/postgres.ts'
import {
  deleteWriteIntent,
  type FoundWriteIntent,
  listIntentsOfObject,
  lockWriteIntent,
} from '../../database/write-intents.ts'
import { publishingIntentOf } from '../../domain/copy-description.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'
import type { GatewayServices } from '../services.ts'

/** What became of an intent. */
export type Settlement = 'rolled-forward' | 'dropped' | 'already-settled'

/**
 * Settles an intent whose writer is gone, under the object's lock: bytes that carry the intent's id were
 * published, so the catalog follows them; otherwise nothing became visible, and what was staged is thrown
 * away. Rejects when the store cannot be asked: the intent then stays.
 */
export async function settleIntent(
  services: GatewayServices,
  connection: Connection,
  intentId: Uuid,
): Promise<Settlement> {
  const intent = await lockWriteIntent(connection, intentId)
  if (intent === null) return 'already-settled'
  const store = await services.options.openStore(intent.storeId)
  const published = await findPublished(store, intent)
  if (published !== null && (await rollForward(services, connection, intent, published))) {
    return 'rolled-forward'
  }
  await forgetStaged(connection, store, intent)
  return 'dropped'
}

/** Rolls forward the intents of one object whose bytes are visible already; leaves the others alone. */
export async function settlePublishedIntents(
  services: GatewayServices,
  connection: Connection,
  objectId: ObjectId,
): Promise<void> {
  for (const intent of await listIntentsOfObject(connection, objectId)) {
    const store = await services.options.openStore(intent.storeId)
    const published = await findPublished(store, intent)
    if (published !== null) await rollForward(services, connection, intent, published)
  }
}

/** The object under the native key, if it is the one this intent published. */
async function findPublished(store: ObjectStore, intent: FoundWriteIntent): Promise<StoredObject | null> {
  if (intent.version === null) return null
  try {
    const found = await store.head(intent.container, intent.nativeKey)
    return publishingIntentOf(found.metadata) === intent.id && found.size === intent.version.size
      ? found
      : null
  } catch (error) {
    if (error instanceof StoreError && /^(not-found|container-not-found)$/.test(error.kind)) return null
    throw error
  }
}

/** False when newer content was committed after these bytes: they are a leftover then. */
async function rollForward(
  services: GatewayServices,
  connection: Connection,
  intent: FoundWriteIntent,
  published: StoredObject,
): Promise<boolean> {
  const { version } = intent
  if (version === null) return false
  const state = await lookAtObject(connection, intent.objectId)
  if (state.lastModified !== null && state.lastModified > version.lastModified) return false
  const publication = {
    ...intent,
    version,
    generation: state.generation + 1,
    identity: published.identity,
    enteredMs: services.options.modelClock.now(),
  }
  await retireFormerCopies(connection, publication)
  const committed = await commitGeneration(connection, publication, intent.id)
  if (committed && intent.nativeUploadId !== null) {
    await completeMultipartUpload(connection, intent.id, {
      etag: version.etag,
      crc64nvme: version.crc64nvme,
    })
  }
  return committed
}

/** An upload that belongs to a client stays: the client may complete it again. */
async function forgetStaged(
  connection: Connection,
  store: ObjectStore,
  intent: FoundWriteIntent,
): Promise<void> {
  if (intent.nativeUploadId !== null && (await findMultipartUpload(connection, intent.id)) === null) {
    await store.multipart?.abort(intent.container, intent.nativeKey, intent.nativeUploadId)
  }
  await deleteWriteIntent(connection, intent.id)
}
