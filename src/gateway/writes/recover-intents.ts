import {
  deleteMultipartUpload,
  forgetCompletedUploads,
  listOrphanUploads,
} from '../../database/writes/multipart-uploads.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import type { FoundWriteIntent } from '../../database/writes/write-intents.ts'
import {
  findWriteIntent,
  listForeignIntents,
  touchWriteIntents,
} from '../../database/writes/write-intents.ts'
import { DAY } from '../../domain/duration.ts'
import type { GatewayServices } from '../services.ts'
import { settleIntent } from './settle-intent.ts'

/** Intents looked at in one run. */
const INTENTS_MAX = 1_000

/** Orphaned uploads aborted in one run. */
const UPLOADS_MAX = 100

/** For so long a repeated Complete answers as the first one did. */
const COMPLETED_UPLOADS_KEPT_MS = 7 * DAY

/** What a recovery did. */
export interface Recovery {
  readonly rolledForward: number
  readonly dropped: number
  /** Could not be settled now: a store could not be asked, a lock was not free, or the write may still land. */
  readonly left: number
}

/**
 * Settles writes that were cut off: those of other boots that are old enough to be dead, and those of this
 * boot whose outcome is not known. It also keeps the intents of this boot young, so it must run several times
 * within `intentAgeMs`. Safe to run at any time and by several gateways at once.
 */
export async function recoverIntents(services: GatewayServices): Promise<Recovery> {
  const { database, bootId, limits, log, metrics } = services.options
  await touchWriteIntents(database, bootId)
  const intents: FoundWriteIntent[] = await listForeignIntents(database, {
    bootId,
    olderThanMs: limits.intentAgeMs,
    limit: INTENTS_MAX,
  })
  for (const id of services.unsettledIntents) {
    const intent = await findWriteIntent(database, id)
    if (intent === null) services.unsettledIntents.delete(id)
    else intents.push(intent)
  }
  const counts = { 'rolled-forward': 0, dropped: 0, 'already-settled': 0, 'may-still-land': 0, left: 0 }
  for (const intent of intents) {
    try {
      const settlement = await withObjectLock(database, intent.objectId, limits.lockWaitMs, connection =>
        settleIntent(services, connection, intent.id),
      )
      counts[settlement]++
      if (settlement === 'may-still-land') continue
      services.unsettledIntents.delete(intent.id)
      log.info({ intent: intent.id, objectId: intent.objectId, settlement }, 'settled an interrupted write')
    } catch (error) {
      counts.left++
      log.warn({ error, intent: intent.id }, 'an interrupted write could not be settled yet')
    }
  }
  await abortOrphanUploads(services)
  await forgetCompletedUploads(database, COMPLETED_UPLOADS_KEPT_MS)
  const left = counts.left + counts['may-still-land']
  const recovery = { rolledForward: counts['rolled-forward'], dropped: counts.dropped, left }
  metrics?.intentsRecovered?.(recovery)
  return recovery
}

/** Uploads into buckets that were deleted can never be completed. */
async function abortOrphanUploads(services: GatewayServices): Promise<void> {
  const { database, log, openStore } = services.options
  for (const upload of await listOrphanUploads(database, UPLOADS_MAX)) {
    try {
      const store = await openStore(upload.storeId)
      await store.multipart?.abort(upload.container, upload.nativeKey, upload.nativeUploadId)
      await deleteMultipartUpload(database, upload.id)
    } catch (error) {
      log.warn({ error, uploadId: upload.id }, 'an upload into a deleted bucket could not be aborted yet')
    }
  }
}
