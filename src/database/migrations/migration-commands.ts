import { isSameBytes } from '../../domain/foreign-change.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import { type Migration, type MigrationState, writesTarget } from '../../domain/migration.ts'
import { LedgerError, type MigrationStep, type NativePlace } from '../../domain/migration-record.ts'
import type { StoreIdentity } from '../../domain/object.ts'
import type { Principal } from '../../domain/principal.ts'
import { listPlacedCopies } from '../catalog/copies.ts'
import { SETTLED_AT } from '../catalog/store-moves.ts'
import { holdPlanOf, reopenPlan } from '../placement/plan-ends.ts'
import { type Connection, type Database, inTransaction } from '../postgres.ts'
import { applyEffects, lockObjectRows } from './effects/apply-effects.ts'
import { MIGRATION_COLUMNS, type MigrationRow, migrationOf } from './migration-rows.ts'
import { writeTimeline } from './migration-steps.ts'
import { checkRoom, holdRoom, NoRoomError } from './room.ts'

/**
 * What a command did. `not-found`: there is no such migration. `not-now`: its state does not permit it.
 * `object-changed`: the object is no longer what the migration was about. `object-busy`: another migration of
 * the object is unfinished. `cleaning-up`: what the last try left is not removed yet; soon it will be.
 * `no-room`: the target is full. `source-lost`: the store no longer has the source's bytes.
 * `being-cancelled`: it ends as soon as its worker hears of it. `target-removed`: the location it would move
 * to is no longer there.
 */
export type MigrationCommandResult =
  | { readonly kind: 'done'; readonly migration: Migration }
  | {
      readonly kind:
        | 'not-found'
        | 'not-now'
        | 'object-changed'
        | 'object-busy'
        | 'cleaning-up'
        | 'source-lost'
        | 'no-room'
        | 'being-cancelled'
        | 'target-removed'
    }

/** What a look at a store showed. */
interface FoundBytes {
  readonly size: number
  readonly identity: StoreIdentity
}

/**
 * A person's wish: which migration, who asks, and in which states it is permitted (see
 * migration/transitions).
 */
export interface MigrationCommand {
  readonly id: Uuid
  readonly principal: Principal
  readonly permittedIn: readonly MigrationState[]
}

/**
 * Nobody takes the migration, and its worker stops at the next step. Pausing twice is no error. One that is
 * being cancelled is not paused: `cancellableIn` are the states in which a request to cancel still ends it.
 */
export function pauseMigration(
  database: Database,
  command: MigrationCommand & { readonly cancellableIn: readonly MigrationState[] },
): Promise<MigrationCommandResult> {
  return setFlags(database, command, {
    event: 'pause-requested',
    assignments: 'paused = true',
    isDone: ({ paused }) => paused,
    refusal: ({ cancelRequested, state }) =>
      cancelRequested && command.cancellableIn.includes(state) ? 'being-cancelled' : null,
  })
}

/** Lets a paused migration go on at once. One that is not paused stays as it is. */
export function resumeMigration(
  database: Database,
  command: MigrationCommand,
): Promise<MigrationCommandResult> {
  return setFlags(database, command, {
    event: 'resume-requested',
    assignments: 'paused = false, not_before = now()',
    isDone: ({ paused }) => !paused,
  })
}

/** Asks the mover to end it, ahead of everything else; the source stays as it is. Asking twice is no error. */
export function cancelMigration(
  database: Database,
  command: MigrationCommand,
): Promise<MigrationCommandResult> {
  return setFlags(database, command, {
    event: 'cancel-requested',
    assignments: 'cancel_requested = true, paused = false, held = false, priority = 100, not_before = now()',
    isDone: ({ cancelRequested, paused }) => cancelRequested && !paused,
  })
}

/** What a command writes into a migration's row, unless it is as wished already or must not be. */
interface FlagChange {
  readonly event: string
  readonly assignments: string
  isDone(migration: Migration): boolean
  refusal?(migration: Migration): 'being-cancelled' | null
}

async function setFlags(
  database: Database,
  command: MigrationCommand,
  change: FlagChange,
): Promise<MigrationCommandResult> {
  return inTransaction(database, async connection => {
    const migration = await lockMigration(connection, command.id)
    if (migration === null) return { kind: 'not-found' }
    if (!command.permittedIn.includes(migration.state)) return { kind: 'not-now' }
    const refusal = change.refusal?.(migration) ?? null
    if (refusal !== null) return { kind: refusal }
    if (change.isDone(migration)) return { kind: 'done', migration }
    const { rows } = await connection.query<MigrationRow>(
      `update migration m set ${change.assignments} where m.id = $1 returning ${MIGRATION_COLUMNS}`,
      [command.id],
    )
    await note(connection, migration, change.event, migration.state, command.principal)
    return { kind: 'done', migration: migrationOf(rows[0]!) }
  })
}

