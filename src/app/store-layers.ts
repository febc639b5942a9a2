import { setTimeout as delay } from 'node:timers/promises'
import type { StoreRow } from '../database/catalog/stores.ts'
import type { Clock } from '../domain/clock.ts'
import type { StoreDrill, StoreKind } from '../domain/store.ts'
import { ratesAt } from '../domain/store-budget.ts'
import { seededRandom } from '../simulator/traffic/random.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { AdaptiveLimit, LIMIT_DEFAULTS } from '../stores/wrappers/adaptive-limit.ts'
import { breakingStore } from '../stores/wrappers/breaking-store.ts'
import { BudgetGate } from '../stores/wrappers/budget-gate.ts'
import { budgetedStore } from '../stores/wrappers/budgeted-store.ts'
import { BREAKER_DEFAULTS, CircuitBreaker } from '../stores/wrappers/circuit-breaker.ts'
import {
  type ConcurrencyLimits,
  concurrencyLimitedStore,
} from '../stores/wrappers/concurrency-limited-store.ts'
import { faultyStore } from '../stores/wrappers/faulty-store.ts'
import { meteredStore } from '../stores/wrappers/metered-store.ts'
import { REFUSAL_DEFAULTS, RefusalWatch } from '../stores/wrappers/refusal-watch.ts'
import { RETRY_DEFAULTS, retryingStore } from '../stores/wrappers/retrying-store.ts'
import { drawFrom, type TokenClock } from '../stores/wrappers/token-clock.ts'
import { watchedStore } from '../stores/wrappers/watched-store.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** What a store's row says about how it is used. */
export type StoreControls = Pick<StoreRow, 'budget' | 'requestsAtOnceMax' | 'drill' | 'state' | 'revision'>

/** One store, for clients, who never wait for background work, and for background work. */
export interface LayeredStore {
  readonly clients: ObjectStore
  readonly background: ObjectStore
}

/** What the layers of every store are made with. */
export interface LayerOptions {
  readonly metrics: Metrics
  readonly log: Logger
  /** The clock of a store's budget, which all processes share. */
  readonly tokenClock: TokenClock
  readonly wallClock: Clock
  readonly nowMs: () => number
  /** Told that this process leaves the store alone, again after each try that failed, or that it is back. */
  readonly tellCircuit: (isOpen: boolean) => void
  /** Told what the store answers where it refuses the credentials, and the revision of its row that has them. */
  readonly tellRefusal: (revision: number, answer: string) => Promise<void>
}

/** How long a store may take to say that it refuses a list, too. */
const CONFIRMATION_MS_MAX = 10_000
/** The longest a timer of Node's can be set to. */
const SLEEP_MS_MAX = 2 ** 31 - 1
/** Of a store's words. */
const ANSWER_CHARACTERS_MAX = 300

/**
 * Adapters that try a read again by themselves: the layer around them does not, so that tries never multiply.
 */
const RETRIES_READS: ReadonlySet<StoreKind> = new Set(['azure-blob', 'gcs', 's3'])

/**
 * What is put around an adapter, from the outside in:
 *
 * 1. retry (background only: a client is told at once and tries again by itself)
 * 2. budget: a try costs a request; clients spend without waiting
 * 3. concurrency: clients enter without waiting
 * 4. breaker, shared by both: nothing that waits above counts as silence of the store
 * 5. metrics: every request that is really made, and its bytes
 * 6. faults on purpose, where a drill is held
 * 7. a watch for refused credentials: what fails on purpose tells nothing of them
 *
 * What a store's layers have learned about it outlives a change of its limits.
 */
export class StoreLayers {
  readonly #adapter: ObjectStore
  readonly #kind: StoreKind
  readonly #options: LayerOptions
  readonly #breaker: CircuitBreaker
  readonly #gate: BudgetGate
  readonly #refusals: RefusalWatch
  readonly #watched: ObjectStore
  /** The revision of the row for which a refusal is being told, or was. */
  #toldRevision: number | null = null
  #limits: ConcurrencyLimits
  #controls: StoreControls

