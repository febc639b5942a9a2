import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/**
 * Where an import stands: `running` (a worker has it or will take it), `interrupted` (stopped by a store
 * that stayed away; may be resumed), `done`, `failed` (the same attempt would fail again).
 */
export type ImportState = 'running' | 'interrupted' | 'done' | 'failed'

/** How many listed keys were left out for one reason, and one of them. */
export interface SkippedKeys {
  readonly count: number
  readonly example: string
}

/** What an import met that others did behind us; {@link ImportJob} says what each means. */
export const FOREIGN_CHANGE_COUNTS = ['changed', 'conflicting', 'removed', 'missing'] as const
export type ForeignChangeCount = (typeof FOREIGN_CHANGE_COUNTS)[number]

/** How many keys of each kind an import names. The rest is in the log. */
export const FOREIGN_KEYS_MAX = 20

/** The listing of one container into the catalog: what was asked for and how far it has come. */
export interface ImportJob {
  readonly id: Uuid
  readonly bucketId: Uuid
  readonly bucket: string
  readonly locationId: Uuid
  readonly location: string
  /** Only keys that start with this. */
  readonly prefix: string
  readonly state: ImportState
  /** Everything up to and including this key is in the catalog. */
  readonly lastKey: string | null
  /** Objects entered into the catalog, and their bytes. */
  readonly objects: number
  readonly bytes: number
  /** Keys the catalog had already. */
  readonly known: number
  /** Keys that cannot be catalogued; {@link ImportJob.skippedBecause} says why. */
  readonly skipped: number
  readonly skippedBecause: Readonly<Record<string, SkippedKeys>>
  /** Objects that others overwrote or made anew: the catalog follows. */
  readonly changed: number
  /** Objects of an exclusive bucket whose bytes are not the catalog's: damage, and nothing was changed. */
  readonly conflicting: number
  /** Objects, or one of their copies, that others removed: the catalog follows. */
  readonly removed: number
  /** Copies that are gone but stay in the catalog: of an exclusive bucket, or too many at once. */
  readonly missing: number
  /** The first {@link FOREIGN_KEYS_MAX} keys of each. */
  readonly foreignKeys: Readonly<Partial<Record<ForeignChangeCount, readonly string[]>>>
  /** True when so much is missing that nothing was removed before a person accepts it. */
  readonly removalsWithheld: boolean
  /** That acceptance. */
  readonly acceptRemovals: boolean
  readonly error: string | null
  readonly leaseOwner: string | null
  readonly startedAt: Date
  readonly updatedAt: Date
}

/** What one checkpoint adds to an import. */
export interface ImportProgress {
  readonly lastKey: string
  readonly objects: number
  readonly bytes: number
  readonly known: number
  readonly skipped: Readonly<Record<string, SkippedKeys>>
}

/** Keys that others changed, by what became of them. */
export type ForeignKeys = Readonly<Record<ForeignChangeCount, readonly string[]>>

/** Somebody else took the import over while this worker was away; nothing of the last batch was kept. */
export class ImportLeaseLostError extends Error {
  override readonly name = 'ImportLeaseLostError'
}

const COLUMNS = `
  job.id, job.bucket_id as "bucketId", bucket.name as bucket, job.location_id as "locationId",
  location.name as location, job.prefix, job.state, job.last_key as "lastKey", job.objects, job.bytes,
  job.known, job.skipped, job.skipped_because as "skippedBecause",
  job.changed, job.conflicting, job.removed, job.missing, job.foreign_keys as "foreignKeys",
  job.removals_withheld as "removalsWithheld", job.accept_removals as "acceptRemovals", job.error, job.lease_owner as "leaseOwner",
  job.started_at as "startedAt", job.updated_at as "updatedAt"`
const SOURCE = 'join bucket on bucket.id = job.bucket_id join location on location.id = job.location_id'