/**
 * Plans an ended migration anew, as a first try with a fresh target copy, if the object is still what it was
 * about and its source copy is the good primary one; a repair needs its bad copy still to be there, and what
 * writes a copy elsewhere a place that has none yet. An applied plan is approved again until it ends anew.
 *
 * One that retained its source tries to delete it again; where the object is no longer what it was about, the
 * sweeper does.
 */
export async function retryMigration(
  database: Database,
  command: MigrationCommand,
): Promise<MigrationCommandResult> {
  try {
    return await inTransaction(database, connection => retry(connection, command))
  } catch (error) {
    if (error instanceof NoRoomError) return { kind: 'no-room' }
    if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) return { kind: 'object-busy' }
    throw error
  }
}

const UNIQUE_VIOLATION = '23505'

async function retry(connection: Connection, command: MigrationCommand): Promise<MigrationCommandResult> {
  const target = await findTargetLocation(connection, command.id)
  if (target !== null) await holdRoom(connection, [target])
  const planId = await holdPlanOf(connection, command.id)
  const migration = await lockMigration(connection, command.id)
  if (migration === null) return { kind: 'not-found' }
  if (!command.permittedIn.includes(migration.state)) return { kind: 'not-now' }
  await lockObjectRows(connection, [migration.objectId])
  if (migration.state === 'retained') return retryDeletion(connection, command, migration, planId)
  if (await hasLeftovers(connection, migration)) return { kind: 'cleaning-up' }
  if (target !== null && !(await isLocationThere(connection, target))) return { kind: 'target-removed' }
  const { rows } = await connection.query<MigrationRow>(
    `update migration m
     set state = 'planned', attempt = 0, finished_at = null, ended_by = null,
         evidence = case when m.kind = 'repair' then jsonb_build_object('targetKey', ${BROKEN_KEY}) else '{}' end,
         started_at = null, paused = false, held = false, cancel_requested = false,
         not_before = greatest(now(), (select ${SETTLED_AT} from location l join store s on s.id = l.store_id
                                       where l.id = target_location_id)),
         target_copy_id = case when $3 then $2 else m.target_copy_id end,
         placement_version = o.placement_version, grace_until_ms = null
     from object o, copy source
     where m.id = $1 and o.id = m.object_id and o.is_present and o.generation = m.generation
       and o.quarantined_because is null and source.object_id = m.object_id and source.id = m.source_copy_id
       and (source.is_primary or not $3) and source.state = 'complete'
       and source.location_id = m.source_location_id
       and (m.kind <> 'repair' or ${BROKEN_KEY} is not null)
       and (m.kind not in ('move', 'add-copy') or not ${IS_TARGET_TAKEN})
     returning ${MIGRATION_COLUMNS}`,
    [command.id, newId(), writesTarget(migration.kind)],
  )
  if (rows[0] === undefined) return { kind: 'object-changed' }
  if (target !== null) await checkRoom(connection, target)
  if (planId !== null) await reopenPlan(connection, planId)
  await note(connection, migration, 'retried', 'planned', command.principal)
  return { kind: 'done', migration: migrationOf(rows[0]) }
}

/** Whether another copy of the object lies by now where a move or a copy more would go, as when it is planned. */
const IS_TARGET_TAKEN = `exists (
  select from copy c
  join location theirs on theirs.id = c.location_id
  join location ours on ours.id = m.target_location_id
  where c.object_id = m.object_id and not c.is_primary
    and c.state = any (case when m.kind = 'add-copy' then '{complete,grace,retained,suspect}'::text[]
                            else '{complete}' end)
    and (theirs.store_id, theirs.container) = (ours.store_id, ours.container)
)`

/** Where the bad copy lies that a repair replaces, the one it knew before others; null when there is none. */
const BROKEN_KEY = `(
  select coalesce(c.native_key, o.key) from copy c
  where c.object_id = m.object_id and not c.is_primary and c.state = 'suspect'
    and c.location_id = m.target_location_id and c.generation = m.generation
  order by coalesce(c.native_key, o.key) = (m.evidence ->> 'targetKey') desc nulls last
  limit 1
)`

async function findTargetLocation(connection: Connection, id: Uuid): Promise<Uuid | null> {
  const { rows } = await connection.query<{ id: Uuid }>(
    'select target_location_id as id from migration where id = $1',
    [id],
  )
  return rows[0]?.id ?? null
}

/** Keeps the location from being removed until the transaction ends. */
async function isLocationThere(connection: Connection, id: Uuid): Promise<boolean> {
  const { rowCount } = await connection.query('select from location where id = $1 for key share', [id])
  return rowCount === 1
}

