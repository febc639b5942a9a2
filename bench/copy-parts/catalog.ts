import { insertBucket } from '../../src/database/catalog/buckets.ts'
import { insertLocation } from '../../src/database/catalog/locations.ts'
import { insertStore } from '../../src/database/catalog/stores.ts'
import { createImportJob, findImportJob } from '../../src/database/imports/import-jobs.ts'
import { createPostgresLedger } from '../../src/database/migrations/postgres-ledger.ts'
import type { Database } from '../../src/database/postgres.ts'
import { wallClock } from '../../src/domain/clock.ts'
import { newId, type Uuid } from '../../src/domain/identifiers.ts'
import type { Location } from '../../src/domain/location.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { importLoop } from '../../src/workers/imports/import-container.ts'

const PRINCIPAL = 'system:bench'
const MIGRATIONS_PER_CALL = 1_000

/** A store with one location in it, in the catalog. */
export async function addLocation(database: Database, name: string, container: string): Promise<Location> {
  const storeId = newId()
  await insertStore(database, {
    id: storeId,
    name,
    kind: 's3',
    settings: {},
    credentialsSealed: null,
    principal: PRINCIPAL,
  })
  const location: Location = {
    id: newId(),
    name,
    storeId,
    container,
    storageClass: null,
    tier: 'hot',
    priceId: 'bench',
    region: 'bench',
    firstByteMsP99: 1,
    restoreHours: null,
    capacityBytes: null,
  }
  await insertLocation(database, { ...location, principal: PRINCIPAL })
  return location
}

/** Enters everything that lies in a location into the catalog, as a bucket. Resolves to the bucket's id. */
export async function importLocation(
  database: Database,
  store: ObjectStore,
  location: Location,
): Promise<Uuid> {
  const bucketId = newId()
  await insertBucket(database, {
    id: bucketId,
    name: location.container,
    mode: 'exclusive',
    writeLocationId: location.id,
    policyId: null,
    principal: PRINCIPAL,
  })
  const id = await createImportJob(database, {
    bucketId,
    locationId: location.id,
    prefix: '',
    principal: PRINCIPAL,
  })
  const loop = importLoop({
    database,
    clock: wallClock,
    storeOf: async () => store,
    log: silentLogger,
    principal: PRINCIPAL,
    owner: 'bench',
  })
  await loop.step(new AbortController().signal)
  const job = await findImportJob(database, id)
  if (job?.state !== 'done') throw new Error(`the import ended as ${job?.state}: ${job?.error}`)
  return bucketId
}

/** Plans a move of every object of a bucket, or of so many, without grace. */
export async function planMoves(
  database: Database,
  bucketId: Uuid,
  target: Location,
  objectsMax: number | null = null,
): Promise<number> {
  const { rows } = await database.query<{ id: Uuid; generation: number; placement_version: number }>(
    'select id, generation, placement_version from object where bucket_id = $1 limit $2',
    [bucketId, objectsMax],
  )
  const ledger = createPostgresLedger(database)
  for (let start = 0; start < rows.length; start += MIGRATIONS_PER_CALL) {
    const batch = rows.slice(start, start + MIGRATIONS_PER_CALL).map(row => ({
      id: newId(),
      objectId: row.id,
      generation: row.generation,
      placementVersion: row.placement_version,
      targetCopyId: newId(),
      targetLocationId: target.id,
      priority: 50,
      direction: 'lateral' as const,
      graceMs: 0,
      attemptsMax: 5,
      decisionId: null,
      planId: null,
      monthlySavingUsd: null,
      oneTimeUsd: null,
    }))
    const { refused } = await ledger.create(batch, PRINCIPAL)
    if (refused.length > 0) throw new Error(`a move was refused: ${refused[0]!.reason}`)
  }
  return rows.length
}

/** How many objects of a bucket have their one and only copy, verified, in a location. */
export async function countArrived(database: Database, bucketId: Uuid, location: Location): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*) as count
     from object o
     where o.bucket_id = $1
       and (select count(*) from copy c where c.object_id = o.id) = 1
       and exists (select from copy c where c.object_id = o.id and c.location_id = $2 and c.is_primary
                                        and c.verified_ms is not null)`,
    [bucketId, location.id],
  )
  return rows[0]!.count
}
