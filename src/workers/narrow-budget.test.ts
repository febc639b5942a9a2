import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { type ReconcilingWorld, reconcilingWorld, SETTINGS } from '../../test/builders/reconciling-world.ts'
import { createImportJob, findImportJob } from '../database/imports/import-jobs.ts'
import { createReconcileRun, findReconcileRun } from '../database/upkeep/reconcile-runs.ts'
import { createPostgresSweepLedger } from '../database/upkeep/sweep-ledger.ts'
import { newId } from '../domain/identifiers.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { BudgetGate } from '../stores/wrappers/budget-gate.ts'
import { budgetedStore } from '../stores/wrappers/budgeted-store.ts'
import { drawFrom, localTokenClock } from '../stores/wrappers/token-clock.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { boundedSignal } from './bounded-request.ts'
import { importLoop } from './imports/import-container.ts'
import type { Loop } from './loop.ts'
import { reconcileLoop } from './reconcile/run-reconcile.ts'
import { createCopySweeper } from './sweeping/sweep-copies.ts'
import { systemTimers, type Timers } from './timers.ts'

// What looks at stores in the background, where a person allows them very few requests: on a clock that jumps to
// where somebody sleeps to, so that minutes in a queue take no time.

const live = new AbortController().signal
/** Requests that wait in a queue already. */
const PATIENT = 50

/** Stores within one budget, and timers, on a clock of their own. */
function narrow(requestsPerSecond: number) {
  let now = 0
  const timeouts: { readonly at: number; readonly controller: AbortController }[] = []
  const sleep = async (ms: number) => {
    const until = now + ms
    await new Promise(resolve => setImmediate(resolve))
    now = Math.max(now, until)
    for (const { at, controller } of timeouts)
      if (at <= now) controller.abort(new DOMException('it took too long', 'TimeoutError'))
  }
  const gate = new BudgetGate({
    draw: drawFrom(
      localTokenClock(() => now),
      () => ({ requestsPerSecond, bytesPerSecond: null }),
    ),
    sleep,
    failed: error => {
      throw error
    },
  })
  const timers: Timers = {
    sleep: systemTimers.sleep,
    timeoutSignal(ms) {
      const controller = new AbortController()
      timeouts.push({ at: now + ms, controller })
      return controller.signal
    },
  }
  const around = (store: ObjectStore) => budgetedStore(store, { gate, mayWait: true, nowMs: () => now })
  return { around, gate, timers, passedMs: () => now }
}

/** A store whose requests go one by one, as a test gives tokens. */
function oneByOne() {
  let [given, tokens] = [Promise.withResolvers<void>(), 0]
  const gate = new BudgetGate({
    draw: async need => {
      await given.promise
      given = Promise.withResolvers()
      tokens++
      return { ...need, afterMs: 0 }
    },
    sleep: async () => undefined,
    failed: () => undefined,
  })
  const around = (store: ObjectStore) => budgetedStore(store, { gate, mayWait: true, nowMs: () => 0 })
  const give = async () => {
    const next = tokens + 1
    given.resolve()
    await vi.waitFor(() => expect(tokens).toBe(next), { interval: 5 })
  }
  return { around, gate, give }
}

/** A store whose requests wait until they are let go. */
function stuck() {
  const { promise: opened, resolve: letGo } = Promise.withResolvers<void>()
  const gate = new BudgetGate({
    draw: async need => {
      await opened
      return { ...need, requests: 1_000, afterMs: 0 }
    },
    sleep: async () => undefined,
    failed: () => undefined,
  })
  const around = (store: ObjectStore) => budgetedStore(store, { gate, mayWait: true, nowMs: () => 0 })
  return { around, gate, letGo }
}

