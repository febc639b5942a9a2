import type { Migration, MigrationEvidence, MigrationState } from '../../domain/migration.ts'
import { isEndState } from '../../domain/migration.ts'
import {
  LedgerError,
  type MigrationLease,
  type MigrationRecord,
  type MigrationStep,
} from '../../domain/migration-record.ts'
import type { Principal } from '../../domain/principal.ts'
import { arrayLiteral } from '../array-literal.ts'
import type { Queryable } from '../postgres.ts'
import { applyEffects, lockObjectRows } from './effects/apply-effects.ts'
import { MIGRATION_COLUMNS, type MigrationRow, migrationOf } from './migration-rows.ts'
import type { HeldMigration } from './migration-subjects.ts'

/** Who the ledger writes as when a worker reports. */
const MIGRATOR: Principal = 'system:migrator'

/** A record and the lease it is written under. */
export interface LeasedRecord {
  readonly lease: MigrationLease
  readonly record: MigrationRecord
  /** What was found when the object was locked and the migration held; absent when it was not. */
  readonly held?: HeldMigration
}

/** What became of a record: the migration as it is now, or why nothing of it was written. */
export type RecordOutcome = { readonly migration: Migration } | { readonly error: LedgerError }

/**
 * Writes records of different migrations with all their effects and their lines on the timelines; call it in
 * a transaction. One whose lease was taken over, or whose object moved on, is left out and told so; the
 * others are written.
 *
 * All are tried with one statement for each thing that is to be written. Only when that fails, which is
 * rare, they are written one after the other to find out which it was.
 */
export async function writeRecords(
  connection: Queryable,
  entries: readonly LeasedRecord[],
  options: { readonly areObjectsLocked: boolean },
): Promise<readonly RecordOutcome[]> {
  const together = await tryInSavepoint(connection, () => writeTogether(connection, entries, options))
  if (!(together instanceof LedgerError)) return together.map(migration => ({ migration }))
  if (entries.length === 1) return [{ error: together }]
  const outcomes: RecordOutcome[] = []
  for (const entry of entries) {
    const alone = await tryInSavepoint(connection, () => writeTogether(connection, [entry], options))
    outcomes.push(alone instanceof LedgerError ? { error: alone } : { migration: alone[0]! })
  }
  return outcomes
}

/**
 * What `work` resolves to; a {@link LedgerError} when it rejects with one, of which then nothing is written.
 */
async function tryInSavepoint<T>(connection: Queryable, work: () => Promise<T>): Promise<T | LedgerError> {
  try {
    const [, result] = await Promise.all([connection.query('savepoint record'), work()])
    await connection.query('release savepoint record')
    return result
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    await connection.query('rollback to savepoint record')
    return error
  }
}

/**
 * Rows are locked in one order everywhere: migrations, objects, copies, each by id. While the object itself is
 * locked, the gateway holds none of them.
 */
async function writeTogether(
  connection: Queryable,
  entries: readonly LeasedRecord[],
  options: { readonly areObjectsLocked: boolean },
): Promise<readonly Migration[]> {
  const migrations = await advance(connection, entries)
  const steps = entries.flatMap(({ record, held }, index) => {
    const migration = migrations[index]!
    const needs = { ...needsOf(migration, held), modelNow: record.modelNow }
    return record.steps.map(step => ({ ...needs, migration, step }))
  })
  if (!options.areObjectsLocked) {
    const touching = steps.filter(({ step }) => step.effects.some(effect => !LONELY_EFFECTS.has(effect)))
    const objectIds = [...new Set(touching.map(({ migration }) => migration.objectId))]
    if (objectIds.length > 0) await lockObjectRows(connection, objectIds)
  }
  await applyEffects(connection, steps, MIGRATOR)
  return migrations
}

/** What of a record's effects has something to do. */
function needsOf({ sourceCopyId, targetCopyId }: Migration, held: HeldMigration | undefined) {
  if (held === undefined) return { hasOtherCopies: true, lacksDigests: true }
  const { copies, subject } = held
  const digests = subject.version?.digests
  return {
    hasOtherCopies: copies.some(({ copy }) => copy.id !== sourceCopyId && copy.id !== targetCopyId),
    lacksDigests: digests?.sha256 == null || digests.crc64nvme == null,
  }
}

/** Effects that change no row for which anybody else waits while holding the object's. */
const LONELY_EFFECTS: ReadonlySet<string> = new Set([
  'count-attempt',
  'reset-attempts',
  'announce',
  'intend-target',
])

/**
 * A worker that just wrote is alive: its lease, not renewed while the row was locked, lasts at least so long.
 */
const LEASE_AFTER_WRITE_SECONDS = 10

/**
 * Moves the migrations' rows and writes the steps on their timelines. Throws `fenced` unless every lease is
 * still the newest and every migration where its first step starts.
 */
