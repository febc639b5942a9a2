import { insertPolicy } from '../../src/database/placement/policies.ts'
import { insertPriceBook } from '../../src/database/placement/price-books.ts'
import type { Database } from '../../src/database/postgres.ts'
import type { BucketMode } from '../../src/domain/bucket.ts'
import { newId, objectIdOf, type Uuid } from '../../src/domain/identifiers.ts'
import type { PolicyDocument } from '../../src/domain/policy.ts'
import type { PriceBook } from '../../src/domain/price.ts'
import { TIERS, type Tier } from '../../src/domain/tier.ts'

/** A catalog with one location per tier, named like it, a policy, prices and one bucket. */
export interface TestCatalog {
  readonly locationIds: Readonly<Record<Tier, Uuid>>
  readonly policyId: Uuid
  readonly priceBookId: Uuid
  readonly bucketId: Uuid
}

/** Fills an empty database with places, prices and a bucket under a policy. */
export async function seedCatalog(
  database: Database,
  options: { policy: PolicyDocument; priceBook: PriceBook; bucketMode?: BucketMode },
): Promise<TestCatalog> {
  const locationIds = { hot: newId(), warm: newId(), cold: newId() }
  for (const tier of TIERS) {
    const storeId = newId()
    await database.query(
      `insert into store (id, name, kind, settings, principal) values ($1, $2, 'memory', '{}', 'user:test')`,
      [storeId, `store-${tier}`],
    )
    await database.query(
      `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
       values ($1, $2, $3, 'data', $2, $2, 'dc1', 10, 'user:test')`,
      [locationIds[tier], tier, storeId],
    )
  }
  const policyId = newId()
  const priceBookId = newId()
  const bucketId = newId()
  await insertPolicy(database, { id: policyId, spec: options.policy, principal: 'user:test' })
  await insertPriceBook(database, { id: priceBookId, book: options.priceBook, principal: 'user:test' })
  await database.query(
    `insert into bucket (id, name, mode, write_location_id, policy_id, principal)
     values ($1, 'photos', $2, $3, $4, 'user:test')`,
    [bucketId, options.bucketMode ?? 'exclusive', locationIds.hot, policyId],
  )
  return { locationIds, policyId, priceBookId, bucketId }
}

/** An object to be seeded: where it lies, since when, how big and how hot it is. */
export interface SeededObject {
  readonly key: string
  readonly size: number
  readonly locationId: Uuid
  readonly enteredAt: number
  /** Null: nobody has read it. The three logarithms as heat/forward-decay makes them. */
  readonly lnHeats: readonly [sixHours: number, threeDays: number, thirtyDays: number] | null
  readonly lastAccessAt?: number
  /** When it is to be reviewed; null: nobody has queued it. */
  readonly reviewAt: number | null
}

/** Enters objects with one version and one primary copy each. Resolves to their ids in the same order. */
export async function seedObjects(
  database: Database,
  bucketId: Uuid,
  objects: readonly SeededObject[],
): Promise<Uuid[]> {
  const ids = objects.map(object => objectIdOf(bucketId, object.key))
  const rows = objects.map((object, index) => ({ ...object, id: ids[index], copyId: newId() }))
  const asRows = `jsonb_to_recordset($1::jsonb) as o (id uuid, key text, size bigint, "locationId" uuid,
    "enteredAt" bigint, "lnHeats" double precision[], "lastAccessAt" bigint, "reviewAt" bigint, "copyId" uuid)`
  const values = [JSON.stringify(rows)]
  await database.query(
    `insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
     select id, '${bucketId}', key, 1, 1, true, 'user:test' from ${asRows}`,
    values,
  )
  await database.query(
    `insert into object_version (object_id, generation, size, etag, last_modified, principal)
     select id, 1, size, 'etag', now(), 'user:test' from ${asRows}`,
    values,
  )
  await database.query(
    `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
     select id, "copyId", 1, "locationId", 'complete', true, 'etag', size, "enteredAt", 'user:test' from ${asRows}`,
    values,
  )
  await database.query(
    `insert into object_heat (object_id, ln_heat_6h, ln_heat_3d, ln_heat_30d, reads, writes, bytes_read,
                              first_access_ms, last_access_ms)
     select id, "lnHeats"[1], "lnHeats"[2], "lnHeats"[3], 1, 0, size, "enteredAt",
            coalesce("lastAccessAt", "enteredAt")
     from ${asRows} where "lnHeats" is not null`,
    values,
  )
  await database.query(
    `insert into object_review (object_id, review_ms, reason)
     select id, "reviewAt", 'new-object' from ${asRows} where "reviewAt" is not null`,
    values,
  )
  return ids
}