async function retryDeletion(
  connection: Connection,
  command: MigrationCommand,
  migration: Migration,
  planId: Uuid | null,
): Promise<MigrationCommandResult> {
  const { rows } = await connection.query<{ state: 'grace' | 'deleting' }>(
    `update copy source
     set state = case when o.is_present and o.generation = m.generation then 'grace' else 'deleting' end,
         grace_until_ms =
           case when o.is_present and o.generation = m.generation then coalesce(m.grace_until_ms, 0) end
     from migration m, object o
     where m.id = $1 and o.id = m.object_id and source.object_id = m.object_id
       and source.id = m.source_copy_id and source.state = 'retained'
       and (not o.is_present or o.generation <> m.generation
            or exists (select from copy target
                       where target.object_id = m.object_id and target.id = m.target_copy_id
                         and target.is_primary and target.state = 'complete'))
     returning source.state`,
    [migration.id],
  )
  if (rows[0] === undefined) return { kind: 'object-changed' }
  if (rows[0].state === 'deleting') {
    await note(connection, migration, 'retried', migration.state, command.principal)
    return { kind: 'done', migration }
  }
  const { rows: planned } = await connection.query<MigrationRow>(
    `update migration m
     set state = 'deleting-source', attempt = 0, evidence = evidence - 'error', finished_at = null,
         ended_by = null, paused = false, held = false, cancel_requested = false, not_before = now()
     where m.id = $1
     returning ${MIGRATION_COLUMNS}`,
    [migration.id],
  )
  if (planId !== null) await reopenPlan(connection, planId)
  await note(connection, migration, 'retried', 'deleting-source', command.principal)
  return { kind: 'done', migration: migrationOf(planned[0]!) }
}

/**
 * Whether something that an earlier try wrote is still to be removed. What it was is known by the migration's
 * evidence and by its id in the bytes, which the next try would share.
 */
async function hasLeftovers(connection: Connection, migration: Migration): Promise<boolean> {
  const { rows } = await connection.query(
    `select from copy
     where object_id = $1 and (migration_id = $2 or id = $3) and state in ('staging', 'deleting')`,
    [migration.objectId, migration.id, migration.targetCopyId],
  )
  return rows.length > 0
}

/**
 * Makes the source copy, still in grace, primary again, and leaves the target copy to the sweeper: one
 * transaction, after which no worker can act on the old lease. Changes nothing when the store no longer has
 * the source's bytes; rejects with what `look` rejects with when that cannot be found out. `stepOf` is what
 * migration/transitions says about `rolled-back` in the migration's state.
 */
export async function rollBackMigration(
  database: Database,
  command: Omit<MigrationCommand, 'permittedIn'> & {
    readonly stepOf: (state: MigrationState) => MigrationStep | null
    /** Model milliseconds. */
    readonly modelNow: number
    /** A HEAD: null when nothing lies there. */
    readonly look: (place: NativePlace) => Promise<FoundBytes | null>
  },
): Promise<MigrationCommandResult> {
  try {
    return await inTransaction(database, async connection => {
      const migration = await lockMigration(connection, command.id)
      if (migration === null) return { kind: 'not-found' }
      const step = command.stepOf(migration.state)
      if (step === null) return { kind: 'not-now' }
      // The migration's row is held, so that no worker deletes what is being looked at.
      const loss = await findSourceLoss(connection, migration, command.look)
      if (loss !== null) return { kind: loss }
      await lockObjectRows(connection, [migration.objectId])
      const { principal, modelNow } = command
      const effectful = { migration, step, modelNow, hasOtherCopies: true, lacksDigests: true }
      await applyEffects(connection, [effectful], principal)
      const { rows } = await connection.query<MigrationRow>(
        `update migration m
         set state = $2, finished_at = now(), ended_by = $3, lease_owner = null, lease_expires_at = null,
             fencing_token = m.fencing_token + 1
         where m.id = $1
         returning ${MIGRATION_COLUMNS}`,
        [migration.id, step.to, step.event],
      )
      await note(connection, migration, step.event, step.to, principal)
      return { kind: 'done', migration: migrationOf(rows[0]!) }
    })
  } catch (error) {
    if (error instanceof LedgerError && error.kind === 'switch-lost') return { kind: 'object-changed' }
    throw error
  }
}

async function findSourceLoss(
  connection: Connection,
  migration: Migration,
  look: (place: NativePlace) => Promise<FoundBytes | null>,
): Promise<'object-changed' | 'source-lost' | null> {
  const placed = await listPlacedCopies(connection, [migration.objectId])
  const source = placed.find(({ copy }) => copy.id === migration.sourceCopyId)
  if (source === undefined) return 'object-changed'
  const found = await look(source.place)
  return found !== null && isSameBytes(source.copy, found) ? null : 'source-lost'
}

async function lockMigration(connection: Connection, id: Uuid): Promise<Migration | null> {
  const { rows } = await connection.query<MigrationRow>(
    `select ${MIGRATION_COLUMNS} from migration m where m.id = $1 for update`,
    [id],
  )
  return rows[0] === undefined ? null : migrationOf(rows[0])
}

async function note(
  connection: Connection,
  migration: Migration,
  event: string,
  to: MigrationState,
  principal: Principal,
): Promise<void> {
  await writeTimeline(connection, {
    migrationId: migration.id,
    fencingToken: migration.fencingToken,
    worker: principal,
    steps: [{ event, from: migration.state, to }],
    detail: {},
  })
}