async function advance(
  connection: Queryable,
  entries: readonly LeasedRecord[],
): Promise<readonly Migration[]> {
  const { rows } = await connection.query<MigrationRow>({
    name: 'migration_advance',
    text: `
      with n as (
        select * from jsonb_to_recordset($1::jsonb) as n (
          id uuid, token bigint, worker text, state_from text, state_to text, is_reset boolean,
          attempts integer, forgotten jsonb, evidence jsonb, is_end boolean, release_ms double precision,
          grace_from_ms bigint, steps jsonb, detail jsonb)
      ), ours as (
        select m.id
        from migration m
        join n on n.id = m.id and n.token = m.fencing_token and n.worker = m.lease_owner
        where m.id = any ($2::uuid[])
        order by m.id
        for update of m
      ), advanced as (
        update migration m set
          state = n.state_to,
          attempt = case when n.is_reset then 0 else m.attempt end + n.attempts,
          evidence = (m.evidence - array(select jsonb_array_elements_text(n.forgotten))) || n.evidence,
          started_at = coalesce(m.started_at, now()),
          finished_at = case when n.is_end then now() end,
          ended_by = case when n.is_end then n.steps -> -1 ->> 1 end,
          lease_owner = case when n.is_end or n.release_ms is not null then null else m.lease_owner end,
          lease_expires_at =
            case when n.is_end or n.release_ms is not null then null
            else greatest(m.lease_expires_at, clock_timestamp() + interval '${LEASE_AFTER_WRITE_SECONDS} seconds')
            end,
          not_before = case when n.release_ms is null then m.not_before
            else clock_timestamp() + n.release_ms * interval '1 millisecond' end,
          grace_until_ms =
            case when n.grace_from_ms is null then m.grace_until_ms else n.grace_from_ms + m.grace_ms end
        from n, ours
        where m.id = n.id and ours.id = n.id and m.fencing_token = n.token and m.lease_owner = n.worker
          and m.state = n.state_from
        returning ${MIGRATION_COLUMNS}
      ), noted as (
        insert into migration_event
          (migration_id, sequence, state_from, event, state_to, fencing_token, worker, detail, passed)
        select n.id, last.sequence + jsonb_array_length(n.steps), n.steps -> -1 ->> 0, n.steps -> -1 ->> 1,
               n.steps -> -1 ->> 2, n.token, n.worker, n.detail,
               case when jsonb_array_length(n.steps) > 1 then n.steps - (-1) end
        from advanced a
        join n on n.id = a.id,
          lateral (
            select coalesce(max(e.sequence), 0) as sequence from migration_event e where e.migration_id = a.id
          ) as last
      )
      select * from advanced`,
    values: [JSON.stringify(entries.map(rowOf)), arrayLiteral(entries.map(({ lease }) => lease.migrationId))],
  })
  const found = new Map(rows.map(row => [row.id, migrationOf(row)]))
  return entries.map(({ lease, record }) => {
    const migration = found.get(lease.migrationId)
    if (migration === undefined) throw fenced(lease, record.steps[0]!.from)
    return migration
  })
}

function rowOf({ lease, record }: LeasedRecord): Readonly<Record<string, unknown>> {
  const first = record.steps[0]
  const last = record.steps.at(-1)
  if (first === undefined || last === undefined) throw new RangeError('a record has at least one step')
  const effects = record.steps.flatMap(step => step.effects)
  const [forgotten, evidence] = evidenceChange(record.evidence ?? {})
  return {
    id: lease.migrationId,
    token: lease.fencingToken.toString(),
    worker: lease.worker,
    state_from: first.from,
    state_to: last.to,
    is_reset: effects.includes('reset-attempts'),
    attempts: effects.filter(effect => effect === 'count-attempt').length,
    forgotten,
    evidence,
    is_end: isEndState(last.to),
    release_ms: record.releaseForMs ?? null,
    grace_from_ms: effects.includes('switch-primary') ? Math.round(record.modelNow) : null,
    steps: record.steps.map(step => [step.from, step.event, step.to]),
    detail: record.detail ?? {},
  }
}

/**
 * Which entries of the evidence go and which are set. The last error goes with every step that does not
 * bring one, and null forgets an entry.
 */
function evidenceChange(evidence: MigrationEvidence): [forgotten: string[], set: Record<string, unknown>] {
  const entries = Object.entries(evidence)
  const forgotten = entries.filter(([, value]) => value === null).map(([name]) => name)
  const set = Object.fromEntries(entries.filter(([, value]) => value !== null))
  return [['error', ...forgotten], set]
}

/** The error of a write whose lease is no longer the newest. */
export function fenced(lease: MigrationLease, state?: MigrationState): LedgerError {
  const where = state === undefined ? '' : `, or it is not ${state}`
  return new LedgerError(
    'fenced',
    `migration ${lease.migrationId}: lease ${lease.fencingToken} of ${lease.worker} was taken over${where}`,
  )
}

/** Adds steps to a migration's timeline, the detail to the last of them. The migration's row is locked. */
export async function writeTimeline(
  connection: Queryable,
  entry: {
    readonly migrationId: string
    readonly fencingToken: bigint
    /** The worker, or the principal of a person's command. */
    readonly worker: string
    readonly steps: readonly (Pick<MigrationStep, 'from' | 'to'> & { readonly event: string })[]
    readonly detail: Readonly<Record<string, unknown>>
  },
): Promise<void> {
  const { steps } = entry
  await connection.query({
    name: 'migration_event_append',
    text: `
      insert into migration_event
        (migration_id, sequence, state_from, event, state_to, fencing_token, worker, detail)
      select $1, step.ordinal + coalesce(
               (select max(sequence) from migration_event where migration_id = $1), 0),
             step.state_from, step.event, step.state_to, $2, $3,
             case when step.ordinal = cardinality($4::text[]) then $7::jsonb else '{}' end
      from unnest($4::text[], $5::text[], $6::text[]) with ordinality
        as step (state_from, event, state_to, ordinal)`,
    values: [
      entry.migrationId,
      entry.fencingToken,
      entry.worker,
      steps.map(step => step.from),
      steps.map(step => step.event),
      steps.map(step => step.to),
      JSON.stringify(entry.detail),
    ],
  })
}