describe('where a store may be asked very little', () => {
  let world: MovingWorld
  let here: ReconcilingWorld
  beforeEach(async () => {
    world = await createMovingWorld({ mode: 'shared' })
    here = reconcilingWorld(world)
  })
  afterEach(() => world.dispose())

  const importing = (change: { timers?: Timers } = {}, owner = 'test') =>
    importLoop({
      database: world.test.database,
      clock: world.modelClock,
      storeOf: async () => world.stores.hot,
      log: silentLogger,
      principal: 'system:import',
      owner,
      ...change,
    })

  const newImport = () =>
    createImportJob(world.test.database, {
      bucketId: world.bucketId,
      locationId: world.locationIds.hot,
      prefix: '',
      acceptRemovals: true,
      principal: 'user:test',
    })

  async function newRun(): Promise<string> {
    const id = await createReconcileRun(world.test.database, {
      locationId: world.locationIds.hot,
      prefix: '',
      source: { kind: 'listing' },
      settings: SETTINGS,
      principal: 'user:test',
    })
    return id!
  }

  it('a run of reconcile looks at everything, however long each look waits for its turn', async () => {
    for (let index = 0; index < 12; index++) await here.put(`foreign/${index}`, sampleOf(10))
    const { around, passedMs, timers } = narrow(0.2)
    world.stores.hot = around(world.stores.hot)
    const run = await here.reconcile({ parts: { timers } })
    expect(run).toMatchObject({ state: 'done', error: null, counts: { dark: 12 } })
    // A request every five seconds, and eight looks at once: each waits for longer than a look may take.
    expect(passedMs()).toBeGreaterThan(55_000)
  })

  it('an import follows what others removed, however long each look waits for its turn', async () => {
    for (let index = 0; index < 12; index++) {
      await world.addObject(`gone/${index}`, sampleOf(10))
      await world.stores.hot.delete('data', `gone/${index}`)
    }
    const { around, timers } = narrow(0.25)
    world.stores.hot = around(world.stores.hot)
    const id = await newImport()
    await importing({ timers }).step(live)
    expect(await findImportJob(world.test.database, id)).toMatchObject({ state: 'done', removed: 12 })
  })

  it('the sweeper, who holds an object, goes before all who can wait', async () => {
    await world.addObject('a', sampleOf(10))
    await world.stores.cold.ensureContainer('data')
    const { identity } = await here.put('a', sampleOf(10), {}, 'cold')
    await world.test.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'deleting', false, $4, 10, 0, 'user:test')`,
      [world.objectId('a'), newId(), world.locationIds.cold, identity.etag],
    )
    const { around, gate, give } = oneByOne()
    const cold = around(world.stores.cold)
    world.stores.cold = cold
    const stop = new AbortController()
    const patient = Array.from({ length: PATIENT }, () =>
      cold.head('data', 'b', { signal: boundedSignal(stop.signal, 20_000) }).catch(() => null),
    )
    const { announceDeletion, openStore, wallClock } = world.parts
    const ledger = createPostgresSweepLedger(world.test.database)
    const sweeper = createCopySweeper({ ledger, openStore, announceDeletion, wallClock, log: silentLogger })
    let isSwept = false
    const swept = sweeper.step(live).then(() => {
      isSwept = true
    })
    while (!isSwept) {
      await vi.waitFor(() => expect(isSwept || gate.waiting > PATIENT).toBe(true), { interval: 5 })
      if (isSwept) break
      await give()
    }
    await swept
    expect(await world.copies('a')).toMatchObject([{ isPrimary: true }])
    expect(gate.waiting).toBe(PATIENT)
    stop.abort()
    await Promise.all(patient)
  })

  it.each(['reconcile', 'import'] as const)(
    'a worker of %s that stops leaves the queue at once, and gives its work back',
    async kind => {
      const { around, gate, letGo } = stuck()
      world.stores.hot = around(world.stores.hot)
      const { id, loop, table } = await begun(kind)
      const stop = new AbortController()
      const stopped = loop('one').step(stop.signal)
      await vi.waitFor(() => expect(gate.waiting).toBe(1))
      stop.abort()
      await stopped
      expect(gate.waiting).toBe(0)
      expect(await leaseOf(table, id)).toEqual({ state: 'running', owner: null, isValid: null })
      letGo()
    },
  )

  it.each(['reconcile', 'import'] as const)(
    'a lease of %s does not run out while its worker waits, so that nobody begins the same again',
    async kind => {
      const { around, gate, letGo } = stuck()
      world.stores.hot = around(world.stores.hot)
      const { find, id, loop, table } = await begun(kind)
      const working = loop('one').step(live)
      await vi.waitFor(() => expect(gate.waiting).toBe(1))
      await world.test.database.query(
        `update ${table} set lease_expires_at = now() - interval '1 second' where id = $1`,
        [id],
      )
      await vi.waitFor(async () => expect(await leaseOf(table, id)).toMatchObject({ isValid: true }))
      expect(await loop('another').step(live)).toBe(0)
      letGo()
      await working
      expect(await find()).toMatchObject({ state: 'done' })
    },
  )

  /** Work that is asked for, with the loop that does it: its leases are renewed every few milliseconds. */
  async function begun(kind: 'reconcile' | 'import') {
    const sleep = (_: number, signal: AbortSignal) => systemTimers.sleep(5, signal)
    const timers = { ...systemTimers, sleep }
    const { database } = world.test
    if (kind === 'import') {
      const id = await newImport()
      const loop = (owner: string): Loop => importing({ timers }, owner)
      return { id, loop, table: 'import_job', find: () => findImportJob(database, id) }
    }
    const id = await newRun()
    const loop = (owner: string): Loop => reconcileLoop(here.parts({ timers, owner }))
    return { id, loop, table: 'reconcile_run', find: () => findReconcileRun(database, id) }
  }

  async function leaseOf(table: string, id: string) {
    const { rows } = await world.test.database.query(
      `select state, lease_owner as owner, lease_expires_at > now() as "isValid" from ${table} where id = $1`,
      [id],
    )
    return rows[0]
  }
})
