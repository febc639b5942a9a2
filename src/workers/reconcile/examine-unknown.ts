import PQueue from 'p-queue'
import { findKnownOrphans, type OrphanSighting } from '../../database/upkeep/orphans.ts'
import {
  findPublishingMigrations,
  type PublishingMigration,
} from '../../database/upkeep/reconcile-matches.ts'
import { type CopyDescription, decodeCopyDescription } from '../../domain/copy-description.ts'
import { SECOND } from '../../domain/duration.ts'
import { objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import { keepingUsdPerMonth } from '../../placement/cost/placement-cost.ts'
import type { StoredObject } from '../../stores/object-store.ts'
import { boundedSignal } from '../bounded-request.ts'
import { lookAt } from '../migrations/same-bytes.ts'
import type { InventoryEntry } from './inventories/inventory.ts'
import { objectOfKey } from './object-of-key.ts'
import type { RunningReconcile } from './reconcile-parts.ts'

/** Bytes asked for at once. */
const LOOKS_AT_ONCE = 8
const LOOK_MS_MAX = 20 * SECOND
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Looks at bytes the catalog knows no copy of: whether they are still there, and whose they say they are.
 * What an earlier run knows is not asked for again. Resolves to what belongs in the ledger of orphans; bytes
 * that a move of ours is just bringing do not. Rejects with a `StoreError`.
 */
export async function examineUnknown(
  running: RunningReconcile,
  entries: readonly InventoryEntry[],
): Promise<OrphanSighting[]> {
  const known = await findKnownOrphans(
    running.database,
    running.place,
    entries.map(entry => entry.key),
  )
  const knownByKey = new Map(known.map(orphan => [orphan.nativeKey, orphan]))
  const isKnown = ({ key, size, etag }: InventoryEntry) => {
    const orphan = knownByKey.get(key)
    return orphan !== undefined && orphan.bytes === size && etag !== null && orphan.etag === etag
  }
  const looked = await lookAtAll(
    running,
    entries.filter(entry => !isKnown(entry)),
  )
  const publishers = await findPublishingMigrations(
    running.database,
    looked.flatMap(({ description }) => publisherIdOf(description)),
  )
  const again = entries.filter(isKnown).map(entry => ({
    ...knownByKey.get(entry.key)!,
    locationId: locationOf(running, entry.storageClass),
  }))
  return [...again, ...looked.flatMap(unknown => sightingOf(running, unknown, publishers))]
}

/** Bytes as their store shows them now, with what they say of themselves. */
interface LookedAt {
  readonly entry: InventoryEntry
  readonly found: StoredObject
  readonly description: CopyDescription | null
}

async function lookAtAll(running: RunningReconcile, entries: readonly InventoryEntry[]): Promise<LookedAt[]> {
  const queue = new PQueue({ concurrency: LOOKS_AT_ONCE })
  const looked = await Promise.allSettled(
    entries.map(entry =>
      queue.add(async () => {
        const { container } = running.place
        const signal = boundedSignal(running.signal, LOOK_MS_MAX, running.timers)
        const found = await lookAt({ store: running.store, container, nativeKey: entry.key }, signal)
        if (found === null) return []
        return [{ entry, found, description: decodeCopyDescription(found.metadata) }]
      }),
    ),
  )
  const failed = looked.find(result => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return looked.flatMap(result => (result.status === 'fulfilled' ? result.value : []))
}

function publisherIdOf(description: CopyDescription | null): Uuid[] {
  const id = description?.intentId ?? null
  return id !== null && UUID.test(id) ? [id] : []
}

function sightingOf(
  running: RunningReconcile,
  { entry, found, description }: LookedAt,
  publishers: ReadonlyMap<Uuid, PublishingMigration>,
): OrphanSighting[] {
  const locationId = locationOf(running, found.storageClass ?? entry.storageClass)
  const facts = {
    nativeKey: entry.key,
    locationId,
    bytes: found.size,
    etag: found.identity.etag,
    versionId: found.identity.versionId,
    copyId: null,
    monthlyUsd: monthlyUsdOf(running, locationId, found.size),
  }
  const keyed = objectOfKey(entry.key, running)
  if (description === null) {
    const reason =
      keyed === null
        ? 'The catalog does not know them, and no bucket keeps objects under such a key.'
        : `The catalog does not know them: an import into bucket ${keyed.bucket.name} would enter them.`
    const bucketId = keyed?.bucket.id ?? null
    return [{ ...facts, kind: 'dark', objectId: null, migrationId: null, bucketId, reason }]
  }
  const bucket = running.bucketsByName.get(description.bucket)
  const key = description.key ?? keyed?.key ?? null
  const objectId = bucket === undefined || key === null ? null : objectIdOf(bucket.id, key)
  const publisher = publishers.get(description.intentId ?? '')
  const isOurs = publisher !== undefined && broughtHere(running, publisher, entry.key, objectId)
  if (isOurs && !publisher.hasEnded) return []
  return [
    {
      ...facts,
      kind: 'forgotten',
      objectId: objectId ?? keyed?.objectId ?? null,
      migrationId: isOurs ? publisher.id : null,
      bucketId: bucket?.id ?? keyed?.bucket.id ?? null,
      reason: isOurs
        ? `Migration ${publisher.id}, which has ended, brought them here; the catalog needs no copy here.`
        : `They say that they are generation ${description.generation} of ${description.bucket}/${key ?? '(no key)'}; the catalog knows no copy here and no migration that brought them.`,
    },
  ]
}

/** Whether a migration was to bring the bytes of this object to this very place. */
export function broughtHere(
  { place }: Pick<RunningReconcile, 'place'>,
  publisher: PublishingMigration,
  nativeKey: string,
  objectId: Uuid | null,
): boolean {
  return (
    publisher.storeId === place.storeId &&
    publisher.container === place.container &&
    publisher.targetKey === nativeKey &&
    publisher.objectId === objectId
  )
}

/** The location of the container that bytes of a storage class lie in. */
export function locationOf(running: RunningReconcile, storageClass: string | null): Uuid {
  const named = running.locations.find(location => location.storageClass === storageClass)
  return named?.id ?? running.run.locationId
}

/** What bytes cost per month where they lie; null without a price. */
export function monthlyUsdOf(running: RunningReconcile, locationId: Uuid, bytes: number): number | null {
  const price = running.prices.get(locationId)
  if (price === undefined) return null
  const { storageUsdPerMonth, monitoringUsdPerMonth } = keepingUsdPerMonth(price, bytes)
  return storageUsdPerMonth + monitoringUsdPerMonth
}
