import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type {
  EndState,
  Migration,
  MigrationDirection,
  MigrationState,
  WorkingState,
} from '../../domain/migration.ts'
import { HARMLESS_ABORTS } from '../../domain/migration-record.ts'
import type { Tier } from '../../domain/tier.ts'
import type { Queryable } from '../postgres.ts'
import { HELD_STORE_STATES, IS_FREE, IS_NOT_STOPPED, WAITS_FOR_ROOM } from './migration-holds.ts'
import { MIGRATION_COLUMNS, type MigrationRow, migrationOf } from './migration-rows.ts'
import { IS_OVERDUE } from './queue-status.ts'

/** A migration as people see it. */
export interface MigrationView extends Migration {
  /** `(deleted)` once the bucket is. */
  readonly bucketName: string
  readonly source: PlaceView
  readonly target: PlaceView
  readonly monthlySavingUsd: number | null
  readonly oneTimeUsd: number | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  /** Null once it has ended or while a worker has it. */
  readonly nextAttemptAt: Date | null
  readonly principal: string
  /** What keeps it from being taken up beside itself. */
  readonly heldBy: readonly MigrationHold[]
  /** By when readers should get the target copy. */
  readonly dueAt: Date | null
  /** They did not by then. */
  readonly isOverdue: boolean
}

/** What an unfinished migration rests for: what a person paused, a store that refuses our credentials, a full target. */
export const MIGRATION_HOLDS = ['stop', 'source-store', 'target-store', 'full-target', 'plan'] as const
export type MigrationHold = (typeof MIGRATION_HOLDS)[number]

/** A location by its name: `(removed)` once it is, which only ended migrations outlive. */
interface PlaceView {
  readonly id: Uuid
  readonly name: string
  readonly tier: Tier | null
}

interface ViewRow extends MigrationRow {
  bucket_name: string
  source_name: string
  source_tier: Tier | null
  target_name: string
  target_tier: Tier | null
  monthly_saving_usd: number | null
  one_time_usd: number | null
  created_at: Date
  started_at: Date | null
  finished_at: Date | null
  next_attempt_at: Date | null
  principal: string
  held_by: MigrationHold[]
  due_at: Date | null
  is_overdue: boolean
}

const VIEW = `
  select ${MIGRATION_COLUMNS}, coalesce(b.name, '(deleted)') as bucket_name,
         coalesce(source.name, '(removed)') as source_name, source.tier as source_tier,
         coalesce(target.name, '(removed)') as target_name, target.tier as target_tier, m.monthly_saving_usd, m.one_time_usd,
         m.created_at, m.started_at, m.finished_at, m.principal,
         case when m.finished_at is null and m.lease_owner is null then m.not_before end as next_attempt_at,
         m.due_at, coalesce(${IS_OVERDUE}, false) as is_overdue,
         case when m.finished_at is null then array_remove(array[
           case when exists (select from migration_stop) then 'stop' end,
           case when source_store.state in ${HELD_STORE_STATES} then 'source-store' end,
           case when target_store.state in ${HELD_STORE_STATES} then 'target-store' end,
           case when ${WAITS_FOR_ROOM} then 'full-target' end,
           case when exists (select from plan where id = m.plan_id and paused_at is not null) then 'plan' end
         ], null) else '{}'::text[] end as held_by
  from migration m
  left join bucket b on b.id = m.bucket_id
  left join location source on source.id = m.source_location_id
  left join location target on target.id = m.target_location_id
  left join store source_store on source_store.id = source.store_id
  left join store target_store on target_store.id = target.store_id`

/** Whether migration `m` rests for something people paused, itself included, a store that refuses us or a full target. */
const IS_RESTING = `(m.finished_at is null and (m.paused or not ${IS_FREE} or not ${IS_NOT_STOPPED}))`

/** What a list of migrations is narrowed to. */
export interface MigrationFilter {
  readonly state?: MigrationState
  /** True: unfinished only; false: finished only. */
  readonly isActive?: boolean
  readonly direction?: MigrationDirection
  readonly bucketId?: Uuid
  readonly objectId?: ObjectId
  readonly planId?: Uuid
  /** Those that read or write in a store. */
  readonly storeId?: Uuid
  /** True: only what missed its deadline; false: only what did not. */
  readonly isOverdue?: boolean
  /** True: only what is unfinished and rests for a pause, a refusing store, a full target or the stop; false: only what does not. */
  readonly isPaused?: boolean
  /** The kind of the last error. */
  readonly errorKind?: string
  /** The last id of the page before. */
  readonly beforeId?: Uuid
  readonly limit: number
}

