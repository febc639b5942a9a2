import type { Instant } from '../../domain/clock.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { NewMigration } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Condemnation, CopyToScrub, Indictment, ScrubExpenses, ScrubResult } from '../../domain/scrub.ts'
import { COPY_COLUMNS, copyOf, listPlacedCopies, type PlacedCopyRow } from '../catalog/copies.ts'
import { wasFoundBad } from '../catalog/found-bad.ts'
import { quarantineObject } from '../catalog/last-copies.ts'
import { createMigrations } from '../migrations/migration-creation.ts'
import { insertActivities } from '../people/activities.ts'
import { type Connection, type Database, inTransaction, type Queryable } from '../postgres.ts'
import { withObjectLock } from '../writes/object-lock.ts'
import { noteScrubExpenses } from './scrub-expenses.ts'
import { noteScrubResults } from './scrub-results.ts'
import { takeScrubTurn } from './scrub-turn.ts'

/** Who repairs are planned by. */
const SCRUBBER: Principal = 'system:scrubber'
/** Repairs go before everything else. */
const REPAIR_PRIORITY = 100
const REPAIR_ATTEMPTS_MAX = 5

/** What the scrubber asks of the catalog, in PostgreSQL; see workers/scrub/scrub-ledger. */
export function createPostgresScrubLedger(options: {
  readonly database: Database
  /** For what is done under an object's lock. */
  readonly lockDatabase: Database
  readonly owner: string
  /** What this process was set to, for whoever asks how far the scrubber is. */
  readonly settings: Readonly<Record<string, unknown>>
}) {
  const { database, lockDatabase, owner, settings } = options
  return {
    takeTurn: () => takeScrubTurn(database, owner, settings),
    listCopiesToScrub: (asked: Parameters<typeof listCopiesToScrub>[1]) => listCopiesToScrub(database, asked),
    listSuspectPrimaries: (asked: Parameters<typeof listSuspectPrimaries>[1]) =>
      listSuspectPrimaries(database, asked),
    noteResults: (results: readonly ScrubResult[], modelNow: Instant) =>
      noteScrubResults(database, results, modelNow),
    noteExpenses: (expenses: ScrubExpenses) => noteScrubExpenses(database, expenses),
    withLockedObject: <T>(
      copy: Pick<Copy, 'id' | 'objectId'>,
      waitMsMax: number,
      work: (locked: ReturnType<typeof lockedScrubOf>) => Promise<T>,
    ) =>
      withObjectLock(lockDatabase, copy.objectId, waitMsMax, connection =>
        work(lockedScrubOf(connection, copy.objectId)),
      ),
    planRepairs: (limit: number) => planRepairs(database, limit),
  }
}

function lockedScrubOf(connection: Connection, objectId: Uuid) {
  return {
    listPlacedCopies: () => listPlacedCopies(connection, [objectId]),
    acquit: (copy: Copy, modelNow: Instant) => acquit(connection, copy, modelNow),
    condemn: (indictment: Indictment, modelNow: Instant) => condemn(connection, indictment, modelNow),
  }
}

interface ScrubRow extends PlacedCopyRow {
  bucket_name: string
  bucket_mode: CopyToScrub['bucket']['mode']
  key: string
  sha256: string | null
  sha256_source: CopyToScrub['digests']['sha256Source']
  crc64nvme: string | null
}

const SCRUB_COLUMNS = `
  l.store_id, l.container, b.name as bucket_name, b.mode as bucket_mode, o.key,
  encode(v.sha256, 'hex') as sha256, v.sha256_source, encode(v.crc64nvme, 'hex') as crc64nvme`

const SCRUB_JOINS = `
  join object o on o.id = c.object_id
  join bucket b on b.id = o.bucket_id
  join location l on l.id = c.location_id
  join object_version v on v.object_id = c.object_id and v.generation = c.generation`

/** Where a store refuses our credentials nothing can be found out about a copy. */
const CAN_BE_ASKED = (copy: string) => `(${copy}.location_id in (
  select l.id from location l join store s on s.id = l.store_id where s.state = 'auth-failed')) is not true`

async function listCopiesToScrub(
  queryable: Queryable,
  options: { readonly limit: number; readonly before: Instant; readonly exceptCopyIds: readonly Uuid[] },
): Promise<CopyToScrub[]> {
  const { rows } = await queryable.query<ScrubRow>({
    name: 'copy_list_to_scrub',
    text: `
      select ${COPY_COLUMNS}, ${SCRUB_COLUMNS}
      from (
        select * from copy
        where state = 'complete' and coalesce(scrubbed_ms, verified_ms, 0) < $2 and id <> all ($3::uuid[])
          and ${CAN_BE_ASKED('copy')}
        order by coalesce(scrubbed_ms, verified_ms, 0)
        limit $1
      ) as c
      ${SCRUB_JOINS}
      where o.is_present and o.generation = c.generation
      order by coalesce(c.scrubbed_ms, c.verified_ms, 0)`,
    values: [options.limit, Math.round(options.before), options.exceptCopyIds],
  })
  return rows.map(copyToScrubOf)
}

