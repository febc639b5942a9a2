import { newId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import { describeMigrationLedger, type LedgerHarness } from '../contract/describe-migration-ledger.ts'
import { emptyCatalog, type MemoryCatalog } from './memory-catalog.ts'
import { createMemoryLedger } from './memory-ledger.ts'

describeMigrationLedger({ name: 'memory', newHarness: async () => newMemoryHarness() })

function newMemoryHarness(): LedgerHarness {
  const catalog = emptyCatalog()
  const clock = { at: 1_000, now: () => clock.at }
  const locationIds = { hot: newId(), cold: newId(), hotToo: newId() }
  const bucketIds = { exclusive: newId(), observed: newId() }
  const stores = [newId(), newId()] as const
  catalog.locations.set(locationIds.hot, { id: locationIds.hot, storeId: stores[0], container: 'a' })
  catalog.locations.set(locationIds.hotToo, { id: locationIds.hotToo, storeId: stores[0], container: 'a' })
  catalog.locations.set(locationIds.cold, { id: locationIds.cold, storeId: stores[1], container: 'a' })
  for (const mode of ['exclusive', 'observed'] as const) {
    catalog.buckets.set(bucketIds[mode], { id: bucketIds[mode], name: mode, mode })
  }
  return {
    ledger: createMemoryLedger(catalog, clock),
    locationIds,
    bucketIds,
    seedObject: async (bucketId, key) => seedObject(catalog, bucketId, key, locationIds.hot),
    overwrite: async objectId => {
      catalog.objects.get(objectId)!.generation++
    },
    requireEncryption: async bucketId => {
      catalog.buckets.set(bucketId, { ...catalog.buckets.get(bucketId)!, encryptionRequired: true })
    },
    seedCopy: async (objectId, locationId, state) => {
      const primary = [...catalog.copies.values()].find(copy => copy.objectId === objectId)!
      const id = newId()
      catalog.copies.set(id, { ...primary, id, locationId, state, isPrimary: false })
      return id
    },
    copies: async objectId => [...catalog.copies.values()].filter(copy => copy.objectId === objectId),
    placementVersion: async objectId => catalog.objects.get(objectId)!.placementVersion,
    reviewAt: async objectId => catalog.objects.get(objectId)!.reviewAt,
    timeline: async id => catalog.timeline.get(id) ?? [],
    announcements: async id =>
      catalog.announced.filter(entry => entry.migrationId === id).map(entry => entry.state),
    expireLeases: async () => {
      for (const [id, migration] of catalog.migrations) {
        catalog.migrations.set(id, { ...migration, leaseExpiresAt: 0 })
      }
    },
    makeDue: async () => {
      for (const [id, migration] of catalog.migrations) {
        catalog.migrations.set(id, { ...migration, notBefore: 0 })
      }
    },
    pause: async id => {
      catalog.migrations.set(id, { ...catalog.migrations.get(id)!, paused: true })
    },
    dispose: async () => undefined,
  }
}

function seedObject(catalog: MemoryCatalog, bucketId: Uuid, key: string, locationId: Uuid): void {
  const id = objectIdOf(bucketId, key)
  const copyId = newId()
  catalog.objects.set(id, {
    id,
    bucketId,
    key,
    generation: 1,
    placementVersion: 1,
    isPresent: true,
    isQuarantined: false,
    version: {
      size: 10,
      etag: 'etag',
      headers: {},
      metadata: {},
      tags: {},
      digests: { sha256: null, sha256Source: null, crc64nvme: null },
    },
    reviewAt: null,
  })
  catalog.copies.set(copyId, {
    id: copyId,
    objectId: id,
    generation: 1,
    locationId,
    state: 'complete',
    isPrimary: true,
    nativeKey: key,
    identity: { etag: 'source-etag', versionId: null },
    size: 10,
    enteredAt: 0,
    graceUntil: null,
    verifiedAt: null,
  })
}
