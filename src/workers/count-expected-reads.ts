import {
  claimExpectedReads,
  countExpectedReads,
  type ExpectedReads,
  type HeatScale,
  saveExpectedReads,
} from '../database/accesses/expected-reads.ts'
import { findCurrentPriceBook } from '../database/placement/price-books.ts'
import type { Queryable } from '../database/postgres.ts'
import type { Clock, Instant } from '../domain/clock.ts'
import { DAY, DAYS_PER_MONTH, SECOND } from '../domain/duration.ts'
import type { HalfLife } from '../domain/half-life.ts'
import type { ObjectId } from '../domain/identifiers.ts'
import { HEAT_3D, HEAT_6H, HEAT_30D, HEAT_LANDMARK, type HeatColumn } from '../heat/forward-decay.ts'
import type { Loop } from './loop.ts'

/** Objects summed up in one statement. */
const PAGE_OBJECTS = 20_000
/** From the end of one count to the beginning of the next, at least. */
const EVERY_MS = 5 * SECOND
/** After a page the counter rests this many times as long as the page took: it is busy 5 % of the time. */
const REST_PER_WORK = 19
/** It never rests longer, so that a slow page does not let it seem dead. */
const REST_MS_MAX = 20 * SECOND
/** A counter not heard of for this long is replaced. Longer than a page and its rest. */
const SILENT_SECONDS_MAX = 60

const NO_OBJECT: ObjectId = '00000000-0000-0000-0000-000000000000'

/** A count under way: everything in it is at the heat of one moment. */
interface Count {
  readonly at: Instant
  readonly modelAt: Instant
  readonly daysPerMonth: number
  readonly sums: Map<string, ExpectedReads>
  afterId: ObjectId
}

/**
 * Counts again and again how much is expected to be read per month, by location and policy, for whoever
 * wants to know what reads cost: page by page, at a bounded share of one connection, by one planner at a
 * time. A count that is interrupted is begun anew; until it ends the former one stands.
 */
export function expectedReadsLoop(options: {
  readonly database: Queryable
  readonly modelClock: Clock
  readonly wallClock: Clock
  /** Names this process among planners. */
  readonly owner: string
  /** Objects in one statement. Default: 20,000. */
  readonly pageObjects?: number
}): Loop {
  const { database, modelClock, wallClock, owner } = options
  const limit = options.pageObjects ?? PAGE_OBJECTS
  let count: Count | null = null
  let restMs = EVERY_MS

  return {
    name: 'count-expected-reads',
    get idleMs() {
      return restMs
    },
    /** One page. Resolves to 0 always, so that the loop rests after each. */
    async step() {
      restMs = EVERY_MS
      if (!(await claimExpectedReads(database, { owner, silentSecondsMax: SILENT_SECONDS_MAX }))) {
        count = null
        return 0
      }
      count ??= await beginCount()
      const startedAt = wallClock.now()
      const page = await countExpectedReads(database, {
        afterId: count.afterId,
        limit,
        scales: scalesAt(count.modelAt),
        daysPerMonth: count.daysPerMonth,
      })
      for (const load of page.loads) addLoad(count.sums, load)
      if (page.lastObjectId !== null && page.objects >= limit) {
        count.afterId = page.lastObjectId
        restMs = restAfter(wallClock.now() - startedAt)
        return 0
      }
      await saveExpectedReads(database, { ...count, loads: [...count.sums.values()] })
      count = null
      restMs = Math.max(EVERY_MS, restAfter(wallClock.now() - startedAt))
      return 0
    },
  }

  async function beginCount(): Promise<Count> {
    const modelAt = modelClock.now()
    const book = await findCurrentPriceBook(database, new Date(modelAt).toISOString().slice(0, 10))
    return {
      at: wallClock.now(),
      modelAt,
      daysPerMonth: book?.book.daysPerMonth ?? DAYS_PER_MONTH,
      sums: new Map(),
      afterId: NO_OBJECT,
    }
  }
}

function restAfter(workMs: number): number {
  return Math.min(REST_MS_MAX, REST_PER_WORK * workMs)
}

function addLoad(sums: Map<string, ExpectedReads>, load: ExpectedReads): void {
  const key = `${load.locationId} ${load.policyId}`
  const sum = sums.get(key)
  sums.set(key, {
    ...load,
    readsPerMonth: load.readsPerMonth + (sum?.readsPerMonth ?? 0),
    bytesPerMonth: load.bytesPerMonth + (sum?.bytesPerMonth ?? 0),
  })
}

function scalesAt(at: Instant): Readonly<Record<HalfLife, HeatScale>> {
  const scale = ({ decayPerMs }: HeatColumn) => ({
    lnShift: decayPerMs * (at - HEAT_LANDMARK),
    perDay: decayPerMs * DAY,
  })
  return { '6h': scale(HEAT_6H), '3d': scale(HEAT_3D), '30d': scale(HEAT_30D) }
}
