import { createTestDatabase } from '../../../test/builders/database.ts'
import { aPolicy } from '../../../test/builders/placement.ts'
import { newId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import {
  describeMigrationLedger,
  type LedgerHarness,
} from '../../migration/contract/describe-migration-ledger.ts'
import type { MigrationLedger } from '../../migration/ledger.ts'
import { COPY_COLUMNS, type CopyRow, copyOf } from '../catalog/copies.ts'
import { insertPolicy } from '../placement/policies.ts'
import type { Database } from '../postgres.ts'
import { listMigrationTimeline } from './migration-views.ts'
import { createPostgresLedger } from './postgres-ledger.ts'

describeMigrationLedger({ name: 'PostgreSQL', newHarness: newPostgresHarness })

async function newPostgresHarness(): Promise<LedgerHarness> {
  const test = await createTestDatabase({ connectionsMax: 16 })
  const { database } = test
  const ledger: MigrationLedger = createPostgresLedger(database)
  const places = await seedPlaces(database)
  return {
    ledger,
    ...places,
    seedObject: (bucketId, key) => seedObject(database, bucketId, key, places.locationIds.hot),
    overwrite: async objectId => {
      await database.query('update object set generation = generation + 1 where id = $1', [objectId])
    },
    requireEncryption: async bucketId => {
      const id = newId()
      const spec = aPolicy({ encryption: 'required' })
      await insertPolicy(database, { id, spec, principal: 'user:test' })
      await database.query('update bucket set policy_id = $1 where id = $2', [id, bucketId])
    },
    seedCopy: async (objectId, locationId, state) => {
      const id = newId()
      await database.query(
        `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                           principal)
         values ($1, $2, 1, $3, $4, false, 'another-etag', 10, 0, 'user:test')`,
        [objectId, id, locationId, state],
      )
      return id
    },
    copies: async objectId => {
      const { rows } = await database.query<CopyRow>(
        `select ${COPY_COLUMNS} from copy c join object o on o.id = c.object_id where c.object_id = $1`,
        [objectId],
      )
      return rows.map(copyOf)
    },
    placementVersion: async objectId => {
      const { rows } = await database.query<{ placement_version: number }>(
        'select placement_version from object where id = $1',
        [objectId],
      )
      return rows[0]!.placement_version
    },
    reviewAt: async objectId => {
      const { rows } = await database.query<{ review_ms: number }>(
        'select review_ms from object_review where object_id = $1',
        [objectId],
      )
      return rows[0]?.review_ms ?? null
    },
    timeline: async id => {
      const entries = await listMigrationTimeline(database, id)
      return entries.map(({ event, stateFrom: from, stateTo: to, worker }) => ({ event, from, to, worker }))
    },
    announcements: async id => {
      const { rows } = await database.query<{ kind: string }>(
        'select kind from activity where subject = $1 order by id',
        [id],
      )
      return rows.map(row => row.kind.replace('migration.', ''))
    },
    expireLeases: async () => {
      await database.query(`update migration set lease_expires_at = now() - interval '1 second'
                            where lease_owner is not null and id in
                              (select id from migration for update skip locked)`)
    },
    makeDue: async () => {
      await database.query('update migration set not_before = now()')
    },
    pause: async id => {
      await database.query('update migration set paused = true where id = $1', [id])
    },
    dispose: () => test.drop(),
  }
}

async function seedPlaces(database: Database): Promise<Pick<LedgerHarness, 'locationIds' | 'bucketIds'>> {
  const locationIds = { hot: newId(), cold: newId(), hotToo: newId() }
  const bucketIds = { exclusive: newId(), observed: newId() }
  const stores = [newId(), newId()] as const
  for (const [index, id] of stores.entries()) {
    await database.query(
      `insert into store (id, name, kind, settings, principal) values ($1, $2, 'memory', '{}', 'user:test')`,
      [id, `store-${index}`],
    )
  }
  const locations = [
    ['hot', locationIds.hot, stores[0], null],
    ['hot-too', locationIds.hotToo, stores[0], 'COOL'],
    ['cold', locationIds.cold, stores[1], null],
  ]
  for (const [name, id, storeId, storageClass] of locations) {
    await database.query(
      `insert into location (id, name, store_id, container, storage_class, tier, price_id, region,
                             first_byte_ms_p99, principal)
       values ($1, $2, $3, 'a', $4, 'hot', 'p', 'r', 1, 'user:test')`,
      [id, name, storeId, storageClass],
    )
  }
  for (const mode of ['exclusive', 'observed'] as const) {
    await database.query(
      `insert into bucket (id, name, mode, write_location_id, principal)
       values ($1, $2, $2, $3, 'user:test')`,
      [bucketIds[mode], mode, locationIds.hot],
    )
  }
  return { locationIds, bucketIds }
}

async function seedObject(database: Database, bucketId: Uuid, key: string, locationId: Uuid): Promise<void> {
  const id = objectIdOf(bucketId, key)
  await database.query(
    `insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
     values ($1, $2, $3, 1, 1, true, 'user:test')`,
    [id, bucketId, key],
  )
  await database.query(
    `insert into object_version (object_id, generation, size, etag, last_modified, principal)
     values ($1, 1, 10, 'etag', now(), 'user:test')`,
    [id],
  )
  await database.query(
    `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                       principal)
     values ($1, $2, 1, $3, 'complete', true, 'source-etag', 10, 0, 'user:test')`,
    [id, newId(), locationId],
  )
}
