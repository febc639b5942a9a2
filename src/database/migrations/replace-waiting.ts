import type { Instant } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Migration } from '../../domain/migration.ts'
import type { MigrationStep } from '../../domain/migration-record.ts'
import type { Principal } from '../../domain/principal.ts'
import { arrayLiteral } from '../array-literal.ts'
import type { Connection } from '../postgres.ts'
import { applyEffects } from './effects/apply-effects.ts'
import { WAITS_FOR_ROOM } from './migration-holds.ts'
import { MIGRATION_COLUMNS, type MigrationRow, migrationOf } from './migration-rows.ts'
import { writeTimeline } from './migration-steps.ts'

/** Whether migration `m` waits for a full location, nobody works on it, and a decision asked for it. */
export const IS_REPLACEABLE = `(
  m.lease_owner is null and not m.paused and m.decision_id is not null and m.kind in ('move', 'add-copy')
  and ${WAITS_FOR_ROOM})`

/**
 * Ends migrations that still wait for a full location, because another place is better by now. Whoever is busy with one of them,
 * or with its object, keeps it. Call it in the transaction that plans the others. `stepOf` is what
 * migration/transitions says about `superseded`.
 */
export async function replaceWaiting(
  connection: Connection,
  ids: readonly Uuid[],
  options: {
    readonly stepOf: (migration: Pick<Migration, 'kind' | 'state'>) => MigrationStep
    readonly modelNow: Instant
    readonly principal: Principal
  },
): Promise<void> {
  if (ids.length === 0) return
  const { rows } = await connection.query<MigrationRow>({
    name: 'migration_waiting_lock',
    text: `
      select ${MIGRATION_COLUMNS} from migration m
      where m.id = any ($1::uuid[]) and m.finished_at is null and ${IS_REPLACEABLE}
      order by m.id for update of m skip locked`,
    values: [arrayLiteral(ids)],
  })
  const waiting = rows.map(migrationOf)
  const { rows: free } = await connection.query<{ id: string }>({
    name: 'migration_waiting_lock_objects',
    text: 'select id from object where id = any ($1::uuid[]) order by id for update skip locked',
    values: [arrayLiteral(waiting.map(({ objectId }) => objectId))],
  })
  const locked = new Set(free.map(({ id }) => id))
  const { modelNow, principal } = options
  const ended = waiting
    .filter(({ objectId }) => locked.has(objectId))
    .map(migration => ({ migration, step: options.stepOf(migration) }))
  if (ended.length === 0) return
  const needs = { modelNow, hasOtherCopies: true, lacksDigests: true }
  await applyEffects(
    connection,
    ended.map(one => ({ ...one, ...needs })),
    principal,
  )
  await connection.query({
    name: 'migration_waiting_end',
    text: `
      update migration m
      set state = n.state, finished_at = now(), ended_by = n.event, fencing_token = m.fencing_token + 1
      from unnest($1::uuid[], $2::text[], $3::text[]) as n (id, state, event)
      where m.id = n.id`,
    values: [
      ended.map(({ migration }) => migration.id),
      ended.map(({ step }) => step.to),
      ended.map(({ step }) => step.event),
    ],
  })
  for (const { migration, step } of ended) {
    await writeTimeline(connection, {
      migrationId: migration.id,
      fencingToken: migration.fencingToken,
      worker: principal,
      steps: [step],
      detail: {
        kind: 'placed-elsewhere',
        message: 'its target is full, and another place is better meanwhile',
      },
    })
  }
}
