import { countDeadLetters, listIngestProgress } from '../../database/accesses/event-progress.ts'
import { readExpectedReads } from '../../database/accesses/expected-reads.ts'
import { readIngestLag } from '../../database/accesses/ingest-partitions.ts'
import { readMigrationStop } from '../../database/migrations/migration-holds.ts'
import { readThroughput } from '../../database/migrations/migration-throughput.ts'
import {
  countFinishedMigrations,
  countQuarantinedMigrations,
} from '../../database/migrations/migration-views.ts'
import { countUnfinished, listPausedPlans, listPausedStores } from '../../database/migrations/queue-status.ts'
import { listLatestDecisions } from '../../database/placement/decisions.ts'
import {
  readClockScale,
  readPendingShifts,
  readUsage,
  sumReadsSavingUnderWay,
  type UsageRow,
} from '../../database/placement/overview.ts'
import { sumProposedPlans } from '../../database/placement/plans.ts'
import { findCurrentPriceBook } from '../../database/placement/price-books.ts'
import type { Instant } from '../../domain/clock.ts'
import { HOUR } from '../../domain/duration.ts'
import type { MigrationState } from '../../domain/migration.ts'
import { type LocationPrice, type PriceBook, priceBookLabel } from '../../domain/price.ts'
import { TIERS } from '../../domain/tier.ts'
import type { ApiOptions } from '../context.ts'
import { optionalTimeText, timeText } from '../present.ts'
import { presentDecision } from '../present-decision.ts'
import { presentPause, presentStop, presentUnfinished } from '../queue-status.ts'
import type { Overview } from '../schemas/overview.ts'
import { type CostFacts, stateCost } from './monthly-cost.ts'
import { keepingCost } from './storage-cost.ts'

const LATEST_DECISIONS = 20
const DONE: readonly MigrationState[] = ['done', 'retained']

/** An overview without what needs a look at two moments: the rate of events and the series. */
export type OverviewSnapshot = Omit<Overview, 'series'>

/** Reads the state of everything once. Its cost depends on locations and pending work, not on objects. */
export async function takeOverview(
  options: Pick<ApiOptions, 'database' | 'clock' | 'wall' | 'events'>,
): Promise<OverviewSnapshot> {
  const { database, clock, wall, events } = options
  const modelNow = clock.now()
  // One after the other: a look takes one connection of the pool, however many statements it needs.
  const usage = await readUsage(database)
  const shiftsUnderWay = await readPendingShifts(database)
  const readsSavingUnderWayUsd = await sumReadsSavingUnderWay(database)
  const counted = await readExpectedReads(database)
  const book = await findCurrentPriceBook(database, timeText(modelNow).slice(0, 10))
  const plans = await sumProposedPlans(database)
  const decisions = await listLatestDecisions(database, LATEST_DECISIONS)
  const scale = await readClockScale(database)
  const eventState = await readEventState(database, events.name)
  const migrations = await readMigrationState(database, wall.now())
  return {
    at: timeText(wall.now()),
    clock: { modelAt: timeText(modelNow), scale },
    ...holdingsOfLocations(usage, book?.book ?? null),
    cost: presentCost(
      {
        usage,
        shiftsUnderWay,
        readsSavingUnderWayUsd,
        openPlans: plans,
        reads: counted?.loads ?? null,
        book: book?.book ?? null,
      },
      counted,
    ),
    events: { ...eventState, perSecond: 0 },
    migrations,
    plans: { proposed: plans.plans, proposedSavingUsd: plans.monthlySavingUsd },
    latestDecisions: decisions.map(presentDecision),
  }
}

async function readEventState(
  database: ApiOptions['database'],
  source: string,
): Promise<Omit<Overview['events'], 'perSecond'>> {
  const lag = await readIngestLag(database, source)
  const progress = await listIngestProgress(database)
  const deadLetters = await countDeadLetters(database)
  return {
    applied: progress.reduce((sum, partition) => sum + partition.eventsApplied, 0),
    lagSeconds: Math.max(0, ...lag.map(partition => partition.seconds)),
    lagMessages: lag.reduce((sum, partition) => sum + partition.events, 0),
    deadLetters,
  }
}