function copyToScrubOf(row: ScrubRow): CopyToScrub {
  return {
    copy: copyOf(row),
    place: { storeId: row.store_id, container: row.container, nativeKey: row.native_key },
    bucket: { name: row.bucket_name, mode: row.bucket_mode },
    key: row.key,
    digests: { sha256: row.sha256, sha256Source: row.sha256_source, crc64nvme: row.crc64nvme },
  }
}

async function listSuspectPrimaries(
  queryable: Queryable,
  options: { readonly limit: number; readonly exceptCopyIds: readonly Uuid[] },
): Promise<CopyToScrub[]> {
  const { rows } = await queryable.query<ScrubRow>({
    name: 'copy_list_suspect_primaries',
    text: `
      select ${COPY_COLUMNS}, ${SCRUB_COLUMNS}
      from copy c
      ${SCRUB_JOINS}
      where c.state = 'suspect' and c.is_primary and c.id <> all ($2::uuid[])
        and ${CAN_BE_ASKED('c')}
        and o.is_present and o.generation = c.generation and o.quarantined_because is null
        and exists (select from copy other
                    where other.object_id = c.object_id and other.id <> c.id
                      and other.generation = c.generation
                      and (other.state = 'complete'
                           or (other.state = 'suspect' and ${wasFoundBad('other')} and ${wasFoundBad('c')})))
        and not exists (select from migration m where m.object_id = c.object_id and m.finished_at is null)
      limit $1`,
    values: [options.limit, options.exceptCopyIds],
  })
  return rows.map(copyToScrubOf)
}

async function acquit(connection: Connection, copy: Copy, modelNow: Instant): Promise<void> {
  await connection.query(
    `update copy c set state = 'complete', verified_ms = $3, scrubbed_ms = $3, scrub_verdict = 'same'
     from object o
     where c.object_id = $1 and c.id = $2 and c.state = 'suspect' and c.is_primary
       and c.etag is not distinct from $4 and c.version_id is not distinct from $5
       and o.id = c.object_id and o.generation = c.generation and o.is_present`,
    [copy.objectId, copy.id, Math.round(modelNow), copy.identity.etag, copy.identity.versionId],
  )
}

async function condemn(
  connection: Connection,
  { copy, verdict, successor, isAwaiting, because, repairId, repairCopyId }: Indictment,
  modelNow: Instant,
): Promise<Condemnation> {
  const { rows } = await connection.query<{ key: string; placement_version: number }>(
    // A copy whose storage class is being changed has another identity for a while, and its migration finds out.
    `select key, placement_version from object o
     where id = $1 and generation = $2 and is_present
       and not exists (select from migration m
                       where m.object_id = o.id and m.finished_at is null and m.source_copy_id = $3
                         and m.kind = 'reclassify')
     for update`,
    [copy.objectId, copy.generation, copy.id],
  )
  const object = rows[0]
  if (object === undefined) return 'moved-on'
  const { rows: suspects } = await connection.query<{ is_primary: boolean }>(
    `update copy
     set state = 'suspect', grace_until_ms = null, scrubbed_ms = $3, scrub_verdict = $4
     where object_id = $1 and id = $2 and (state = 'complete' or (state = 'suspect' and is_primary))
       and location_id = $5
       and etag is not distinct from $6 and version_id is not distinct from $7
     returning is_primary`,
    [
      copy.objectId,
      copy.id,
      Math.round(modelNow),
      verdict,
      copy.locationId,
      copy.identity.etag,
      copy.identity.versionId,
    ],
  )
  const suspect = suspects[0]
  if (suspect === undefined) return 'moved-on'
  if (suspect.is_primary && !(await handOver(connection, copy, successor, modelNow))) {
    if (await endGrace(connection, copy, modelNow)) {
      // Nobody wants this copy any more, so that nobody rebuilds it.
      await connection.query('update copy set scrub_verdict = null where object_id = $1 and id = $2', [
        copy.objectId,
        copy.id,
      ])
      return 'rolling-back'
    }
    if (!isAwaiting) await quarantineObject(connection, copy.objectId, because)
    await insertActivities(connection, [
      {
        kind: isAwaiting ? 'object.suspect' : 'object.quarantined',
        subject: copy.objectId,
        detail: { key: object.key, verdict, because },
        principal: SCRUBBER,
      },
    ])
    return isAwaiting ? 'awaiting-copy' : 'quarantined'
  }
  await createRepairs(connection, [{ copy, repairId, repairCopyId }])
  return 'repairing'
}