/** Asks for an import. A worker takes it when it next looks. */
export async function createImportJob(
  database: Queryable,
  request: {
    bucketId: Uuid
    locationId: Uuid
    prefix: string
    /** Also if most of the bucket is gone from its container. */
    acceptRemovals?: boolean
    principal: Principal
  },
): Promise<Uuid> {
  const id = newId()
  const { acceptRemovals = false, bucketId, locationId, prefix, principal } = request
  await database.query(
    `insert into import_job (id, bucket_id, location_id, prefix, state, accept_removals, principal)
     values ($1, $2, $3, $4, 'running', $5, $6)`,
    [id, bucketId, locationId, prefix, acceptRemovals, principal],
  )
  return id
}

/**
 * The name of the bucket that came first to the container of a location, or null when none did. Only that
 * bucket may import what lies there: two catalog entries for the same bytes would let one delete the
 * other's.
 */
export async function findContainerOwner(
  database: Queryable,
  locationId: Uuid,
): Promise<{ id: Uuid; name: string } | null> {
  const { rows } = await database.query<{ id: Uuid; name: string }>(
    `select b.id, b.name
     from location l
     join container_owner o on o.store_id = l.store_id and o.container = l.container
     join bucket b on b.id = o.bucket_id
     where l.id = $1`,
    [locationId],
  )
  return rows[0] ?? null
}

/** One import, or null. */
export async function findImportJob(database: Queryable, id: Uuid): Promise<ImportJob | null> {
  const { rows } = await database.query<ImportJob>(
    `select ${COLUMNS} from import_job as job ${SOURCE} where job.id = $1`,
    [id],
  )
  return rows[0] ?? null
}

/** The newest imports first. Ids ascend with time, so `beforeId` continues a page. */
export async function listImportJobs(
  database: Queryable,
  page: { limit: number; beforeId?: Uuid },
): Promise<ImportJob[]> {
  const { rows } = await database.query<ImportJob>(
    `select ${COLUMNS} from import_job as job ${SOURCE}
     where $1::uuid is null or job.id < $1 order by job.id desc limit $2`,
    [page.beforeId ?? null, page.limit],
  )
  return rows
}

/**
 * Takes the oldest import that is running and that nobody holds, or null. The holder must write a
 * checkpoint before its lease (by the database's clock) ends.
 */
export async function takeImportJob(
  database: Queryable,
  lease: { owner: string; seconds: number },
): Promise<ImportJob | null> {
  const { rows } = await database.query<ImportJob>(
    `with taken as (
       update import_job
       set lease_owner = $1, lease_expires_at = now() + make_interval(secs => $2), updated_at = now()
       where id = (
         select id from import_job
         where state = 'running' and (lease_expires_at is null or lease_expires_at < now())
         order by started_at, id for update skip locked limit 1)
       returning *)
     select ${COLUMNS} from taken as job ${SOURCE}`,
    [lease.owner, lease.seconds],
  )
  return rows[0] ?? null
}

/** Adds progress and renews the lease. Throws {@link ImportLeaseLostError} when it is no longer ours. */
export async function checkpointImportJob(
  database: Queryable,
  id: Uuid,
  lease: { owner: string; seconds: number },
  progress: ImportProgress,
): Promise<void> {
  const skipped = Object.values(progress.skipped).reduce((sum, keys) => sum + keys.count, 0)
  const { rowCount } = await database.query({
    name: 'import-checkpoint',
    text: `update import_job set
       last_key = $4, objects = objects + $5, bytes = bytes + $6, known = known + $7, skipped = skipped + $8,
       skipped_because = case when $8::bigint = 0 then skipped_because else skipped_because || (
         select jsonb_object_agg(reason, jsonb_build_object(
           'count', (added ->> 'count')::bigint + coalesce((skipped_because -> reason ->> 'count')::bigint, 0),
           'example', coalesce(skipped_because -> reason ->> 'example', added ->> 'example')))
         from jsonb_each($9::jsonb) as new_reason (reason, added)) end,
       lease_expires_at = now() + make_interval(secs => $3), updated_at = now()
     where id = $1 and lease_owner = $2 and state = 'running'`,
    values: [
      id,
      lease.owner,
      lease.seconds,
      progress.lastKey,
      progress.objects,
      progress.bytes,
      progress.known,
      skipped,
      JSON.stringify(progress.skipped),
    ],
  })
  if (rowCount === 0) throw new ImportLeaseLostError(`import ${id} was taken over or stopped`)
}