async function readMigrationState(
  database: ApiOptions['database'],
  now: number,
): Promise<Overview['migrations']> {
  const unfinished = await countUnfinished(database)
  const stop = await readMigrationStop(database)
  const pausedStores = await listPausedStores(database)
  const pausedPlans = await listPausedPlans(database)
  const done = await readThroughput(database)
  const queue = presentUnfinished({ unfinished, done, now, isStopped: stop !== null })
  const finished = await countFinishedMigrations(database, new Date(now - HOUR))
  const quarantined = await countQuarantinedMigrations(database)
  const recent = new Map<MigrationState, number>(finished.map(row => [row.state, row.migrations]))
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
  return {
    inFlight: queue.inFlight,
    unfinished: sum(unfinished.map(row => row.count)),
    paused: queue.paused,
    held: queue.held,
    overdue: queue.overdue,
    left: queue.left,
    throughput: queue.throughput,
    end: queue.end,
    stop: presentStop(stop),
    pausedStores: pausedStores.map(presentPause),
    pausedPlans: pausedPlans.map(presentPause),
    byState: Object.fromEntries(unfinished.map(row => [row.state, row.count])),
    doneLastHour: sum(DONE.map(state => recent.get(state) ?? 0)),
    failedLastHour: sum(finished.map(row => row.failures)),
    quarantined,
  }
}

function presentCost(
  facts: CostFacts,
  counted: { countedAt: Date; modelAt: Instant } | null,
): Overview['cost'] {
  return {
    ...stateCost(facts),
    readsCountedAt: optionalTimeText(counted?.countedAt ?? null),
    readsCountedAtModel: counted === null ? null : timeText(counted.modelAt),
    priceBook: facts.book === null ? null : priceBookLabel(facts.book),
  }
}

function holdingsOfLocations(
  usage: readonly UsageRow[],
  book: PriceBook | null,
): Pick<Overview, 'total' | 'tiers' | 'locations'> {
  const prices = new Map(book?.locations.map(price => [price.id, price]))
  const priceIds = new Map(usage.map(row => [row.locationId, row.priceId]))
  const priceOf = (locationId: string) => prices.get(priceIds.get(locationId) ?? '') ?? null
  const locations = locationsOf(usage, priceOf)
  const tiers = TIERS.map(tier => {
    const inTier = locations.filter(location => location.tier === tier)
    return { tier, ...sumOf(inTier) }
  })
  const { objects, bytes } = sumOf(locations)
  return { total: { objects, bytes }, tiers, locations }
}

function locationsOf(
  usage: readonly UsageRow[],
  priceOf: (locationId: string) => LocationPrice | null,
): Overview['locations'] {
  const byId = Map.groupBy(usage, row => row.locationId)
  return [...byId].map(([id, rows]) => {
    const [first] = rows as [UsageRow, ...UsageRow[]]
    const price = priceOf(id)
    return {
      id,
      name: first.locationName,
      store: first.storeName,
      tier: first.tier,
      capacityBytes: first.capacityBytes,
      objects: rows.reduce((sum, row) => sum + row.primaries, 0),
      copies: rows.reduce((sum, row) => sum + row.copies, 0),
      bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
      usdPerMonth: price === null ? null : keepingCost(price, rows),
    }
  })
}

type Sum = Pick<Overview['tiers'][number], 'objects' | 'copies' | 'bytes' | 'usdPerMonth'>

function sumOf(parts: readonly Sum[]): Sum {
  return parts.reduce<Sum>(
    (sum, part) => ({
      objects: sum.objects + part.objects,
      copies: sum.copies + part.copies,
      bytes: sum.bytes + part.bytes,
      usdPerMonth:
        sum.usdPerMonth === null || (part.usdPerMonth === null && part.copies > 0)
          ? null
          : sum.usdPerMonth + (part.usdPerMonth ?? 0),
    }),
    { objects: 0, copies: 0, bytes: 0, usdPerMonth: 0 },
  )
}
