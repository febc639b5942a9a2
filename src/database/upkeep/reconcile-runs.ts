import type { Bytes } from '../../domain/bytes.ts'
import { newId, type ObjectId, type Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import {
  NO_COUNTS,
  type ReconcileCounts,
  type ReconcileSettings,
  type ReconcileSource,
  type ReconcileVerdict,
} from '../../domain/reconcile.ts'
import type { Queryable } from '../postgres.ts'

/** What a run does now, in this order. */
export type ReconcilePhase = 'reading' | 'unseen' | 'leftovers' | 'deleting'

/** One comparison of a container with the catalog. */
export interface ReconcileRun {
  readonly id: Uuid
  readonly locationId: Uuid
  readonly locationName: string
  readonly storeId: Uuid
  readonly container: string
  readonly prefix: string
  readonly source: ReconcileSource
  readonly settings: ReconcileSettings
  readonly state: 'running' | 'interrupted' | 'done' | 'failed'
  readonly phase: ReconcilePhase
  /** Where the phase goes on; opaque. */
  readonly position: string | null
  /** When what it compares with was taken; null before it was opened. */
  readonly takenAt: Date | null
  readonly counts: ReconcileCounts
  readonly error: string | null
  readonly startedAt: Date
  readonly updatedAt: Date
  readonly finishedAt: Date | null
  readonly principal: string
}

/** Findings kept per run: enough to see what is wrong; the counts are whole. */
export const RECONCILE_FINDINGS_MAX = 10_000

/** Somebody else took the run over while this worker was away; nothing of its last step was kept. */
export class ReconcileLeaseLostError extends Error {
  override readonly name = 'ReconcileLeaseLostError'
}

const COLUMNS = `
  r.id, r.location_id as "locationId", l.name as "locationName", r.store_id as "storeId", r.container, r.prefix,
  r.source, r.settings, r.state, r.phase, r.position, r.taken_at as "takenAt", r.counts, r.error,
  r.started_at as "startedAt", r.updated_at as "updatedAt", r.finished_at as "finishedAt", r.principal`

function runOf(row: ReconcileRun): ReconcileRun {
  return { ...row, counts: { ...NO_COUNTS, ...row.counts } }
}

/** Asks for a run over the container of a location. Null when there is no such location. */
export async function createReconcileRun(
  queryable: Queryable,
  request: {
    readonly locationId: Uuid
    readonly prefix: string
    readonly source: ReconcileSource
    readonly settings: ReconcileSettings
    readonly principal: Principal
  },
): Promise<Uuid | null> {
  const id = newId()
  const { rowCount } = await queryable.query(
    `insert into reconcile_run (id, location_id, store_id, container, prefix, source, settings, principal)
     select $1, l.id, l.store_id, l.container, $3, $4, $5, $6 from location l where l.id = $2`,
    [
      id,
      request.locationId,
      request.prefix,
      JSON.stringify(request.source),
      JSON.stringify(request.settings),
      request.principal,
    ],
  )
  return rowCount === 1 ? id : null
}

/** One run, or null. */
export async function findReconcileRun(queryable: Queryable, id: Uuid): Promise<ReconcileRun | null> {
  const { rows } = await queryable.query<ReconcileRun>(
    `select ${COLUMNS} from reconcile_run r join location l on l.id = r.location_id where r.id = $1`,
    [id],
  )
  return rows[0] === undefined ? null : runOf(rows[0])
}

/** The newest runs first; `beforeId` continues a page. */
export async function listReconcileRuns(
  queryable: Queryable,
  page: { readonly beforeId: Uuid | null; readonly limit: number },
): Promise<ReconcileRun[]> {
  const { rows } = await queryable.query<ReconcileRun>(
    `select ${COLUMNS} from reconcile_run r join location l on l.id = r.location_id
     where $1::uuid is null or r.id < $1 order by r.id desc limit $2`,
    [page.beforeId, page.limit],
  )
  return rows.map(runOf)
}

/** Takes the oldest run that is running and that nobody holds, one per container, or null. */
export async function takeReconcileRun(
  queryable: Queryable,
  lease: { readonly owner: string; readonly seconds: number },
): Promise<ReconcileRun | null> {
  const { rows } = await queryable.query<ReconcileRun>(
    `with taken as (
       update reconcile_run
       set lease_owner = $1, lease_expires_at = now() + make_interval(secs => $2), updated_at = now()
       where id = (
         select id from reconcile_run r
         where state = 'running' and (lease_expires_at is null or lease_expires_at < now())
           and not exists (
             select from reconcile_run held
             where held.store_id = r.store_id and held.container = r.container and held.id <> r.id
               and held.state = 'running' and held.lease_expires_at >= now())
         order by started_at, id for update skip locked limit 1)
       returning *)
     select ${COLUMNS} from taken r join location l on l.id = r.location_id`,
    [lease.owner, lease.seconds],
  )
  return rows[0] === undefined ? null : runOf(rows[0])
}

/**
 * Notes how far a run is and renews its lease. Throws {@link ReconcileLeaseLostError} when it is no longer
 * ours.
 */
export async function checkpointReconcileRun(
  queryable: Queryable,
  id: Uuid,
  lease: { readonly owner: string; readonly seconds: number },
  progress: {
    readonly phase: ReconcilePhase
    readonly position: string | null
    readonly takenAt: Date | null
    readonly counts: ReconcileCounts
  },
): Promise<void> {
  const { rowCount } = await queryable.query({
    name: 'reconcile_checkpoint',
    text: `update reconcile_run set phase = $4, position = $5, taken_at = $6, counts = $7,
             lease_expires_at = now() + make_interval(secs => $3), updated_at = now()
           where id = $1 and lease_owner = $2 and state = 'running'`,
    values: [
      id,
      lease.owner,
      lease.seconds,
      progress.phase,
      progress.position,
      progress.takenAt,
      JSON.stringify(progress.counts),
    ],
  })
  if (rowCount === 0) throw new ReconcileLeaseLostError(`reconcile run ${id} was taken over or stopped`)
}

/** Renews the lease of a holder that is at work. Throws {@link ReconcileLeaseLostError}. */
export async function renewReconcileLease(
  queryable: Queryable,
  id: Uuid,
  lease: { readonly owner: string; readonly seconds: number },
): Promise<void> {
  const { rowCount } = await queryable.query({
    name: 'reconcile_renew',
    text: `update reconcile_run set lease_expires_at = now() + make_interval(secs => $3)
           where id = $1 and lease_owner = $2 and state = 'running'`,
    values: [id, lease.owner, lease.seconds],
  })
  if (rowCount === 0) throw new ReconcileLeaseLostError(`reconcile run ${id} was taken over or stopped`)
}

/** Ends a holder's work: `running` gives the run back to be taken again where it stopped. */
export async function releaseReconcileRun(
  queryable: Queryable,
  id: Uuid,
  owner: string,
  outcome: { readonly state: ReconcileRun['state']; readonly error: string | null },
): Promise<void> {
  await queryable.query(
    `update reconcile_run set state = $3, error = $4, lease_owner = null, lease_expires_at = null,
       updated_at = now(), finished_at = case when $3 in ('done', 'failed') then now() end
     where id = $1 and lease_owner = $2`,
    [id, owner, outcome.state, outcome.error],
  )
}

/** Lets a run that was interrupted or failed go on. False when there is none such. */
export async function resumeReconcileRun(
  queryable: Queryable,
  id: Uuid,
  principal: Principal,
): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `update reconcile_run set state = 'running', error = null, finished_at = null, updated_at = now(),
       principal = $2
     where id = $1 and state in ('interrupted', 'failed')`,
    [id, principal],
  )
  return rowCount === 1
}

