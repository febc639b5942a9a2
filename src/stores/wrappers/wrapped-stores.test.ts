import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GIB } from '../../domain/bytes.ts'
import { FAULT_KINDS } from '../../domain/fault.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { createFilesystemStore } from '../filesystem/filesystem-store.ts'
import { createMemoryStore } from '../memory/memory-store.ts'
import type { ObjectStore } from '../object-store.ts'
import { AdaptiveLimit, LIMIT_DEFAULTS } from './adaptive-limit.ts'
import { breakingStore } from './breaking-store.ts'
import { BudgetGate } from './budget-gate.ts'
import { budgetedStore } from './budgeted-store.ts'
import { BREAKER_DEFAULTS, CircuitBreaker } from './circuit-breaker.ts'
import { concurrencyLimitedStore } from './concurrency-limited-store.ts'
import { faultyStore } from './faulty-store.ts'
import { meteredStore } from './metered-store.ts'
import { RETRY_DEFAULTS, retryingStore } from './retrying-store.ts'
import { drawFrom, localTokenClock } from './token-clock.ts'

// Whatever is put around a store, it stays a store: the contract holds through every wrapper, and through all of
// them at once.

const nowMs = () => performance.now()
const sleep = async (ms: number) => {
  await delay(ms)
}
const ample = () => ({ requestsPerSecond: 1_000_000, bytesPerSecond: 100 * GIB })
const limit = () => new AdaptiveLimit({ ...LIMIT_DEFAULTS, start: 2 }, nowMs)

const ARCHIVE = { classes: ['DEEP_ARCHIVE'], restoreMs: 20 }

const WRAPPERS: Readonly<Record<string, (inner: ObjectStore) => ObjectStore>> = {
  metered: inner => meteredStore(inner, { report: () => undefined, carried: () => undefined, nowMs }),
  retrying: inner => retryingStore(inner, { rules: RETRY_DEFAULTS, nowMs, sleep, random: Math.random }),
  breaking: inner => breakingStore(inner, { breaker: new CircuitBreaker(BREAKER_DEFAULTS, nowMs) }),
  budgeted: inner => budgeted(inner, true),
  'budgeted, first': inner => budgeted(inner, false),
  'concurrency-limited': inner =>
    concurrencyLimitedStore(inner, { limits: { reads: limit(), writes: limit() }, mayWait: true, nowMs }),
  'faulty, by chance never': inner =>
    faultyStore(inner, { rules: FAULT_KINDS.map(fault => ({ fault, probability: 0 })), random: Math.random }),
}

function budgeted(inner: ObjectStore, mayWait: boolean): ObjectStore {
  const gate = new BudgetGate({
    draw: drawFrom(localTokenClock(nowMs), ample),
    sleep,
    failed: () => undefined,
  })
  return budgetedStore(inner, { gate, mayWait, nowMs })
}

const everything = (inner: ObjectStore) => Object.values(WRAPPERS).reduce((store, wrap) => wrap(store), inner)

for (const [name, wrap] of [...Object.entries(WRAPPERS), ['wrapped in everything', everything] as const]) {
  describeObjectStore({
    name: `memory, ${name}`,
    keepsEveryKey: true,
    newStore: async () => ({
      store: wrap(createMemoryStore({ name: 'memory', settings: { capacityBytes: GIB }, archive: ARCHIVE })),
      dispose: async () => undefined,
    }),
  })
}

describeObjectStore({
  name: 'filesystem, wrapped in everything',
  keepsEveryKey: true,
  newStore: async () => {
    const root = await mkdtemp(join(tmpdir(), 'dim-wrapped-'))
    const store = createFilesystemStore({ name: 'filesystem', settings: { root, durability: 'none' } })
    return { store: everything(store), dispose: () => rm(root, { recursive: true }) }
  },
})