/**
 * Adds what others did to an import, names the first keys and renews the lease. Throws
 * {@link ImportLeaseLostError} when it is no longer ours.
 */
export async function addForeignChanges(
  database: Queryable,
  id: Uuid,
  lease: { owner: string; seconds: number },
  keys: ForeignKeys,
): Promise<void> {
  const { rowCount } = await database.query({
    name: 'import-add-foreign-changes',
    text: `update import_job set
       changed = changed + $4, conflicting = conflicting + $5, removed = removed + $6, missing = missing + $7,
       foreign_keys = (
         select coalesce(jsonb_object_agg(kind, named), '{}') from (
           select kind, jsonb_path_query_array(
             coalesce(foreign_keys -> kind, '[]') || added, '$[0 to ${FOREIGN_KEYS_MAX - 1}]') as named
           from jsonb_each($8::jsonb) as new_keys (kind, added)
         ) as merged where named <> '[]'),
       lease_expires_at = now() + make_interval(secs => $3), updated_at = now()
     where id = $1 and lease_owner = $2 and state = 'running'`,
    values: [
      id,
      lease.owner,
      lease.seconds,
      ...FOREIGN_CHANGE_COUNTS.map(kind => keys[kind].length),
      JSON.stringify(
        Object.fromEntries(FOREIGN_CHANGE_COUNTS.map(kind => [kind, keys[kind].slice(0, FOREIGN_KEYS_MAX)])),
      ),
    ],
  })
  if (rowCount === 0) throw new ImportLeaseLostError(`import ${id} was taken over or stopped`)
}

/** Notes that so much is missing that nothing is removed before a person accepts it. */
export async function withholdRemovals(
  database: Queryable,
  id: Uuid,
  missing: { count: number; keys: readonly string[] },
): Promise<void> {
  await database.query(
    `update import_job set removals_withheld = true, missing = $2, updated_at = now(),
       foreign_keys = foreign_keys || jsonb_build_object('missing', $3::jsonb)
     where id = $1`,
    [id, missing.count, JSON.stringify(missing.keys.slice(0, FOREIGN_KEYS_MAX))],
  )
}

/** Renews the lease of a holder that waits for its store. Throws {@link ImportLeaseLostError}. */
export async function renewImportLease(
  database: Queryable,
  id: Uuid,
  lease: { owner: string; seconds: number },
): Promise<void> {
  const { rowCount } = await database.query(
    `update import_job set lease_expires_at = now() + make_interval(secs => $3)
     where id = $1 and lease_owner = $2 and state = 'running'`,
    [id, lease.owner, lease.seconds],
  )
  if (rowCount === 0) throw new ImportLeaseLostError(`import ${id} was taken over or stopped`)
}

/** Ends a holder's work: `running` gives the import back to be taken again from its last key. */
export async function releaseImportJob(
  database: Queryable,
  id: Uuid,
  owner: string,
  outcome: { state: ImportState; error: string | null },
): Promise<void> {
  await database.query(
    `update import_job set state = $3, error = $4, lease_owner = null, lease_expires_at = null,
       updated_at = now()
     where id = $1 and lease_owner = $2`,
    [id, owner, outcome.state, outcome.error],
  )
}

/** Lets an import that was interrupted or failed go on from its last key. False when there is none such. */
export async function resumeImportJob(database: Queryable, id: Uuid, principal: Principal): Promise<boolean> {
  const { rowCount } = await database.query(
    `update import_job set state = 'running', error = null, lease_owner = null, lease_expires_at = null,
       updated_at = now(), principal = $2
     where id = $1 and state in ('interrupted', 'failed')`,
    [id, principal],
  )
  return rowCount === 1
}
