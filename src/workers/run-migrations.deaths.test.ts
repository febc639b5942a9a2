import { afterEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { MIB } from '../domain/bytes.ts'
import type { MigrationLedger } from '../migration/ledger.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { BOUNDARIES, type Boundary, type MigrationParts } from './migrations/migration-parts.ts'

// A worker is killed by cutting it off from the world at a boundary: from then on neither ledger nor store
// answers it, exactly as if its process were gone. Its transactions roll back, as PostgreSQL does when a
// connection ends. What it left is then taken up by another worker once the lease ran out.

class Killed extends Error {}

/** The parts of a worker that dies when it reaches the boundary for the n-th time. */
function mortal(world: MovingWorld, boundary: Boundary, workerId: string): MigrationParts {
  let isDead = false
  const whileAlive = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return async (...given: unknown[]) => {
          if (isDead) throw new Killed('the process is gone')
          return Reflect.apply(value, target, given)
        }
      },
    })
  return {
    ...world.parts,
    workerId,
    ledger: whileAlive<MigrationLedger>(world.ledger),
    openStore: async id => {
      const store = await world.parts.openStore(id)
      const multipart = store.multipart === undefined ? {} : { multipart: whileAlive(store.multipart) }
      return new Proxy(whileAlive<ObjectStore>(store), {
        get: (target, name) => Reflect.get(name in multipart ? multipart : target, name),
      })
    },
    atBoundary: reached => {
      if (isDead) throw new Killed('the process is gone')
      if (reached !== boundary) return
      isDead = true
      throw new Killed(`killed at ${boundary}`)
    },
  }
}

describe('a worker that dies', () => {
  let world: MovingWorld
  afterEach(() => world.dispose())

  /** Runs a worker until it dies; one that never comes to its boundary has nothing left to do. */
  async function die(parts: MigrationParts) {
    await world.work(parts).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error
    })
  }

  async function finish(id: string) {
    for (let round = 0; round < 12; round++) {
      if ((await world.migration(id)).finishedAt !== null) break
      world.endGrace()
      await world.letTimePass()
      await world.work({ workerId: 'survivor' })
    }
    return world.migration(id)
  }

  async function expectOneGoodCopy(key: string, bytes: Buffer) {
    expect((await world.read(key)).equals(bytes)).toBe(true)
    await world.sweep()
    expect((await world.read(key)).equals(bytes)).toBe(true)
    expect(await world.copies(key)).toMatchObject([{ isPrimary: true, state: 'complete' }])
    const stored = await Promise.all(
      [world.stores.hot, world.stores.cold].map(store =>
        store.list('data').then(page => page.objects.length),
      ),
    )
    expect(stored[0]! + stored[1]!).toBe(1)
  }

  it('finishes byte-identically after being killed at any boundary', { timeout: 120_000 }, async () => {
    world = await createMovingWorld()
    const sizes = [1_000, 9 * MIB]
    for (const boundary of BOUNDARIES) {
      for (const size of sizes) {
        const key = `${boundary}/${size}`
        const bytes = sampleOf(size, key)
        await world.addObject(key, bytes)
        const id = await world.plan(key, { graceMs: 0 })
        await die(mortal(world, boundary, 'mortal'))
        expect((await world.read(key)).equals(bytes), key).toBe(true)
        expect(await finish(id), key).toMatchObject({ state: 'done' })
        await expectOneGoodCopy(key, bytes)
        for (const store of [world.stores.hot, world.stores.cold]) await store.delete('data', key)
      }
    }
  })

  it('is survived by every object when each of its successors dies elsewhere', async () => {
    world = await createMovingWorld()
    const bytes = sampleOf(9 * MIB)
    await world.addObject('k', bytes)
    const id = await world.plan('k', { graceMs: 0, attemptsMax: 20 })
    for (const boundary of BOUNDARIES) {
      await world.letTimePass()
      await die(mortal(world, boundary, `mortal at ${boundary}`))
      expect((await world.read('k')).equals(bytes)).toBe(true)
    }
    expect(await finish(id)).toMatchObject({ state: 'done' })
    await expectOneGoodCopy('k', bytes)
  })

  it('is given up on when every try kills its worker', async () => {
    world = await createMovingWorld()
    await world.addObject('k', sampleOf(10))
    const id = await world.plan('k', { attemptsMax: 2 })
    for (let round = 0; round < 2; round++) {
      await world.letTimePass()
      await die(mortal(world, 'source-read', `mortal ${round}`))
    }
    expect(await finish(id)).toMatchObject({
      state: 'quarantined',
      evidence: { error: { kind: 'interrupted' } },
    })
    expect(await world.read('k')).toEqual(sampleOf(10))
  })
})

describe('a worker that sleeps past its lease', () => {
  let world: MovingWorld
  afterEach(() => world.dispose())

  const points = [
    'target-intended',
    'source-read',
    'before-publication',
    'proven',
    'deletion-intended',
  ] as const

  it.each(points)('neither switches nor deletes after another worker took over, asleep at %s', async when => {
    world = await createMovingWorld()
    const bytes = sampleOf(1_000)
    await world.addObject('k', bytes)
    const id = await world.plan('k', { graceMs: 0 })
    let deletions = 0
    const { hot } = world.stores
    world.stores.hot = new Proxy(hot, {
      get(target, name) {
        if (name === 'delete') deletions++
        return Reflect.get(target, name)
      },
    })
    let hasSlept = false
    await world.work({
      workerId: 'sleeper',
      async atBoundary(boundary) {
        if (boundary !== when || hasSlept) return
        hasSlept = true
        await world.letTimePass()
        await world.work({ workerId: 'next' })
      },
    })
    expect(hasSlept).toBe(true)
    expect(await world.migration(id)).toMatchObject({ state: 'done' })
    expect(await world.read('k')).toEqual(bytes)
    expect(deletions).toBe(1)
    const events = await world.timeline(id)
    expect(events.filter(event => event === 'switch-won')).toHaveLength(1)
    expect(events.filter(event => event === 'source-deleted')).toHaveLength(1)
  })

  it('cannot be overtaken while it publishes or deletes', async () => {
    world = await createMovingWorld()
    await world.addObject('k', sampleOf(1_000))
    const id = await world.plan('k', { graceMs: 0 })
    const taken: number[] = []
    await world.work({
      workerId: 'slow',
      async atBoundary(boundary) {
        if (boundary !== 'published' && boundary !== 'before-deletion') return
        taken.push(await world.work({ workerId: 'next' }))
      },
    })
    expect(taken).toEqual([0, 0])
    expect(await world.migration(id)).toMatchObject({ state: 'done' })
  })
})
