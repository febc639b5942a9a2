import type { BucketWithTarget } from '../../database/catalog/buckets.ts'
import { type ForeignChangeOutcome, settleForeignChange } from '../../database/catalog/foreign-changes.ts'
import type { ReadableCopy, ResolvedObject } from '../../database/catalog/objects.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import { SECOND } from '../../domain/duration.ts'
import type { FoundBytes } from '../../domain/foreign-change.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { principal } from '../../domain/principal.ts'
import { StoreError } from '../../stores/object-store.ts'
import type { GatewayServices } from '../services.ts'
import { settlePublishedIntents } from '../writes/settle-intent.ts'
import type { MetForeignChange } from './foreign-settlements.ts'

/** The header of an answer by which a reader hears of it: `changed` or `removed`. */
export const FOREIGN_CHANGE_HEADER = 'x-dim-foreign-change'

const HEAD_MS_MAX = 20 * SECOND

const READER = principal('system', 'gateway')

/** What a settlement needs of an object whose copy was not what the catalog says. */
export interface ChangedObject {
  readonly bucket: Pick<BucketWithTarget, 'id' | 'mode'>
  readonly key: string
  readonly resolved: ResolvedObject
}

/** Whether others write where a bucket's bytes lie, so that a read may find what they did. */
export function areForeignChangesExpected(bucket: ChangedObject['bucket']): boolean {
  return bucket.mode !== 'exclusive'
}

/**
 * Lets the catalog follow what others did to an object that is read. Resolves to what that was, or null when it
 * was not that; the object is then resolved again. Readers of one object share a settlement, and settlements
 * wait their turn among the publications, which bounds them.
 */
export async function settleForeignRead(
  services: GatewayServices,
  changed: ChangedObject,
): Promise<MetForeignChange | null> {
  const { copy, id } = changed.resolved
  if (copy === null || !areForeignChangesExpected(changed.bucket)) return null
  const { foreignSettlements, options, publications } = services
  return foreignSettlements.join(id, () =>
    publications.run(id, options.limits.lockWaitMs, () => settle(services, changed, copy)),
  )
}

async function settle(
  services: GatewayServices,
  { bucket, key, resolved }: ChangedObject,
  copy: ReadableCopy,
): Promise<MetForeignChange | null> {
  const { foreignSettlements } = services
  const { database, limits, log, metrics, modelClock, wallClock } = services.options
  const outcome = await withObjectLock(database, resolved.id, limits.lockWaitMs, async connection => {
    // A write that was cut off after it published is ours: it is rolled forward, not adopted.
    await settlePublishedIntents(services, connection, resolved.id)
    return settleForeignChange(connection, {
      bucketId: bucket.id,
      objectId: resolved.id,
      key,
      locationId: copy.locationId,
      place: { storeId: copy.storeId, container: copy.container, nativeKey: copy.nativeKey },
      witness: 'read',
      mayRemoveObject: foreignSettlements.mayRemove(bucket.id, wallClock.now()),
      modelNowMs: modelClock.now(),
      principal: READER,
      look: place => look(services, place),
    })
  })
  const met = metOf(outcome)
  if (outcome === 'removed') foreignSettlements.countRemoval(bucket.id, wallClock.now())
  if (met !== null) metrics?.foreignChangeMet?.(met)
  if (met !== null || outcome === 'unsettled') {
    const facts = { objectId: resolved.id, copy: copy.id, outcome }
    log.warn(facts, 'others changed the bytes of an object that is read')
  }
  return met
}

async function look(
  services: GatewayServices,
  place: { readonly storeId: Uuid; readonly container: string; readonly nativeKey: string },
): Promise<FoundBytes | null> {
  const store = await services.options.openStore(place.storeId)
  try {
    return await store.head(place.container, place.nativeKey, { signal: AbortSignal.timeout(HEAD_MS_MAX) })
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'not-found') return null
    throw error
  }
}

function metOf(outcome: ForeignChangeOutcome): MetForeignChange | null {
  switch (outcome) {
    case 'adopt':
    case 'changed-aside':
      return 'changed'
    case 'removed':
    case 'copy-removed':
      return 'removed'
    case 'as-known':
    case 'under-way':
    case 'unsettled':
    case 'conflicting':
    case 'missing':
      return null
    default:
      return outcome satisfies never
  }
}
