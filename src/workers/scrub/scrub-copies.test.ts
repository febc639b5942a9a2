import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { aPolicy } from '../../../test/builders/placement.ts'
import { insertPolicy } from '../../database/placement/policies.ts'
import { createPostgresScrubLedger } from '../../database/upkeep/scrub-ledger.ts'
import { pauseScrubbing, readScrubStatus, startScrubbing } from '../../database/upkeep/scrub-turn.ts'
import { GIB, MIB } from '../../domain/bytes.ts'
import { DAY, HOUR, MINUTE } from '../../domain/duration.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { Condemnation } from '../../domain/scrub.ts'
import { createFilesystemStore } from '../../stores/filesystem/filesystem-store.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError, type StoreErrorKind } from '../../stores/object-store.ts'
import { clientKey } from '../../stores/wrappers/chunk-cipher.ts'
import { clientEncryptedStore } from '../../stores/wrappers/client-encryption.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { createScrubber } from './scrub-copies.ts'
import type { ScrubParts } from './scrub-parts.ts'

const BYTES = sampleOf(4_000)
const OTHER_BYTES = sampleOf(4_000, 'b')
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const SHA256 = sha256Of(BYTES)

describe('the scrubber', () => {
  let world: MovingWorld
  let condemned: Condemnation[] = []
  afterEach(() => world.dispose())

  async function newWorld(options: Parameters<typeof createMovingWorld>[0] = {}) {
    world = await createMovingWorld(options)
    world.modelClock.at = 100 * DAY
    condemned = []
  }

  const settings = {
    closeness: 'bytes',
    intervalDays: 30,
    bytesPerSecond: 1_000 * MIB,
    usdPerDay: 1,
  } as const

  function newScrubber(change: Partial<ScrubParts> = {}, owner = 'scrubber-1') {
    const loop = createScrubber({
      ledger: createPostgresScrubLedger({
        database: world.test.database,
        lockDatabase: world.test.database,
        owner,
        settings,
      }),
      settings,
      openStore: world.parts.openStore,
      costOf: async () => 0.001,
      modelClock: world.modelClock,
      wallClock: world.parts.wallClock,
      log: silentLogger,
      onCondemned: outcome => condemned.push(outcome),
      ...change,
    })
    return () => loop.step(new AbortController().signal)
  }

  const scrub = (change: Partial<ScrubParts> = {}) => newScrubber(change)()

  async function finish(): Promise<void> {
    for (let round = 0; round < 12; round++) {
      if ((await world.work()) === 0) return
      await world.letTimePass()
    }
  }

  /** An object with a primary copy in `hot` and another one in `cold`. */
  async function addTwoCopies(key = 'k') {
    await world.addObject(key, BYTES, { sha256: SHA256 })
    await world.plan(key, { kind: 'add-copy' })
    await finish()
    world.modelClock.at += 40 * DAY
  }

  /** A second container of the store in `cold`; movers know it by the change. */
  async function addThirdLocation() {
    const id = newId()
    await world.test.database.query(
      `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
       select $1, 'third', store_id, 'more', 'cold', 'p', 'r', 1, 'user:test' from location where id = $2`,
      [id, world.locationIds.cold],
    )
    const { locationById } = world.parts
    const like = (await locationById(world.locationIds.cold))!
    const third = { ...like, id, name: 'third', container: 'more' }
    const change = { locationById: async (asked: Uuid) => (asked === id ? third : locationById(asked)) }
    return { id, change }
  }

  const copyIn = async (location: 'hot' | 'cold', key = 'k') =>
    (await world.copies(key)).find(copy => copy.locationId === world.locationIds[location])
  const status = () => readScrubStatus(world.test.database)

  /** Other bytes under the identity that the store gave the right ones, as a disk that rots. */
  function rot(location: 'hot' | 'cold'): void {
    world.stores[location] = rotten(world.stores[location], () => OTHER_BYTES)
  }

  function waitBeforeReading(location: 'hot' | 'cold', moment: Promise<void>): void {
    const store = world.stores[location]
    const get: ObjectStore['get'] = (...asked) => moment.then(() => store.get(...asked))
    world.stores[location] = { ...store, get }
  }

  /** The scrubber of a process that lives for long, an hour between its steps. */
  function hourly() {
    let at = 1_000
    const step = newScrubber({ wallClock: { now: () => at } })
    return async (hours: number) => {
      for (let hour = 0; hour < hours; hour++) {
        await step()
        at += HOUR
      }
    }
  }

  /** The bytes of this copy cannot be had any more, though the store tells of it. */
  function breakReading(location: 'hot' | 'cold', kind: StoreErrorKind, only?: string): void {
    const { get } = world.stores[location]
    world.stores[location] = new Proxy(world.stores[location], {
      get(target, name) {
        if (name !== 'get') return Reflect.get(target, name)
        return async (...asked: Parameters<ObjectStore['get']>) => {
          if (only !== undefined && asked[1] !== only) return get.apply(target, asked)
          const facts = { kind, retry: 'no', store: 'cold-store', operation: 'get' } as const
          throw new StoreError({ ...facts, message: 'EIO: i/o error, read' })
        }
      },
    })
  }

  it('looks at the copy first that nobody looked at for the longest time, each once in an interval', async () => {
    await newWorld()
    for (const key of ['a', 'b', 'c']) await world.addObject(key, BYTES, { sha256: SHA256 })
    await world.test.database.query(
      `update copy set verified_ms = 1000 from object o where o.id = copy.object_id and o.key = 'b'`,
    )
    await world.test.database.query(
      `update copy set verified_ms = 2000 from object o where o.id = copy.object_id and o.key = 'a'`,
    )
    const seen: string[] = []
    const order = async () => scrub({ costOf: async ({ key }) => Number(seen.push(key)) * 0 })
    expect(await order()).toBe(3)
    expect([...new Set(seen)]).toEqual(['c', 'b', 'a'])
    expect(await order()).toBe(0)
    world.modelClock.at += 31 * DAY
    expect(await order()).toBe(3)
    expect(await status()).toMatchObject({ today: { copies: 6, verdicts: { same: 6 } }, badCopies: 0 })
    expect((await copyIn('hot', 'a'))!.verifiedAt).toBe(world.modelClock.at)
  })

  it('asks nothing of a store that refuses our credentials, and looks at its copies afterwards', async () => {
    await newWorld()
    await addTwoCopies()
    const state = (words: string) =>
      world.test.database.query(`update store set ${words} where name = 'cold-store'`)
    await state(`state = 'auth-failed', refused_at = now()`)
    const opened: Uuid[] = []
    const openStore = (id: Uuid) => {
      opened.push(id)
      return world.parts.openStore(id)
    }
    expect(await scrub({ openStore })).toBe(1)
    expect(new Set(opened).size).toBe(1)
    await state(`state = 'active', refused_at = null`)
    expect(await scrub({ openStore })).toBe(1)
    expect(new Set(opened).size).toBe(2)
  })

  it('gives content a digest that never had one', async () => {
    await newWorld()
    await world.addObject('k', BYTES)
    await scrub()
    const { rows } = await world.test.database.query(
      `select encode(sha256, 'hex') as sha256, sha256_source as source from object_version`,
    )
    expect(rows).toEqual([{ sha256: SHA256, source: 'scrub-read' }])
  })

  it.each([
    ['rotten', async () => rot('cold')],
    ['gone', async () => world.stores.cold.delete('data', 'k')],
    [
      'overwritten',
      async () => void (await world.stores.cold.put('data', 'k', OTHER_BYTES, { size: 4_000 })),
    ],
  ])('has a copy repaired that is %s, before anything else', async (name, damage) => {
    await newWorld()
    await addTwoCopies()
    await world.addObject('queued', BYTES, { sha256: SHA256 })
    await world.plan('queued', { priority: 60 })
    const sound = world.stores.cold
    await damage()
    await scrub()
    expect(condemned).toEqual(['repairing'])
    expect(await copyIn('cold')).toMatchObject({ state: 'suspect' })
    expect(await status()).toMatchObject({ badCopies: 1, quarantinedObjects: 0 })
    const [first] = await world.ledger.claim({ worker: 'who is first', limit: 1, leaseMs: 1 })
    expect(first).toMatchObject({ kind: 'repair', priority: 100 })
    if (name === 'rotten') world.stores.cold = sound
    await world.letTimePass()
    await finish()
    expect(await copyIn('cold')).toMatchObject({ state: 'complete' })
    const { body } = await world.stores.cold.get('data', 'k')
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(BYTES)
    expect(await status()).toMatchObject({ badCopies: 0 })
  })

  it('has a copy repaired as encrypted as its store can, where the policy requires that', async () => {
    for (const canEncrypt of [true, false]) {
      await newWorld()
      await addTwoCopies()
      const policyId = newId()
      const spec = aPolicy({ encryption: 'required' })
      await insertPolicy(world.test.database, { id: policyId, spec, principal: 'user:test' })
      await world.test.database.query('update bucket set policy_id = $1', [policyId])
      const { capabilities, ...real } = world.stores.cold
      const encryption = canEncrypt ? capabilities.encryption : 'none'
      world.stores.cold = { ...real, capabilities: { ...capabilities, encryption } }
      await world.stores.cold.delete('data', 'k')
      await scrub()
      expect(condemned).toEqual(['repairing'])
      await finish()
      expect(await copyIn('cold')).toMatchObject({ state: 'complete' })
      const found = await world.stores.cold.head('data', 'k')
      expect(found.encryption).toEqual(canEncrypt ? { kind: 'store' } : null)
      if (canEncrypt) await world.dispose()
    }
  })

  it('has a copy repaired whose seal is broken', async () => {
    const settingsOfMemory = { capacityBytes: GIB }
    const hot = createMemoryStore({ name: 'hot-store', settings: settingsOfMemory })
    let isRotten = false
    const disk = rotten(createMemoryStore({ name: 'cold-store', settings: settingsOfMemory }), bytes => {
      if (isRotten) bytes[100]! ^= 1
      return bytes
    })
    const cold = clientEncryptedStore(disk, { keys: [clientKey(randomBytes(32))] })
    await newWorld({ stores: { hot, cold } })
    await addTwoCopies()
    isRotten = true
    await scrub()
    expect(condemned).toEqual(['repairing'])
    expect((await status()).today.verdicts).toMatchObject({ corrupt: 1 })
    isRotten = false
    await world.letTimePass()
    await finish()
    expect(await copyIn('cold')).toMatchObject({ state: 'complete' })
  })

  it('has a copy repaired that cannot be read time after time, while its store reads others', async () => {
    await newWorld()
    await addTwoCopies()
    await addTwoCopies('other')
    const sound = world.stores.cold
    breakReading('cold', 'unexpected', 'k')
    const scrubFor = hourly()
    await scrubFor(4)
    expect(condemned).toEqual([])
    expect(await copyIn('cold')).toMatchObject({ state: 'complete' })
    await scrubFor(2)
    expect(condemned).toEqual(['repairing'])
    expect(await copyIn('cold')).toMatchObject({ state: 'suspect' })
    expect(await status()).toMatchObject({ badCopies: 1, today: { verdicts: { unreadable: 1 } } })
    world.stores.cold = sound
    await world.letTimePass()
    await finish()
    expect(await copyIn('cold')).toMatchObject({ state: 'complete' })
    expect(await status()).toMatchObject({ badCopies: 0 })
  })

  it.each([
    ['hands out nothing', 'unexpected'],
    ['says that it is away', 'unreachable'],
  ] as const)('holds it against no copy for a day that its store %s', async (_, kind) => {
    await newWorld()
    await addTwoCopies()
    breakReading('cold', kind)
    const scrubFor = hourly()
    await scrubFor(20)
    expect(condemned).toEqual([])
    await scrubFor(8)
    expect(condemned).toEqual(['repairing'])
  })

  it('never takes a want of rights for a bad copy', async () => {
    await newWorld()
    await addTwoCopies()
    breakReading('cold', 'access-denied')
    await hourly()(60)
    expect(condemned).toEqual([])
  })

  it('makes another copy primary, after reading it, when the primary one is bad', async () => {
    await newWorld()
    await addTwoCopies()
    rot('hot')
    await scrub()
    expect(condemned).toEqual(['repairing'])
    expect(await copyIn('cold')).toMatchObject({ state: 'complete', isPrimary: true })
    expect(await copyIn('hot')).toMatchObject({ state: 'suspect', isPrimary: false })
    expect(await world.read('k')).toEqual(BYTES)
  })

  it.each(['none', 'the primary one'] as const)(
    'quarantines an object without a good copy, and nothing of it is deleted anywhere; looked at last: %s',
    async last => {
      await newWorld()
      await addTwoCopies()
      rot('hot')
      rot('cold')
      const otherIsCondemned = Promise.withResolvers<void>()
      if (last === 'the primary one') waitBeforeReading('hot', otherIsCondemned.promise)
      const errors: unknown[] = []
      const log = { ...silentLogger, error: (facts: unknown) => errors.push(facts) } as typeof silentLogger
      const onCondemned = (outcome: Condemnation) => {
        condemned.push(outcome)
        otherIsCondemned.resolve()
      }
      await scrub({ log, onCondemned })
      expect(condemned).toContain('quarantined')
      expect(errors).not.toEqual([])
      expect(await status()).toMatchObject({ quarantinedObjects: 1 })
      await world.letTimePass()
      await finish()
      await world.sweep()
      const copies = await world.copies('k')
      expect(copies.map(({ state }) => state)).toEqual(copies.map(() => 'suspect'))
      expect(new Set(copies.map(({ locationId }) => locationId)).size).toBe(2)
      for (const location of ['hot', 'cold'] as const)
        expect((await world.stores[location].head('data', 'k')).size).toBe(4_000)
      const { rows } = await world.test.database.query(
        `select kind from activity where kind = 'object.quarantined'`,
      )
      expect(rows).toHaveLength(1)
    },
  )

  describe('meets a bad primary copy whose only other copy cannot be read at present', () => {
    type Log = (facts: unknown, words: string) => void

    /** Five minutes between the steps; counts readings of the bad copy and what people are told. */
    function patientScrubber() {
      const told = { reads: 0, errors: 0, warnings: 0 }
      world.stores.hot = rotten(world.stores.hot, () => {
        told.reads++
        return OTHER_BYTES
      })
      const error: Log = () => told.errors++
      const warn: Log = () => told.warnings++
      const log = { ...silentLogger, error, warn } as typeof silentLogger
      let at = 1_000
      const step = newScrubber({ log, wallClock: { now: () => at } })
      const scrubFor = async (hours: number) => {
        for (const end = at + hours * HOUR; at < end; at += 5 * MINUTE) await step()
      }
      return { told, scrubFor }
    }

    const activities = async () => {
      const { rows } = await world.test.database.query<{ kind: string; because: string }>(
        `select kind, detail ->> 'because' as because from activity where kind like 'object.%' order by id`,
      )
      return rows
    }

    /** The store says that the copy lies in an archive, with the right digest, until it is restored. */
    function archiveCold() {
      const { cold } = world.stores
      let kind: 'archived' | 'restored' = 'archived'
      world.stores.cold = new Proxy(cold, {
        get(target, name) {
          if (name !== 'head') return Reflect.get(target, name)
          return async (...asked: Parameters<ObjectStore['head']>) => ({
            ...(await target.head(...asked)),
            archive: kind === 'archived' ? { kind } : { kind, until: 1e15 },
            digests: { sha256: SHA256 },
          })
        },
      })
      return () => {
        kind = 'restored'
      }
    }

    it('tells people at once, and has it repaired as soon as the archive is restored', async () => {
      await newWorld()
      await addTwoCopies()
      const sound = world.stores.hot
      const restore = archiveCold()
      const { scrubFor, told } = patientScrubber()
      await scrubFor(0.1)
      expect(condemned).toEqual(['awaiting-copy'])
      expect(told).toMatchObject({ reads: 2, errors: 1 })
      expect(await copyIn('hot')).toMatchObject({ state: 'suspect', isPrimary: true })
      expect(await copyIn('cold')).toMatchObject({ state: 'complete', isPrimary: false })
      expect(await status()).toMatchObject({ badCopies: 1, quarantinedObjects: 0 })
      const [{ because, kind }] = (await activities()) as [{ because: string; kind: string }]
      expect(kind).toBe('object.suspect')
      expect(because).toContain('k in data of cold-store, lies in an archive: restore it')
      await scrubFor(23)
      expect(told.reads).toBe(2)
      expect(told.warnings).toBeGreaterThan(20)
      expect(told.warnings).toBeLessThan(35)
      expect(await activities()).toHaveLength(1)
      restore()
      await scrubFor(1.1)
      expect(condemned).toEqual(['awaiting-copy', 'repairing'])
      expect(await copyIn('cold')).toMatchObject({ state: 'complete', isPrimary: true })
      world.stores.hot = sound
      await world.letTimePass()
      await finish()
      expect(await copyIn('hot')).toMatchObject({ state: 'complete', isPrimary: false })
      expect(await status()).toMatchObject({ badCopies: 0 })
    })

    it('reads it once a day, also after a new start, and acquits it when it was mended', async () => {
      await newWorld()
      await addTwoCopies()
      const sound = world.stores.hot
      archiveCold()
      const { scrubFor, told } = patientScrubber()
      await scrubFor(50)
      expect(told.reads).toBe(6)
      await scrub()
      expect(told.reads).toBe(8)
      world.stores.hot = sound
      await scrub()
      expect(await copyIn('hot')).toMatchObject({ state: 'complete', isPrimary: true })
      expect(await status()).toMatchObject({ badCopies: 0, quarantinedObjects: 0 })
    })

    it('has it repaired when the store of the other one is back', async () => {
      await newWorld()
      await addTwoCopies()
      const sound = world.stores.cold
      breakReading('cold', 'unreachable')
      const { scrubFor } = patientScrubber()
      await scrubFor(12)
      expect(condemned).toEqual(['awaiting-copy'])
      world.stores.cold = sound
      await scrubFor(1.1)
      expect(condemned).toEqual(['awaiting-copy', 'repairing'])
    })

    it('quarantines the object once the other copy is bad, too, and deletes nothing', async () => {
      await newWorld()
      await addTwoCopies()
      await addTwoCopies('other')
      breakReading('cold', 'unexpected', 'k')
      const { scrubFor } = patientScrubber()
      world.stores.hot = sparing('other', world.stores.hot, BYTES)
      await scrubFor(30)
      expect(condemned[0]).toBe('awaiting-copy')
      expect(condemned.at(-1)).toBe('quarantined')
      expect(await status()).toMatchObject({ badCopies: 2, quarantinedObjects: 1 })
      await world.letTimePass()
      await finish()
      await world.sweep()
      for (const location of ['hot', 'cold'] as const)
        expect((await world.stores[location].head('data', 'k')).size).toBe(4_000)
    })
  })

  it('undoes a move at once whose new primary copy is bad', async () => {
    await newWorld()
    await world.addObject('k', BYTES, { sha256: SHA256 })
    const id = await world.plan('k', { graceMs: 10 * DAY })
    await world.work()
    expect(await world.migration(id)).toMatchObject({ state: 'grace' })
    await world.test.database.query(`update copy set verified_ms = 0 where is_primary`)
    rot('cold')
    await scrub()
    expect(condemned).toEqual(['rolling-back'])
    await finish()
    expect(await world.migration(id)).toMatchObject({ state: 'quarantined' })
    expect(await copyIn('hot')).toMatchObject({ state: 'complete', isPrimary: true })
    expect(await world.read('k')).toEqual(BYTES)
  })

  describe('meets a primary copy that a move found corrupt', () => {
    async function suspectPrimary() {
      await newWorld()
      const { change, id: third } = await addThirdLocation()
      await addTwoCopies()
      const sound = world.stores.hot
      rot('hot')
      const id = await world.plan('k', { targetLocationId: third })
      await world.work(change)
      expect(await world.migration(id)).toMatchObject({ state: 'quarantined' })
      expect(await copyIn('hot')).toMatchObject({ state: 'suspect', isPrimary: true })
      return sound
    }

    it('and has it replaced and repaired', async () => {
      const sound = await suspectPrimary()
      const looked: string[] = []
      // Repairs wait for no budget.
      await scrub({ costOf: async () => 5, onResult: ({ verdict }) => looked.push(verdict) })
      expect([condemned, looked]).toEqual([['repairing'], ['corrupt']])
      expect(await copyIn('cold')).toMatchObject({ state: 'complete', isPrimary: true })
      world.stores.hot = sound
      await world.letTimePass()
      await finish()
      expect(await copyIn('hot')).toMatchObject({ state: 'complete', isPrimary: false })
      expect(await world.read('k')).toEqual(BYTES)
    })

    it('and lets it be complete again when it turns out right', async () => {
      const sound = await suspectPrimary()
      world.stores.hot = sound
      await scrub()
      expect(condemned).toEqual([])
      expect(await copyIn('hot')).toMatchObject({ state: 'complete', isPrimary: true })
    })

    it('and quarantines the object when the other copy is bad, too', async () => {
      await suspectPrimary()
      rot('cold')
      await scrub({ settings: { ...settings, intervalDays: 500 } })
      expect(condemned).toEqual(['quarantined'])
      expect(await status()).toMatchObject({ quarantinedObjects: 1 })
    })
  })

  it.each(['drop-copy', 'move'] as const)(
    'lets a %s keep its source whose new primary copy it replaced by a third one',
    async kind => {
      await newWorld()
      const { id: third, change } = await addThirdLocation()
      await addTwoCopies()
      const run = async () => {
        for (let round = 0; round < 12 && (await world.work(change)) > 0; round++) await world.letTimePass()
      }
      if (kind === 'drop-copy') {
        await world.plan('k', { kind: 'add-copy', targetLocationId: third })
        await run()
      }
      const [hot, cold] = [(await copyIn('hot'))!, (await copyIn('cold'))!]
      // What goes is in `cold` or in `hot`; what stays is primary, and one more good copy is there.
      const drop = { sourceCopyId: cold.id, targetCopyId: hot.id, targetLocationId: hot.locationId }
      const ends = kind === 'drop-copy' ? { ...drop, copiesRequired: 2 } : { targetLocationId: third }
      const id = await world.plan('k', { kind, ...ends, graceMs: 50 * DAY })
      await world.work(change)
      expect(await world.migration(id)).toMatchObject({ state: 'grace' })
      const [leaves, bad] = kind === 'drop-copy' ? (['cold', 'hot'] as const) : (['hot', 'third'] as const)
      if (bad === 'hot') rot('hot')
      else await world.stores.cold.delete('more', 'k')
      world.modelClock.at += 40 * DAY
      await scrub()
      expect(condemned).toEqual(['repairing'])
      world.modelClock.at += 20 * DAY
      await world.letTimePass()
      await run()
      expect(await world.migration(id)).toMatchObject({
        state: 'rolled-back',
        evidence: { error: { kind: 'target-not-primary' } },
      })
      await world.sweep()
      expect(await copyIn(leaves)).toMatchObject({ state: 'complete', isPrimary: false })
      expect((await world.stores[leaves].head('data', 'k')).size).toBe(BYTES.byteLength)
      expect(await world.read('k')).toEqual(BYTES)
      // The bad one is rebuilt where it lies, now that nothing keeps the repair from being planned.
      if (bad === 'third') {
        await scrub()
        await run()
        const copies = (await world.copies('k')).map(copy => copy.state)
        expect(copies).toEqual(['complete', 'complete', 'complete'])
      }
    },
  )

  it('takes for no damage what others did in a shared bucket', async () => {
    await newWorld({ mode: 'shared' })
    await world.addObject('k', BYTES, { sha256: SHA256 })
    await world.stores.hot.put('data', 'k', OTHER_BYTES, { size: 4_000 })
    await scrub()
    expect(condemned).toEqual([])
    expect(await copyIn('hot')).toMatchObject({ state: 'complete' })
  })

  it('stays within the budget of a day', async () => {
    await newWorld()
    for (const key of ['a', 'b', 'c', 'd']) await world.addObject(key, BYTES, { sha256: SHA256 })
    expect(await scrub({ costOf: async () => 0.4 })).toBe(2)
    expect(await scrub({ costOf: async () => 0.4 })).toBe(0)
    expect((await status()).today.usd).toBeCloseTo(0.8)
  })

  it.each(['two readings differ', 'nobody can be told', 'results cannot be noted'] as const)(
    'pays for what it read in vain, and tries less and less often: %s',
    async reason => {
      await newWorld()
      await world.addObject('k', BYTES, { sha256: SHA256 })
      let reads = 0
      world.stores.hot = rotten(world.stores.hot, () => {
        reads++
        return reason === 'two readings differ' ? sampleOf(4_000, `${reads}`) : OTHER_BYTES
      })
      const { database } = world.test
      const real = createPostgresScrubLedger({ database, lockDatabase: database, owner: 'one', settings })
      const fail = async () => {
        throw new Error('not now')
      }
      const broken = {
        ...real,
        ...(reason === 'nobody can be told' ? { withLockedObject: fail } : {}),
        // Its object is quarantined by the first look, and the copy suspect: only the account is left to be kept.
        ...(reason === 'results cannot be noted' ? { noteResults: fail } : {}),
      }
      let at = 1_000
      const costOf: ScrubParts['costOf'] = async (_, closeness) => (closeness === 'bytes' ? 0.02 : 0.001)
      const step = newScrubber({ ledger: broken, costOf, wallClock: { now: () => at } })
      for (let minutes = 0; minutes < 12 * 60; minutes += 5) {
        await step().catch(() => 0)
        at += 5 * MINUTE
      }
      expect(reads).toBeGreaterThan(1)
      expect(reads).toBeLessThan(40)
      const { usd, bytes } = (await status()).today
      expect(usd).toBeCloseTo(reads * 0.02)
      expect(bytes).toBe(reads * 4_000)
    },
  )

  it('ends a day whose budget was read away in vain', async () => {
    await newWorld()
    await world.addObject('k', BYTES, { sha256: SHA256 })
    let reads = 0
    world.stores.hot = rotten(world.stores.hot, () => sampleOf(4_000, `${++reads}`))
    const costOf = async () => 0.4
    for (let restarts = 0; restarts < 5; restarts++) await scrub({ costOf })
    expect(reads).toBe(2)
    expect((await status()).today.usd).toBeCloseTo(0.8)
  })

  it('goes on with others when some cost more than a day may, and asks those for their facts', async () => {
    await newWorld()
    for (const key of ['a', 'b', 'c', 'd']) await world.addObject(key, BYTES, { sha256: SHA256 })
    await world.test.database.query('update copy set verified_ms = 1000')
    await world.addObject('small', BYTES, { sha256: SHA256 })
    await world.test.database.query('update copy set verified_ms = 2000 where verified_ms is null')
    const looks: string[] = []
    const costOf: ScrubParts['costOf'] = async ({ key }, closeness) => {
      if (closeness === 'facts') return 0.001
      return key === 'small' ? 0.01 : 2
    }
    expect(await scrub({ costOf, onResult: ({ bytesRead }) => looks.push(`${bytesRead}`) })).toBe(5)
    expect(looks.sort()).toEqual(['0', '0', '0', '0', '4000'])
  })

  it('looks at cheaper copies when a day cannot pay for a dear one any more, and at that one first the next day', async () => {
    await newWorld()
    for (const key of ['dear', 'dear too', 'small']) await world.addObject(key, BYTES, { sha256: SHA256 })
    await world.test.database.query(
      `update copy set verified_ms = case key when 'small' then 2000 else 1000 end
       from object o where o.id = copy.object_id`,
    )
    const costOf: ScrubParts['costOf'] = async ({ key }, closeness) => {
      if (closeness === 'facts') return 0
      return key === 'small' ? 0.1 : 0.8
    }
    const step = newScrubber({ costOf })
    expect([await step(), await step()]).toEqual([2, 0])
    expect((await status()).today).toMatchObject({ copies: 2, usd: expect.closeTo(0.9) })
    await world.test.database.query(`update scrub_day set day = day - 1`)
    // The day of the database is still the same one: a process that begins anew takes it for the next.
    expect(await newScrubber({ costOf })()).toBe(1)
    expect((await status()).today).toMatchObject({ copies: 1, usd: expect.closeTo(0.8) })
  })

  it('asks only for facts where nothing more is wanted, and proves what a trusted digest proves', async () => {
    await newWorld()
    await world.addObject('k', BYTES, { sha256: SHA256 })
    const { hot } = world.stores
    let reads = 0
    world.stores.hot = new Proxy(hot, {
      get: (target, name) => {
        if (name === 'get') reads++
        return Reflect.get(target, name)
      },
    })
    await scrub({ settings: { ...settings, closeness: 'facts' } })
    expect(reads).toBe(0)
    expect((await status()).today.copies).toBe(1)
  })

  it.each([
    ['what the store reports', undefined, true],
    ['nothing, where it reports nothing', [], false],
  ] as const)(
    'does not ask an archive for bytes, and believes %s',
    async (_name, reportedDigests, isProven) => {
      const hot = createMemoryStore({
        name: 'hot-store',
        settings: { capacityBytes: GIB },
        archive: { classes: ['DEEP_ARCHIVE'], restoreMs: Number.POSITIVE_INFINITY },
      })
      await newWorld({ stores: { hot, cold: hot }, hotClass: 'DEEP_ARCHIVE' })
      const digests = { sha256: SHA256 }
      await world.addObject('k', BYTES, { ...digests, facts: { storageClass: 'DEEP_ARCHIVE' } })
      let reads = 0
      const capabilities = {
        ...hot.capabilities,
        ...(reportedDigests === undefined ? {} : { reportedDigests }),
      }
      world.stores.hot = new Proxy(hot, {
        get: (target, name) => {
          if (name === 'get') reads++
          if (name === 'head')
            return async (...asked: Parameters<typeof hot.head>) => ({
              ...(await hot.head(...asked)),
              digests,
            })
          return name === 'capabilities' ? capabilities : Reflect.get(target, name)
        },
      })
      await scrub()
      expect(reads).toBe(0)
      const verifiedAt = isProven ? world.modelClock.at : null
      expect(await world.copies('k')).toMatchObject([{ state: 'complete', isPrimary: true, verifiedAt }])
      expect((await status()).today).toMatchObject({ copies: 1, bytes: 0 })
    },
  )

  it('believes no facts of a folder: what its sidecars say is what was to be written', async () => {
    const root = await mkdtemp(join(tmpdir(), 'dim-scrub-'))
    try {
      const hot = createFilesystemStore({ name: 'hot-store', settings: { root, durability: 'none' } })
      await newWorld({ stores: { hot, cold: hot } })
      await world.addObject('k', BYTES, { sha256: SHA256 })
      await scrub({ settings: { ...settings, closeness: 'facts' } })
      expect(await world.copies('k')).toMatchObject([{ verifiedAt: null }])
      world.modelClock.at += 100 * DAY
      await scrub()
      expect(await world.copies('k')).toMatchObject([{ verifiedAt: world.modelClock.at }])
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })

  it('leaves alone what cannot be asked, and comes back to it', async () => {
    await newWorld()
    await world.addObject('k', BYTES, { sha256: SHA256 })
    const { hot } = world.stores
    world.stores.hot = new Proxy(hot, {
      get: (target, name) =>
        name === 'head'
          ? async () => {
              const facts = {
                kind: 'unreachable',
                retry: 'yes',
                store: 'hot-store',
                operation: 'head',
              } as const
              throw new StoreError({ ...facts, message: 'away' })
            }
          : Reflect.get(target, name),
    })
    const step = newScrubber()
    expect([await step(), await step()]).toEqual([0, 0])
    expect(await copyIn('hot')).toMatchObject({ state: 'complete', verifiedAt: null })
    world.stores.hot = hot
    expect(await scrub()).toBe(1)
  })

  it('works in one process at a time, and not while it is paused', async () => {
    await newWorld()
    await world.addObject('k', BYTES, { sha256: SHA256 })
    const { database } = world.test
    await pauseScrubbing(database, { because: 'a bill', principal: 'user:test' })
    expect(await scrub()).toBe(0)
    expect(await status()).toMatchObject({ pausedBy: 'user:test', pausedBecause: 'a bill', isRunning: false })
    expect(await startScrubbing(database)).toBe(true)
    expect(await newScrubber({}, 'one')()).toBe(1)
    world.modelClock.at += 31 * DAY
    expect(await newScrubber({}, 'two')()).toBe(0)
    expect(await newScrubber({}, 'one')()).toBe(1)
  })

  it('plans a repair later that another migration kept from being planned', async () => {
    await newWorld()
    await addTwoCopies()
    const id = await world.plan('k', { kind: 'drop-copy', ...(await ends()) })
    await world.stores.cold.delete('data', 'k')
    await scrub()
    expect(await copyIn('cold')).toMatchObject({ state: 'suspect' })
    await finish()
    expect((await world.migration(id)).state).toBe('aborted')
    await scrub()
    await finish()
    expect(await copyIn('cold')).toMatchObject({ state: 'complete' })
  })

  async function ends() {
    const [hot, cold] = [(await copyIn('hot'))!, (await copyIn('cold'))!]
    return { sourceCopyId: cold.id, targetCopyId: hot.id, targetLocationId: hot.locationId }
  }
})

/** The same store, with this one key whole. */
function sparing(key: string, store: ObjectStore, bytes: Buffer): ObjectStore {
  const whole = rotten(store, () => bytes)
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'get') return Reflect.get(target, name)
      return (...asked: Parameters<ObjectStore['get']>) => (asked[1] === key ? whole : target).get(...asked)
    },
  })
}

/** A store whose readings give other bytes than it keeps, under the same identity. */
function rotten(store: ObjectStore, change: (bytes: Buffer) => Buffer): ObjectStore {
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'get') return Reflect.get(target, name)
      return async (...asked: Parameters<ObjectStore['get']>) => {
        const found = await target.get(...asked)
        const chunks: Uint8Array[] = []
        for await (const chunk of found.body) chunks.push(chunk)
        const bytes = change(Buffer.concat(chunks))
        async function* body() {
          yield bytes
        }
        return { ...found, body: Object.assign(body(), { destroy: () => undefined }) }
      }
    },
  })
}