  constructor(store: StoreRow, adapter: ObjectStore, options: LayerOptions) {
    const { log, metrics, nowMs, tokenClock, wallClock } = options
    this.#adapter = adapter
    this.#kind = store.kind
    this.#options = options
    this.#controls = store
    this.#limits = this.#newLimits(store.requestsAtOnceMax)
    this.#refusals = new RefusalWatch(REFUSAL_DEFAULTS, nowMs)
    const shutOut = (container: string, words: string) => void this.#tellRefusal(container, words)
    this.#watched = watchedStore(adapter, { watch: this.#refusals, shutOut })
    let wasOpen = false
    metrics.storeCircuitOpen.set({ store: adapter.name }, 0)
    this.#breaker = new CircuitBreaker(BREAKER_DEFAULTS, nowMs, isOpen => {
      options.tellCircuit(isOpen)
      if (isOpen === wasOpen) return
      wasOpen = isOpen
      metrics.storeCircuitOpen.set({ store: adapter.name }, isOpen ? 1 : 0)
      log.warn(
        { store: adapter.name },
        isOpen ? 'a store does not answer; it is left alone' : 'a store is back',
      )
    })
    this.#gate = new BudgetGate({
      draw: drawFrom(tokenClock, () => ratesAt(this.#controls.budget, wallClock.now())),
      sleep,
      failed: error => log.warn({ error, store: adapter.name }, 'tokens of a budget could not be drawn'),
    })
  }

  /** Whether the store left so many requests without an answer that it is not asked for a while. */
  get isAway(): boolean {
    return this.#breaker.isOpen
  }

  /** Whether the store refused all it was asked lately, for lack of rights. */
  get isRefusing(): boolean {
    return this.#refusals.onlyRefuses
  }

  /** The store with the limits and the drill that its row says now. */
  layer(controls: StoreControls): LayeredStore {
    if (controls.requestsAtOnceMax !== this.#controls.requestsAtOnceMax)
      this.#limits = this.#newLimits(controls.requestsAtOnceMax)
    // A person says that it may be asked again.
    if (this.#controls.state !== 'active' && controls.state === 'active') this.#refusals.forget()
    const hasOtherBudget = JSON.stringify(controls.budget) !== JSON.stringify(this.#controls.budget)
    this.#controls = controls
    if (hasOtherBudget) this.#gate.reconsider()
    const { metrics, nowMs } = this.#options
    const made = this.#metered(this.#drilled(controls.drill))
    const asked = breakingStore(made, { breaker: this.#breaker })
    const limited = (mayWait: boolean) =>
      concurrencyLimitedStore(asked, { limits: this.#limits, mayWait, nowMs })
    const hasBudget = controls.budget.length > 0
    const budgeted = (mayWait: boolean) => {
      const waited = (seconds: number) =>
        metrics.storeBudgetWaitSeconds.inc({ store: this.#adapter.name }, seconds)
      const options = { gate: this.#gate, mayWait, waited, nowMs }
      return hasBudget ? budgetedStore(limited(mayWait), options) : limited(mayWait)
    }
    return { clients: budgeted(false), background: this.#retrying(budgeted(true)) }
  }

  #newLimits(requestsAtOnceMax: number | null): ConcurrencyLimits {
    const max = requestsAtOnceMax ?? LIMIT_DEFAULTS.max
    const rules = { ...LIMIT_DEFAULTS, max, start: Math.min(LIMIT_DEFAULTS.start, max) }
    const { metrics, nowMs } = this.#options
    const limitOf = (direction: string) =>
      new AdaptiveLimit(rules, nowMs, limit =>
        metrics.storeConcurrencyLimit.set({ store: this.#adapter.name, direction }, limit),
      )
    return { reads: limitOf('read'), writes: limitOf('write') }
  }

  #drilled(drill: StoreDrill | null): ObjectStore {
    if (drill === null) return this.#watched
    const { log, metrics, wallClock } = this.#options
    const store = this.#adapter.name
    log.warn({ store, until: drill.until, rules: drill.rules }, 'a drill is held at a store')
    const random = seededRandom(drill.seed)
    return faultyStore(this.#watched, {
      rules: drill.rules,
      random: () => random.next(),
      isActive: () => wallClock.now() < drill.until.getTime(),
      happened: ({ fault }, operation) => metrics.storeDrillFaults.inc({ store, fault, operation }),
    })
  }

  /**
   * Tells once per revision of the row. A list is asked for before: where it is granted, rights to some keys are
   * missing and the credentials are good.
   */
  async #tellRefusal(container: string, words: string): Promise<void> {
    const { revision, state } = this.#controls
    if (state !== 'active' || this.#toldRevision === revision) return
    this.#toldRevision = revision
    const { log, tellRefusal } = this.#options
    try {
      const signal = AbortSignal.timeout(CONFIRMATION_MS_MAX)
      const asked = this.#watched.list(container, { limit: 1, signal })
      // Answers to HEAD carry no words, those to a list do.
      const answer = await asked.then(
        () => words,
        (error: unknown) => (isRefusal(error) ? error.message : words),
      )
      if (this.#refusals.isShutOut) await tellRefusal(revision, answer.slice(0, ANSWER_CHARACTERS_MAX))
      else this.#toldRevision = null
    } catch (error) {
      this.#toldRevision = null
      log.warn({ error, store: this.#adapter.name }, 'that a store refuses our credentials could not be told')
    }
  }

  #metered(store: ObjectStore): ObjectStore {
    const { metrics, nowMs } = this.#options
    return meteredStore(store, {
      nowMs,
      report(call) {
        metrics.storeRequests.inc({ store: call.store, operation: call.operation, outcome: call.outcome })
        metrics.storeRequestSeconds.observe({ store: call.store, operation: call.operation }, call.seconds)
        const isAway = call.outcome === 'unreachable' || call.outcome === 'timeout'
        metrics.storeUp.set({ store: call.store }, isAway ? 0 : 1)
      },
      carried: ({ bytes, direction }) => metrics.storeBytes.inc({ store: store.name, direction }, bytes),
    })
  }

  #retrying(store: ObjectStore): ObjectStore {
    const { metrics, nowMs } = this.#options
    return retryingStore(store, {
      rules: { ...RETRY_DEFAULTS, what: RETRIES_READS.has(this.#kind) ? 'writes' : 'everything' },
      nowMs,
      random: Math.random,
      sleep: async (ms, signal) => {
        await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => 'the caller gave up')
      },
      retried: ({ operation }) => metrics.storeRetries.inc({ store: store.name, operation }),
    })
  }
}

function isRefusal(error: unknown): error is StoreError {
  return error instanceof StoreError && error.kind === 'access-denied'
}

/** For a budget's next tokens, which may be hours away: nobody who ends meanwhile waits for them. */
async function sleep(ms: number): Promise<void> {
  await delay(Math.min(ms, SLEEP_MS_MAX), undefined, { ref: false })
}