/** One thing a run found. */
export interface ReconcileFinding {
  readonly verdict: ReconcileVerdict
  readonly nativeKey: string
  readonly objectId: ObjectId | null
  readonly bytes: Bytes
  /** For people. */
  readonly detail: string
}

/** Enters findings as long as the run has not {@link RECONCILE_FINDINGS_MAX}. */
export async function addFindings(
  queryable: Queryable,
  runId: Uuid,
  findings: readonly ReconcileFinding[],
): Promise<void> {
  if (findings.length === 0) return
  await queryable.query({
    name: 'reconcile_add_findings',
    text: `
      insert into reconcile_finding (run_id, verdict, native_key, object_id, bytes, detail)
      select $1, verdict, "nativeKey", "objectId", bytes, detail
      from jsonb_to_recordset($2::jsonb) as f (
        verdict text, "nativeKey" text, "objectId" uuid, bytes bigint, detail text)
      limit greatest(0, $3 - (select count(*) from reconcile_finding where run_id = $1))
      on conflict do nothing`,
    values: [runId, JSON.stringify(findings), RECONCILE_FINDINGS_MAX],
  })
}

/** One page of a run's findings in the order of verdict and key. */
export async function listFindings(
  queryable: Queryable,
  runId: Uuid,
  page: {
    readonly verdict: ReconcileVerdict | null
    readonly after: Pick<ReconcileFinding, 'verdict' | 'nativeKey'> | null
    readonly limit: number
  },
): Promise<ReconcileFinding[]> {
  const { rows } = await queryable.query<ReconcileFinding>(
    `select verdict, native_key as "nativeKey", object_id as "objectId", bytes, detail from reconcile_finding
     where run_id = $1 and ($2::text is null or verdict = $2)
       and ($3::text is null or (verdict, native_key) > ($3, $4))
     order by verdict, native_key limit $5`,
    [runId, page.verdict, page.after?.verdict ?? null, page.after?.nativeKey ?? null, page.limit],
  )
  return rows
}
