import type { Migration, MigrationEvidence, MigrationState } from '../domain/migration.ts'
import { isEndState } from '../domain/migration.ts'
import {
  LedgerError,
  type MigrationLease,
  type MigrationRecord,
  type MigrationStep,
} from '../domain/migration-record.ts'
import type { Principal } from '../domain/principal.ts'
import { applyEffects, lockObjectRow } from './migration-effects.ts'
import { MIGRATION_COLUMNS, type MigrationRow, migrationOf } from './migration-rows.ts'
import type { Queryable } from './postgres.ts'

/** Who the ledger writes as when a worker reports. */
const MIGRATOR: Principal = 'system:migrator'

/**
 * Writes steps with all their effects and their lines on the timeline; call it in a transaction. Throws a
 * {@link LedgerError} `fenced` or `switch-lost`, after which the transaction must be rolled back.
 *
 * Rows are locked in one order everywhere: migration, object, copies. While the object itself is locked, the
 * gateway holds none of them.
 */
export async function writeRecord(
  connection: Queryable,
  lease: MigrationLease,
  record: MigrationRecord,
  options: { readonly isObjectLocked: boolean },
): Promise<Migration> {
  const migration = await advance(connection, lease, record)
  const touchesCatalog = record.steps.some(step => step.effects.some(effect => !LONELY_EFFECTS.has(effect)))
  if (touchesCatalog && !options.isObjectLocked) await lockObjectRow(connection, migration.objectId)
  for (const step of record.steps) {
    await applyEffects({ connection, migration, step, modelNow: record.modelNow, principal: MIGRATOR })
  }
  return migration
}

/** Effects that change no row for which anybody else waits while holding the object's. */
const LONELY_EFFECTS: ReadonlySet<string> = new Set([
  'count-attempt',
  'reset-attempts',
  'announce',
  'intend-target',
])

/** A worker that just wrote is alive: its lease, not renewed while the row was locked, lasts at least so long. */
const LEASE_AFTER_WRITE_SECONDS = 10

/** Moves the migration's row and writes the steps on its timeline, if the lease is still the newest. */
async function advance(
  connection: Queryable,
  lease: MigrationLease,
  record: MigrationRecord,
): Promise<Migration> {
  const first = record.steps[0]
  const last = record.steps.at(-1)
  if (first === undefined || last === undefined) throw new RangeError('a record has at least one step')
  const effects = record.steps.flatMap(step => step.effects)
  const { rows } = await connection.query<MigrationRow>({
    name: 'migration_advance',
    text: `
      with advanced as (
      update migration m set
        state = $5,
        attempt = case when $6 then 0 else m.attempt end + $7::integer,
        evidence = (m.evidence - $8::text[]) || $9::jsonb,
        started_at = coalesce(m.started_at, now()),
        finished_at = case when $10 then now() end,
        ended_by = case when $10 then ($15::text[])[cardinality($15::text[])] end,
        lease_owner = case when $10 or $11::double precision is not null then null else m.lease_owner end,
        lease_expires_at =
          case when $10 or $11::double precision is not null then null
          else greatest(m.lease_expires_at, clock_timestamp() + interval '${LEASE_AFTER_WRITE_SECONDS} seconds')
          end,
        not_before = case when $11::double precision is null then m.not_before
          else clock_timestamp() + $11::double precision * interval '1 millisecond' end,
        grace_until_ms = case when $12 then $13::bigint + m.grace_ms else m.grace_until_ms end
      where m.id = $1 and m.fencing_token = $2 and m.lease_owner = $3 and m.state = $4
      returning ${MIGRATION_COLUMNS}
      ), noted as (
      insert into migration_event
        (migration_id, sequence, state_from, event, state_to, fencing_token, worker, detail)
      select m.id, step.ordinal + coalesce(
               (select max(e.sequence) from migration_event e where e.migration_id = m.id), 0),
             step.state_from, step.event, step.state_to, $2, $3,
             case when step.ordinal = cardinality($14::text[]) then $17::jsonb else '{}' end
      from advanced m,
        unnest($14::text[], $15::text[], $16::text[]) with ordinality
          as step (state_from, event, state_to, ordinal)
      )
      select * from advanced`,
    values: [
      lease.migrationId,
      lease.fencingToken,
      lease.worker,
      first.from,
      last.to,
      effects.includes('reset-attempts'),
      effects.filter(effect => effect === 'count-attempt').length,
      ...evidenceChange(record.evidence ?? {}),
      isEndState(last.to),
      record.releaseForMs ?? null,
      effects.includes('switch-primary'),
      Math.round(record.modelNow),
      record.steps.map(step => step.from),
      record.steps.map(step => step.event),
      record.steps.map(step => step.to),
      JSON.stringify(record.detail ?? {}),
    ],
  })
  if (rows[0] === undefined) throw fenced(lease, first.from)
  return migrationOf(rows[0])
}

/**
 * Which entries of the evidence go and which are set. The last error goes with every step that does not
 * bring one, and null forgets an entry.
 */
function evidenceChange(evidence: MigrationEvidence): [forgotten: string[], set: string] {
  const entries = Object.entries(evidence)
  const forgotten = entries.filter(([, value]) => value === null).map(([name]) => name)
  const set = Object.fromEntries(entries.filter(([, value]) => value !== null))
  return [['error', ...forgotten], JSON.stringify(set)]
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