/** One page of migrations, the newest first. */
export async function listMigrations(
  queryable: Queryable,
  filter: MigrationFilter,
): Promise<MigrationView[]> {
  const { rows } = await queryable.query<ViewRow>(
    `${VIEW}
     where ($1::text is null or m.state = $1)
       and ($2::boolean is null or (m.finished_at is null) = $2)
       and ($3::text is null or m.direction = $3)
       and ($4::uuid is null or m.bucket_id = $4)
       and ($5::uuid is null or m.object_id = $5)
       and ($6::uuid is null or m.plan_id = $6)
       and ($7::uuid is null or m.id < $7)
       and ($9::uuid is null or $9 in (source.store_id, target.store_id))
       and ($10::boolean is null or coalesce(${IS_OVERDUE}, false) = $10)
       and ($11::boolean is null or ${IS_RESTING} = $11)
       and ($12::text is null or m.evidence #>> '{error,kind}' = $12)
     order by m.id desc
     limit $8`,
    [
      filter.state ?? null,
      filter.isActive ?? null,
      filter.direction ?? null,
      filter.bucketId ?? null,
      filter.objectId ?? null,
      filter.planId ?? null,
      filter.beforeId ?? null,
      filter.limit,
      filter.storeId ?? null,
      filter.isOverdue ?? null,
      filter.isPaused ?? null,
      filter.errorKind ?? null,
    ],
  )
  return rows.map(viewOf)
}

/** One migration, or null. */
export async function findMigration(queryable: Queryable, id: Uuid): Promise<MigrationView | null> {
  const { rows } = await queryable.query<ViewRow>(`${VIEW} where m.id = $1`, [id])
  return rows[0] === undefined ? null : viewOf(rows[0])
}

/** One line of a migration's timeline. */
export interface MigrationTimelineEntry {
  readonly sequence: number
  readonly at: Date
  readonly event: string
  readonly stateFrom: MigrationState
  readonly stateTo: MigrationState
  /** The worker, or the principal of a person's command. */
  readonly worker: string
  readonly fencingToken: number
  readonly detail: Readonly<Record<string, unknown>>
}

/** A row of the timeline: one step, with those that were recorded in the same moment before it. */
interface TimelineRow extends MigrationTimelineEntry {
  readonly passed: readonly (readonly [MigrationState, string, MigrationState])[] | null
}

/** The newest steps of a migration in the order in which they happened; at most `limit`. */
export async function listMigrationTimeline(
  queryable: Queryable,
  migrationId: Uuid,
  limit = 1_000,
): Promise<MigrationTimelineEntry[]> {
  const { rows } = await queryable.query<TimelineRow>(
    `select sequence, at, event, state_from as "stateFrom", state_to as "stateTo", worker,
            fencing_token as "fencingToken", detail, passed
     from (select * from migration_event where migration_id = $1 order by sequence desc limit $2) as newest
     order by sequence`,
    [migrationId, limit],
  )
  return rows.flatMap(stepsOf).slice(-limit)
}

function stepsOf({ passed, ...last }: TimelineRow): MigrationTimelineEntry[] {
  const before = (passed ?? []).map(([stateFrom, event, stateTo], index, all) => {
    const sequence = last.sequence - all.length + index
    return { ...last, sequence, stateFrom, event, stateTo, detail: {} }
  })
  return [...before, last]
}

/** How many migrations are unfinished and how many bytes they move, by state. */
export async function countUnfinishedMigrations(
  queryable: Queryable,
): Promise<{ state: WorkingState; migrations: number; bytes: number }[]> {
  const { rows } = await queryable.query<{ state: WorkingState; migrations: number; bytes: number }>(
    `select state, count(*) as migrations, sum(size)::bigint as bytes
     from migration where finished_at is null group by state order by state`,
  )
  return rows
}

/** Migrations that ended in one way. */
export interface FinishedMigrations {
  readonly state: EndState
  readonly migrations: number
  readonly bytes: number
  /** Those that failed: quarantined, or aborted for another reason than {@link HARMLESS_ABORTS}. */
  readonly failures: number
}

/** How many migrations ended since a moment, how many bytes they moved and how many failed, by end. */
export async function countFinishedMigrations(
  queryable: Queryable,
  since: Date,
): Promise<FinishedMigrations[]> {
  const { rows } = await queryable.query<FinishedMigrations>({
    name: 'migration_count_finished',
    text: `
      select state, count(*) as migrations, sum(size)::bigint as bytes,
             count(*) filter (where state = 'quarantined' or (state = 'aborted' and ended_by <> all ($2::text[])))
               as failures
      from migration where finished_at is not null and finished_at >= $1 group by state order by state`,
    values: [since, HARMLESS_ABORTS],
  })
  return rows
}

/** Quarantined migrations are counted up to this many. */
const QUARANTINED_COUNTED_MAX = 10_000

/** How many migrations are quarantined now, at most {@link QUARANTINED_COUNTED_MAX}. */
export async function countQuarantinedMigrations(queryable: Queryable): Promise<number> {
  const { rows } = await queryable.query<{ count: number }>({
    name: 'migration_count_quarantined',
    text: `select count(*) as count from (
             select from migration where is_quarantined limit ${QUARANTINED_COUNTED_MAX}) as counted`,
  })
  return rows[0]?.count ?? 0
}

function viewOf(row: ViewRow): MigrationView {
  return {
    ...migrationOf(row),
    bucketName: row.bucket_name,
    source: { id: row.source_location_id, name: row.source_name, tier: row.source_tier },
    target: { id: row.target_location_id, name: row.target_name, tier: row.target_tier },
    monthlySavingUsd: row.monthly_saving_usd,
    oneTimeUsd: row.one_time_usd,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    nextAttemptAt: row.next_attempt_at,
    principal: row.principal,
    heldBy: row.held_by,
    dueAt: row.due_at,
    isOverdue: row.is_overdue,
  }
}
