import { type MigrationStop, readMigrationStop } from '../database/migrations/migration-holds.ts'
import { readThroughput, type Throughput } from '../database/migrations/migration-throughput.ts'
import {
  countEndedOfPlan,
  countResting,
  countUnfinished,
  listPausedPlans,
  listPausedStores,
  type PauseRow,
  type UnfinishedRow,
} from '../database/migrations/queue-status.ts'
import type { PlanRow } from '../database/placement/plans.ts'
import type { Queryable } from '../database/postgres.ts'
import type { Instant } from '../domain/clock.ts'
import { SECOND } from '../domain/duration.ts'
import type { MigrationState } from '../domain/migration.ts'
import { estimateEnd } from '../migration/estimate-end.ts'
import { optionalTimeText, timeText } from './present.ts'
import type { PlanStatus, QueueStatus } from './schemas/queue.ts'

/** States in which readers get the target copy already. */
const MOVED: ReadonlySet<MigrationState> = new Set([
  'switched',
  'grace',
  'deleting-source',
  'done',
  'retained',
])

/** The whole queue: how much, how fast, until when, and what keeps it. */
export async function readQueueStatus(queryable: Queryable, now: Instant): Promise<QueueStatus> {
  // One after the other: a look takes one connection of the pool.
  const stop = await readMigrationStop(queryable)
  const unfinished = await countUnfinished(queryable)
  const resting = await countResting(queryable)
  const done = await readThroughput(queryable)
  return {
    ...presentUnfinished({ unfinished, done, now, isStopped: stop !== null }),
    stop: presentStop(stop),
    pausedStores: (await listPausedStores(queryable)).map(presentPause),
    pausedPlans: (await listPausedPlans(queryable)).map(presentPause),
    resting: resting.map(presentResting),
  }
}

/** How far a plan is. */
export async function readPlanStatus(queryable: Queryable, plan: PlanRow, now: Instant): Promise<PlanStatus> {
  const stop = await readMigrationStop(queryable)
  const unfinished = await countUnfinished(queryable, plan.id)
  const ended = await countEndedOfPlan(queryable, plan.id)
  const resting = await countResting(queryable, plan.id)
  const done = await readThroughput(queryable, plan.id)
  const all = [...unfinished, ...ended]
  const isMoved = ({ state }: { state: MigrationState }) => MOVED.has(state)
  const open = presentUnfinished({ unfinished, done, now, isStopped: stop !== null })
  return {
    ...open,
    byState: { ...open.byState, ...byState(ended) },
    planId: plan.id,
    stop: presentStop(stop),
    pause:
      plan.pausedAt === null
        ? null
        : { at: timeText(plan.pausedAt), reason: plan.pausedBecause, principal: plan.pausedBy },
    priority: plan.priority,
    dueBy: optionalTimeText(plan.dueAt),
    overdueSince: optionalTimeText(plan.deadlineMissedAt),
    total: amountOf(all),
    moved: amountOf(all.filter(isMoved)),
    failed: amountOf(ended.filter(row => !isMoved(row))),
    resting: resting.map(presentResting),
  }
}

/** Everything that is stopped, as answers show it. */
export function presentStop(stop: MigrationStop | null): QueueStatus['stop'] {
  return stop === null
    ? null
    : { at: timeText(stop.stoppedAt), reason: stop.reason, principal: stop.principal }
}

/** What both statuses, and the overview, say of unfinished migrations. */
export function presentUnfinished(facts: {
  readonly unfinished: readonly UnfinishedRow[]
  readonly done: Throughput
  readonly now: Instant
  readonly isStopped: boolean
}): Omit<QueueStatus, 'stop' | 'pausedStores' | 'pausedPlans' | 'resting'> {
  const { unfinished, done, now, isStopped } = facts
  const sum = (count: (row: UnfinishedRow) => number) =>
    unfinished.reduce((total, row) => total + count(row), 0)
  const waiting = unfinished.filter(({ state }) => !MOVED.has(state))
  const sumOf = (count: (row: UnfinishedRow) => number) =>
    waiting.reduce((total, row) => total + count(row), 0)
  const copied = sumOf(row => row.bytesCopied)
  const isRestoring = ({ state }: UnfinishedRow) => state === 'waiting-restore'
  const movable = (count: (row: UnfinishedRow) => number) => sumOf(row => (isRestoring(row) ? 0 : count(row)))
  const left = { migrations: sumOf(row => row.count), bytes: Math.max(0, sumOf(row => row.bytes) - copied) }
  const end = estimateEnd({
    isStopped,
    objectsLeft: left.migrations,
    restoring: sumOf(row => (isRestoring(row) ? row.free : 0)),
    left: {
      objects: movable(row => row.free),
      bytes: Math.max(
        0,
        Math.min(
          left.bytes,
          movable(row => row.freeBytes),
        ),
      ),
    },
    done,
  })
  const rate = (amount: number) => (done.seconds > 0 ? amount / Math.max(done.seconds, 1) : 0)
  return {
    at: timeText(now),
    byState: byState(unfinished),
    left,
    inFlight: sum(row => row.leased),
    paused: sum(row => row.paused),
    held: sum(row => row.held),
    overdue: sum(row => row.overdue),
    throughput: {
      objectsPerSecond: rate(done.objects),
      bytesPerSecond: rate(done.bytes),
      measuredSeconds: done.seconds,
    },
    end: {
      seconds: end.seconds,
      at:
        end.seconds === null || end.seconds > SECONDS_TOLD_MAX ? null : timeText(now + end.seconds * SECOND),
      unknownBecause: end.unknownBecause,
    },
  }
}

/** An end later than a century from now is told as a length only: dates have an end, too. */
const SECONDS_TOLD_MAX = 100 * 365 * 86_400

type Counted = Pick<UnfinishedRow, 'state' | 'count' | 'bytes'>

function byState(rows: readonly Counted[]): QueueStatus['byState'] {
  return Object.fromEntries(rows.map(row => [row.state, { migrations: row.count, bytes: row.bytes }]))
}

function amountOf(rows: readonly Counted[]): QueueStatus['left'] {
  return {
    migrations: rows.reduce((total, row) => total + row.count, 0),
    bytes: rows.reduce((total, row) => total + row.bytes, 0),
  }
}

/** A paused store or plan, as answers show it. */
export function presentPause(row: PauseRow): QueueStatus['pausedStores'][number] {
  return {
    id: row.id,
    name: row.name,
    at: timeText(row.pausedAt),
    reason: row.reason,
    principal: row.principal,
  }
}

function presentResting(row: {
  kind: string
  count: number
  nextAttemptAt: Date
}): QueueStatus['resting'][number] {
  return { kind: row.kind, migrations: row.count, nextAttemptAt: timeText(row.nextAttemptAt) }
}