/** Makes the successor primary in place of a suspect copy, if it is still the one that was proven. */
async function handOver(
  connection: Connection,
  copy: Copy,
  successor: Copy | null,
  modelNow: Instant,
): Promise<boolean> {
  if (successor === null) return false
  const { rowCount } = await connection.query(
    `select from copy
     where object_id = $1 and id = $2 and generation = $3 and state = 'complete'
       and etag is not distinct from $4 and version_id is not distinct from $5
     for update`,
    [
      successor.objectId,
      successor.id,
      successor.generation,
      successor.identity.etag,
      successor.identity.versionId,
    ],
  )
  if (rowCount !== 1) return false
  await connection.query('update copy set is_primary = false where object_id = $1 and id = $2', [
    copy.objectId,
    copy.id,
  ])
  await connection.query(
    `update copy set is_primary = true, verified_ms = $3, scrubbed_ms = $3, scrub_verdict = 'same'
     where object_id = $1 and id = $2`,
    [successor.objectId, successor.id, Math.round(modelNow)],
  )
  await connection.query('update object set placement_version = placement_version + 1 where id = $1', [
    copy.objectId,
  ])
  return true
}

/** Ends the grace of a migration that made the copy primary: its worker finds it lost, and switches back. */
async function endGrace(connection: Connection, copy: Copy, modelNow: Instant): Promise<boolean> {
  const { rowCount } = await connection.query(
    `update migration m
     set grace_until_ms = least(m.grace_until_ms, $3), not_before = now(), paused = false
     where m.object_id = $1 and m.target_copy_id = $2 and m.finished_at is null
       and m.state in ('switched', 'grace', 'deleting-source')
       and exists (select from copy source
                   where source.object_id = m.object_id and source.id = m.source_copy_id
                     and source.state = 'grace')`,
    [copy.objectId, copy.id, Math.round(modelNow)],
  )
  return rowCount === 1
}

/** A bad copy that is to be rebuilt, and the ids that its repair gets. */
interface Repair {
  readonly copy: Pick<Copy, 'objectId' | 'generation' | 'locationId'>
  readonly repairId: Uuid
  readonly repairCopyId: Uuid
}

/** Plans repairs from the primary copies. One whose object has an unfinished migration waits for its end. */
async function createRepairs(connection: Queryable, repairs: readonly Repair[]): Promise<number> {
  const { rows } = await connection.query<{
    id: Uuid
    placement_version: number
    encryption_required: boolean
  }>(
    `select o.id, o.placement_version,
            coalesce(policy.spec ->> 'encryption' = 'required', false) as encryption_required
     from object o
     join bucket b on b.id = o.bucket_id
     left join policy on policy.id = b.policy_id
     where o.id = any ($1::uuid[])`,
    [repairs.map(({ copy }) => copy.objectId)],
  )
  const objects = new Map(rows.map(row => [row.id, row]))
  const wanted = repairs.map(
    ({ copy, repairCopyId, repairId }): NewMigration => ({
      id: repairId,
      kind: 'repair',
      objectId: copy.objectId,
      generation: copy.generation,
      placementVersion: objects.get(copy.objectId)?.placement_version ?? 0,
      encryptionRequired: objects.get(copy.objectId)?.encryption_required ?? false,
      targetCopyId: repairCopyId,
      targetLocationId: copy.locationId,
      priority: REPAIR_PRIORITY,
      direction: 'lateral',
      graceMs: 0,
      attemptsMax: REPAIR_ATTEMPTS_MAX,
      decisionId: null,
      planId: null,
      monthlySavingUsd: null,
      oneTimeUsd: null,
    }),
  )
  const { created } = await createMigrations(connection, wanted, SCRUBBER)
  return created.length
}

async function planRepairs(database: Database, limit: number): Promise<number> {
  const { rows } = await database.query<{ object_id: Uuid; generation: number; location_id: Uuid }>({
    name: 'scrub_list_unrepaired',
    text: `
      select distinct on (c.object_id) c.object_id, c.generation, c.location_id
      from copy c
      join object o on o.id = c.object_id and o.generation = c.generation and o.is_present
      join copy good on good.object_id = c.object_id and good.is_primary and good.state = 'complete'
      where c.state = 'suspect' and ${wasFoundBad('c')} and not c.is_primary
        and o.quarantined_because is null
        and not exists (
          select from migration m
          where m.object_id = c.object_id
            and (m.finished_at is null or (m.kind = 'repair' and m.finished_at > now() - interval '1 hour')))
      limit $1`,
    values: [limit],
  })
  if (rows.length === 0) return 0
  const repairs = rows.map(row => ({
    copy: { objectId: row.object_id, generation: row.generation, locationId: row.location_id },
    repairId: newId(),
    repairCopyId: newId(),
  }))
  return inTransaction(database, connection => createRepairs(connection, repairs))
}
