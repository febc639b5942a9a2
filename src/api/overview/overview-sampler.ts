import { countQuarantinedObjects } from '../../database/catalog/last-copies.ts'
import { listStoreRefusals } from '../../database/catalog/refused-stores.ts'
import { listLocationFullness } from '../../database/migrations/full-locations.ts'
import type { ApiOptions } from '../context.ts'
import type { Overview, OverviewPoint, OverviewTick } from '../schemas/overview.ts'
import { type OverviewSnapshot, takeOverview } from './take-overview.ts'

const TICK_MS = 1_000
/**
 * Rest between looks, in times of what the last one took: however long a queue is, looking stays a small
 * part.
 */
const REST_PER_LOOK = 4
/** The series covers this long. */
const SERIES_SECONDS = 3_600
/** The rate of events is taken over this long, so that batches do not make it jump. */
const RATE_MS = 5_000

/** Told of every tick. Must not throw. */
export type TickListener = (tick: OverviewTick) => void

/** How many events were applied up to a moment of the wall clock. */
interface AppliedAt {
  readonly at: number
  readonly applied: number
}

/**
 * Looks at everything once a second for all clients of this process: keeps the newest overview, a ring of
 * points of the last hour, and the gauges of it. A look that takes long delays the next.
 */
export class OverviewSampler {
  readonly #options: ApiOptions
  readonly #listeners = new Set<TickListener>()
  readonly #series: OverviewPoint[] = []
  #applied: AppliedAt[] = []
  #newest: OverviewSnapshot | null = null
  #lastPointAt = 0
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> = Promise.resolve()
  #stopped = true

  constructor(options: ApiOptions) {
    this.#options = options
  }

  start(): void {
    this.#stopped = false
    this.#looking = this.#look()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#looking
  }

  subscribe(listener: TickListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The newest overview with the series; takes one when there is none yet. */
  async overview(): Promise<Overview> {
    const newest = this.#newest ?? this.#withRate(await takeOverview(this.#options))
    return { ...newest, series: [...this.#series] }
  }

  async #look(): Promise<void> {
    const startedAt = this.#options.wall.now()
    try {
      const overview = this.#withRate(await takeOverview(this.#options))
      this.#newest = overview
      this.#setGauges(overview)
      const { database, metrics } = this.#options
      metrics.quarantinedObjects.set(await countQuarantinedObjects(database))
      metrics.storeRefuses.reset()
      for (const { isRefusing, name } of await listStoreRefusals(database))
        metrics.storeRefuses.set({ store: name }, isRefusing ? 1 : 0)
      metrics.locationFull.reset()
      for (const { isFull, name } of await listLocationFullness(database))
        metrics.locationFull.set({ location: name }, isFull ? 1 : 0)
      const { latestDecisions: _, ...rest } = overview
      const tick = { ...rest, point: this.#keepPoint(overview) }
      for (const listener of this.#listeners) listener(tick)
    } catch (error) {
      if (!this.#stopped) this.#options.log.warn({ error }, 'the overview could not be taken')
    }
    if (this.#stopped) return
    const tookMs = Math.max(0, this.#options.wall.now() - startedAt)
    this.#timer = setTimeout(
      () => {
        this.#looking = this.#look()
      },
      Math.max(TICK_MS, tookMs * REST_PER_LOOK),
    )
  }

  #withRate(overview: OverviewSnapshot): OverviewSnapshot {
    const newest = { at: this.#options.wall.now(), applied: overview.events.applied }
    this.#applied = [...this.#applied.filter(older => newest.at - older.at <= RATE_MS), newest]
    const [oldest = newest] = this.#applied
    const seconds = (newest.at - oldest.at) / 1_000
    const perSecond = seconds > 0 ? Math.max(0, newest.applied - oldest.applied) / seconds : 0
    return { ...overview, events: { ...overview.events, perSecond } }
  }

  #keepPoint(overview: OverviewSnapshot): OverviewPoint | null {
    const now = this.#options.wall.now()
    const { seriesSeconds } = this.#options.config
    if (now - this.#lastPointAt < seriesSeconds * 1_000) return null
    this.#lastPointAt = now
    const bytesOf = (tier: string) => overview.tiers.find(entry => entry.tier === tier)?.bytes ?? 0
    const point: OverviewPoint = {
      at: overview.at,
      modelAt: overview.clock.modelAt,
      eventsPerSecond: overview.events.perSecond,
      lagSeconds: overview.events.lagSeconds,
      migrationsInFlight: overview.migrations.inFlight,
      objectsMovedPerSecond: overview.migrations.throughput.objectsPerSecond,
      bytesMovedPerSecond: overview.migrations.throughput.bytesPerSecond,
      usdPerMonth: overview.cost.now.storageUsdPerMonth,
      bytesByTier: { hot: bytesOf('hot'), warm: bytesOf('warm'), cold: bytesOf('cold') },
    }
    this.#series.push(point)
    if (this.#series.length > SERIES_SECONDS / seriesSeconds) this.#series.shift()
    return point
  }

  #setGauges(overview: OverviewSnapshot): void {
    const { metrics } = this.#options
    metrics.locationBytes.reset()
    metrics.locationObjects.reset()
    for (const { name, tier, bytes, objects } of overview.locations) {
      metrics.locationBytes.set({ location: name, tier }, bytes)
      metrics.locationObjects.set({ location: name, tier }, objects)
    }
    metrics.migrationQueue.reset()
    for (const [state, count] of Object.entries(overview.migrations.byState))
      metrics.migrationQueue.set({ state }, count ?? 0)
    const { stop, pausedStores, pausedPlans, held, overdue } = overview.migrations
    metrics.migrationsStopped.set(stop === null ? 0 : 1)
    metrics.migrationsPaused.set({ by: 'store' }, pausedStores.length)
    metrics.migrationsPaused.set({ by: 'plan' }, pausedPlans.length)
    metrics.migrationsHeld.set(held)
    metrics.migrationsOverdue.set(overdue)
    metrics.planSavingEstimatedUsd.set(overview.plans.proposedSavingUsd)
    const { now, everythingHot, afterPlans } = overview.cost
    const scenarios = { now, 'everything-hot': everythingHot, 'after-plans': afterPlans }
    for (const [scenario, { storageUsdPerMonth, readsUsdPerMonth }] of Object.entries(scenarios)) {
      if (storageUsdPerMonth !== null)
        metrics.costMonthlyUsd.set({ scenario, part: 'storage' }, storageUsdPerMonth)
      if (readsUsdPerMonth !== null) metrics.costMonthlyUsd.set({ scenario, part: 'reads' }, readsUsdPerMonth)
    }
  }
}
