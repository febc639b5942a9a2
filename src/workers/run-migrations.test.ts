import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { deleteBucket } from '../database/catalog/buckets.ts'
import { retryMigration } from '../database/migrations/migration-commands.ts'
import { commitDeletion, retireAllCopies } from '../database/writes/object-publication.ts'
import { MIB } from '../domain/bytes.ts'
import { newId } from '../domain/identifiers.ts'
import { createFilesystemStore } from '../stores/filesystem/filesystem-store.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'

const SMALL = sampleOf(1_000)
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A store with some of its ways changed. */
function changed(store: ObjectStore, change: Partial<ObjectStore>): ObjectStore {
  return new Proxy(store, {
    get: (target, name) => Reflect.get(name in change ? change : target, name),
  })
}

async function* flipped(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFlipped = false
  for await (const chunk of body) {
    const copy = Buffer.from(chunk)
    if (!isFlipped && copy.length > 0) copy[0]! ^= 1
    isFlipped = true
    yield copy
  }
}

/** Tenths of a microsecond that are tried; a double is a quarter of one wide today. */
const TIME_STEPS = 13

/** What a bad disk does: another bit, and neither the size nor the times say so. */
async function flipKeepingTimes(file: string): Promise<void> {
  const { atimeNs, mtimeNs } = await stat(file, { bigint: true })
  const bytes = await readFile(file)
  bytes[9]! ^= 1
  await writeFile(file, bytes)
  // Fractions of a second are rounded on their way: one of the neighbours is read back as the former time.
  for (let step = 0; step < TIME_STEPS; step++) {
    const seconds = (ns: bigint) => Number(ns / 1_000n) / 1e6 + step * 1e-7
    await utimes(file, seconds(atimeNs), seconds(mtimeNs))
    if ((await stat(file, { bigint: true })).mtimeNs === mtimeNs) return
  }
  throw new Error('the time is another one')
}

async function* chunksOf(body: AsyncIterable<Uint8Array> | Uint8Array): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body
  else yield* body
}

describe('the mover', () => {
  let world: MovingWorld
  afterEach(() => world.dispose())

  async function newWorld(options: Parameters<typeof createMovingWorld>[0] = {}) {
    world = await createMovingWorld(options)
    return world
  }

  async function finish(id: string) {
    for (let round = 0; round < 12; round++) {
      await world.work()
      if ((await world.migration(id)).finishedAt !== null) break
      world.endGrace()
      await world.letTimePass()
    }
    return world.migration(id)
  }

  const hotHas = (key: string) =>
    world.stores.hot.head('data', key).then(
      () => true,
      () => false,
    )
  const coldHas = (key: string) =>
    world.stores.cold.head('data', key).then(
      () => true,
      () => false,
    )

  it('moves an object byte-identically, keeps the source through grace, then deletes it', async () => {
    await newWorld()
    await world.addObject('a/b c.txt', SMALL)
    const id = await world.plan('a/b c.txt')
    await world.work()
    expect(await world.migration(id)).toMatchObject({ state: 'grace', leaseOwner: null })
    expect(await world.read('a/b c.txt')).toEqual(SMALL)
    expect(await hotHas('a/b c.txt')).toBe(true)
    expect(await finish(id)).toMatchObject({
      state: 'done',
      evidence: { sha256: sha256Of(SMALL), verifiedBy: 'target-checksum', bytesCopied: 1_000 },
    })
    expect(await world.read('a/b c.txt')).toEqual(SMALL)
    expect(await hotHas('a/b c.txt')).toBe(false)
    expect(await world.copies('a/b c.txt')).toMatchObject([
      { isPrimary: true, state: 'complete', size: 1_000 },
    ])
    expect(await world.timeline(id)).toEqual([
      'planned',
      'taken-up',
      'copied',
      'taken-up',
      'verified',
      'switch-won',
      'grace-began',
      'grace-over',
      'source-deleted',
    ])
  })

  it('lets the copy describe itself and carry the metadata of its owner', async () => {
    await newWorld()
    await world.addObject('k', SMALL)
    await world.plan('k')
    await world.work()
    expect((await world.stores.cold.head('data', 'k')).metadata).toMatchObject({
      colour: 'blue',
      'dim-bucket': 'photos',
      'dim-key': 'k',
      'dim-generation': '1',
      'dim-sha256': sha256Of(SMALL),
    })
  })

  it.each([
    ['0 bytes', 0],
    ['1 byte', 1],
    ['8 MiB', 8 * MIB],
    ['8 MiB and a byte', 8 * MIB + 1],
    ['20 MiB in parts', 20 * MIB + 7],
  ])('moves an object of %s', async (_name, size) => {
    await newWorld()
    const bytes = sampleOf(size)
    await world.addObject('k', bytes)
    const id = await world.plan('k', { graceMs: 0 })
    expect(await finish(id)).toMatchObject({ state: 'done' })
    expect(sha256Of(await world.read('k'))).toBe(sha256Of(bytes))
  })

  it('moves between folders and back', async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'dim-move-'))
    const storeAt = (name: string) =>
      createFilesystemStore({ name, settings: { root: path.join(root, name), durability: 'none' } })
    await newWorld({ stores: { hot: storeAt('hot'), cold: storeAt('cold') } })
    try {
      const large = sampleOf(9 * MIB)
      await world.addObject('ä/large', large, { sha256: sha256Of(large) })
      expect(await finish(await world.plan('ä/large'))).toMatchObject({ state: 'done' })
      const back = await world.plan('ä/large', { targetLocationId: world.locationIds.hot })
      expect(await finish(back)).toMatchObject({ state: 'done' })
      expect(sha256Of(await world.read('ä/large'))).toBe(sha256Of(large))
      expect([await hotHas('ä/large'), await coldHas('ä/large')]).toEqual([true, false])
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })

  it('reads the target back where its store reports no digest that can be trusted', async () => {
    await newWorld()
    const { capabilities } = world.stores.cold
    world.stores.cold = changed(world.stores.cold, { capabilities: { ...capabilities, reportedDigests: [] } })
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    await world.work()
    expect(await world.migration(id)).toMatchObject({ state: 'grace', evidence: { verifiedBy: 'read-back' } })
  })

  it('works with stores that cannot compare at all, in a bucket that is exclusively ours', async () => {
    await newWorld()
    for (const side of ['hot', 'cold'] as const) {
      const store = world.stores[side]
      const none = { conditionalPut: false, conditionalDelete: false, conditionalRead: false }
      world.stores[side] = changed(store, { capabilities: { ...store.capabilities, ...none } })
    }
    await world.addObject('k', SMALL)
    expect(await finish(await world.plan('k'))).toMatchObject({ state: 'done' })
    expect(await world.read('k')).toEqual(SMALL)
    expect(await hotHas('k')).toBe(false)
  })

  it('retains the source in a shared bucket whose store cannot delete conditionally', async () => {
    await newWorld({ mode: 'shared' })
    const store = world.stores.hot
    world.stores.hot = changed(store, { capabilities: { ...store.capabilities, conditionalDelete: false } })
    await world.addObject('k', SMALL)
    const migration = await finish(await world.plan('k'))
    expect(migration.state).toBe('retained')
    expect(await hotHas('k')).toBe(true)
    expect((await world.copies('k')).map(copy => copy.state).sort()).toEqual(['complete', 'retained'])
  })

  it('retains a source that its store holds locked, after one attempt', async () => {
    await newWorld()
    let deletions = 0
    const locked = () => {
      deletions++
      const facts = { kind: 'locked', retry: 'no', store: 'hot', operation: 'delete' } as const
      return Promise.reject(new StoreError({ ...facts, message: 'retention' }))
    }
    world.stores.hot = changed(world.stores.hot, { delete: locked })
    await world.addObject('k', SMALL)
    expect(await finish(await world.plan('k'))).toMatchObject({ state: 'retained' })
    expect(deletions).toBe(1)
    // Nothing is on its way any more that a write would have to wait for.
    expect((await world.test.database.query('select from deletion_in_flight')).rowCount).toBe(0)
  })

  it('is not rolled back to a source that it deleted because stores show the past for a moment', async () => {
    await newWorld()
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    await world.work()
    const { cold, hot } = world.stores
    const was = await hot.head('data', 'k')
    let isPast = false
    const fail = (kind: 'timeout' | 'not-found', retry: 'unknown-outcome' | 'no') => {
      const facts = { kind, retry, store: 'hot', operation: 'delete' } as const
      return Promise.reject(new StoreError({ ...facts, message: kind }))
    }
    world.stores.hot = changed(hot, {
      delete: async (...asked) => {
        const isFirst = await hotHas('k')
        await hot.delete(...asked)
        if (isFirst) return fail('timeout', 'unknown-outcome')
      },
      head: async (...asked) => (isPast ? was : hot.head(...asked)),
    })
    world.stores.cold = changed(cold, {
      head: async (...asked) => (isPast ? fail('not-found', 'no') : cold.head(...asked)),
    })
    const nextTry = async () => {
      world.endGrace()
      await world.letTimePass()
      await world.work()
    }
    await nextTry()
    expect(await hotHas('k')).toBe(false)
    isPast = true
    await nextTry()
    expect(await world.migration(id)).toMatchObject({ state: 'deleting-source' })
    isPast = false
    await nextTry()
    expect(await world.migration(id)).toMatchObject({ state: 'done' })
    expect(await world.read('k')).toEqual(SMALL)
  })

  it('tries again to delete what it has no right to, and again when a person asks', async () => {
    await newWorld()
    const { hot } = world.stores
    let deletions = 0
    const denied = () => {
      deletions++
      const facts = { kind: 'access-denied', retry: 'no', store: 'hot', operation: 'delete' } as const
      return Promise.reject(new StoreError({ ...facts, message: 'no DeleteObject' }))
    }
    world.stores.hot = changed(hot, { delete: denied })
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    expect(await finish(id)).toMatchObject({
      state: 'retained',
      evidence: { error: { kind: 'access-denied' } },
    })
    expect(deletions).toBeGreaterThan(1)
    const retry = () =>
      retryMigration(world.test.database, { id, principal: 'user:alice', permittedIn: ['retained'] })
    expect((await retry()).kind).toBe('done')
    expect(await finish(id)).toMatchObject({ state: 'retained' })
    world.stores.hot = hot
    expect((await retry()).kind).toBe('done')
    expect(await finish(id)).toMatchObject({ state: 'done' })
    expect(await hotHas('k')).toBe(false)
    expect(await world.read('k')).toEqual(SMALL)
  })

  it('lets the sweeper try again what it retained of former content', async () => {
    await newWorld({ mode: 'shared' })
    const { hot } = world.stores
    world.stores.hot = changed(hot, { capabilities: { ...hot.capabilities, conditionalDelete: false } })
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    expect(await finish(id)).toMatchObject({ state: 'retained' })
    world.stores.hot = hot
    await world.test.database.query('update object set generation = 2')
    const retried = await retryMigration(world.test.database, {
      id,
      principal: 'user:alice',
      permittedIn: ['retained'],
    })
    expect(retried).toMatchObject({ kind: 'done', migration: { state: 'retained' } })
    await world.sweep()
    expect(await hotHas('k')).toBe(false)
  })

  it('keeps a source whose identity changed during grace', async () => {
    await newWorld({ mode: 'shared' })
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    await world.work()
    const foreign = sampleOf(1_000, 'foreign')
    await world.stores.hot.put('data', 'k', foreign, { size: 1_000 })
    expect(await finish(id)).toMatchObject({ state: 'retained' })
    const { body } = await world.stores.hot.get('data', 'k')
    for await (const chunk of body) expect(Buffer.from(chunk)).toEqual(foreign)
    expect(await world.read('k')).toEqual(SMALL)
  })

  it('aborts when the source was overwritten behind the gateway before the switch', async () => {
    await newWorld({ mode: 'shared' })
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    const atBoundary = async (boundary: string) => {
      if (boundary === 'copied') await world.stores.hot.put('data', 'k', sampleOf(5), { size: 5 })
    }
    await world.work({ atBoundary })
    expect(await world.migration(id)).toMatchObject({
      state: 'aborted',
      evidence: { error: { kind: 'source-other' } },
    })
    await world.sweep()
    expect(await coldHas('k')).toBe(true)
    // The catalog has followed what others wrote.
    await world.test.database.query('update object set generation = 2')
    await world.sweep()
    expect(await coldHas('k')).toBe(false)
  })

  it.each(['planned', 'grace'] as const)(
    'ends when bucket and object are deleted while it is %s',
    async state => {
      await newWorld()
      await world.addObject('k', SMALL)
      const id = await world.plan('k')
      if (state === 'grace') await world.work()
      const { database } = world.test
      await retireAllCopies(database, world.objectId('k'))
      await commitDeletion(database, world.objectId('k'), 'user:test')
      await world.sweep()
      await deleteBucket(database, world.bucketId)
      expect(await finish(id)).toMatchObject({
        state: 'aborted',
        bucketName: '(deleted)',
        evidence: { error: { kind: 'object-changed' } },
      })
      expect((await database.query('select from copy')).rowCount).toBe(0)
    },
  )

  it('ends as aborted when the source is gone', async () => {
    await newWorld()
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    await world.stores.hot.delete('data', 'k')
    await world.work()
    expect(await world.migration(id)).toMatchObject({
      state: 'aborted',
      evidence: { error: { kind: 'source-gone' } },
    })
    expect((await world.copies('k')).find(copy => copy.isPrimary)).toMatchObject({ state: 'suspect' })
  })

  describe('when a client writes', () => {
    /** What the gateway commits for an overwrite: new bytes under the same native key, a new generation. */
    async function overwrite(key: string, bytes: Uint8Array) {
      const id = world.objectId(key)
      const { database } = world.test
      const { identity } = await world.stores.hot.put('data', key, bytes, { size: bytes.byteLength })
      await database.query(
        `with retired as (
           delete from copy where object_id = $1 and location_id = $2
         ), superseded as (
           update copy set state = 'deleting', is_primary = false, grace_until_ms = null
           where object_id = $1 and location_id <> $2 and state in ('complete', 'grace', 'suspect')
         ), raised as (
           update object set generation = generation + 1, placement_version = placement_version + 1 where id = $1
         ), forgotten as (
           delete from object_version where object_id = $1
         )
         insert into object_version (object_id, generation, size, etag, last_modified, principal)
         select $1, generation + 1, $3, 'new', now(), 'user:test' from object where id = $1`,
        [id, world.locationIds.hot, bytes.byteLength],
      )
      await database.query(
        `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                           principal)
         select id, $2, generation, $3, 'complete', true, $4, $5, 0, 'user:test' from object where id = $1`,
        [id, newId(), world.locationIds.hot, identity.etag, bytes.byteLength],
      )
    }

    it.each([
      'target-intended',
      'source-read',
      'before-publication',
      'copied',
      'proven',
      'switched',
      'deletion-intended',
    ] as const)('keeps the version that came at %s, and removes the stale copy', async when => {
      await newWorld()
      await world.addObject('k', SMALL)
      const id = await world.plan('k', { graceMs: 0 })
      const fresh = sampleOf(2_000, 'fresh')
      let isDone = false
      const atBoundary = async (boundary: string) => {
        if (boundary !== when || isDone) return
        isDone = true
        await overwrite('k', fresh)
      }
      await world.work({ atBoundary })
      expect(isDone).toBe(true)
      expect(await world.migration(id)).toMatchObject({ state: 'aborted' })
      expect(await world.read('k')).toEqual(fresh)
      await world.sweep()
      expect(await world.read('k')).toEqual(fresh)
      expect(await coldHas('k')).toBe(false)
      expect(await world.copies('k')).toMatchObject([{ isPrimary: true, generation: 2 }])
    })

    it('keeps the version a client wrote while the object was being copied', async () => {
      await newWorld()
      await world.addObject('k', SMALL)
      const id = await world.plan('k')
      const fresh = sampleOf(10, 'fresh')
      const { hot } = world.stores
      let reads = 0
      world.stores.hot = changed(hot, {
        async get(...given: Parameters<ObjectStore['get']>) {
          const found = await hot.get(...given)
          if (reads++ === 0) await overwrite('k', fresh)
          return found
        },
      })
      await world.work()
      expect(await world.migration(id)).toMatchObject({ state: 'aborted' })
      expect(await world.read('k')).toEqual(fresh)
    })

    it('ends as aborted when the object was deleted, and leaves nothing', async () => {
      await newWorld()
      await world.addObject('k', SMALL)
      const id = await world.plan('k')
      const atBoundary = async (boundary: string) => {
        if (boundary !== 'proven') return
        await world.test.database.query(
          `update object set is_present = false, generation = generation + 1,
                             placement_version = placement_version + 1 where id = $1`,
          [world.objectId('k')],
        )
        await world.test.database.query(
          `update copy set state = 'deleting', is_primary = false where object_id = $1 and state = 'complete'`,
          [world.objectId('k')],
        )
      }
      await world.work({ atBoundary })
      expect(await world.migration(id)).toMatchObject({ state: 'aborted' })
      await world.sweep()
      expect([await hotHas('k'), await coldHas('k')]).toEqual([false, false])
      expect(await world.copies('k')).toEqual([])
    })
  })

  describe('when a store lies', () => {
    async function expectNeverSwitched(id: string) {
      const migration = await finish(id)
      expect(migration.state).toBe('quarantined')
      expect(migration.evidence.error).toBeDefined()
      expect(await world.timeline(id)).not.toContain('switch-won')
      expect(await hotHas('k')).toBe(true)
      return migration
    }

    it('never switches to a target that flips a bit', async () => {
      await newWorld()
      const { cold } = world.stores
      world.stores.cold = changed(cold, {
        capabilities: { ...cold.capabilities, reportedDigests: [] },
        put: (container, key, body, options) => {
          const { digests: _, ...rest } = options
          return cold.put(container, key, flipped(chunksOf(body)), rest)
        },
      })
      await world.addObject('k', SMALL)
      const migration = await expectNeverSwitched(await world.plan('k'))
      expect(migration.evidence.error).toMatchObject({ kind: 'target-sha256' })
      expect(migration.attempt).toBe(3)
      expect(await world.read('k')).toEqual(SMALL)
      await world.sweep()
      expect(await coldHas('k')).toBe(false)
    })

    it.each([1_000, 9 * MIB])('never switches to a disk that flips a bit of %i bytes', async size => {
      const root = await mkdtemp(path.join(tmpdir(), 'dim-mover-'))
      const cold = createFilesystemStore({ name: 'cold-store', settings: { root, durability: 'none' } })
      const flipOnDisk = async <T>(written: Promise<T>) => {
        const result = await written
        await flipKeepingTimes(path.join(root, 'data', 'k'))
        return result
      }
      const multipart = {
        ...cold.multipart,
        complete: (...asked: Parameters<typeof cold.multipart.complete>) =>
          flipOnDisk(cold.multipart.complete(...asked)),
      }
      const bytes = sampleOf(size)
      const world = await newWorld()
      const put: ObjectStore['put'] = (...asked) => flipOnDisk(cold.put(...asked))
      world.stores.cold = changed(cold, { put, multipart })
      try {
        await world.addObject('k', bytes, { sha256: sha256Of(bytes) })
        const migration = await expectNeverSwitched(await world.plan('k'))
        expect(migration.evidence.error).toMatchObject({ kind: 'target-sha256' })
        expect(sha256Of(await world.read('k'))).toBe(sha256Of(bytes))
      } finally {
        await rm(root, { recursive: true, force: true })
      }
    })

    it('never switches to a target that loses the last byte', async () => {
      await newWorld()
      const { cold } = world.stores
      world.stores.cold = changed(cold, {
        put: (container, key, body, options) => {
          const { digests: _, ...rest } = options
          const short = (body as Uint8Array).subarray(0, -1)
          return cold.put(container, key, short, { ...rest, size: short.byteLength })
        },
      })
      await world.addObject('k', SMALL)
      const migration = await expectNeverSwitched(await world.plan('k'))
      expect(migration.evidence.error).toMatchObject({ kind: 'target-size' })
    })

    it('never switches when the target forgets what it took', async () => {
      await newWorld()
      const { cold } = world.stores
      world.stores.cold = changed(cold, {
        put: async () => ({ identity: { etag: 'promise', versionId: null } }),
      })
      await world.addObject('k', SMALL)
      const migration = await expectNeverSwitched(await world.plan('k'))
      expect(migration.evidence.error).toMatchObject({ kind: 'target-gone' })
    })

    it('quarantines a source whose bytes are not the ones the catalog knows, and suspects it', async () => {
      await newWorld()
      const { hot } = world.stores
      world.stores.hot = changed(hot, {
        async get(...given: Parameters<ObjectStore['get']>) {
          const found = await hot.get(...given)
          const body = Object.assign(flipped(found.body), { destroy: () => found.body.destroy() })
          return { ...found, body }
        },
      })
      await world.addObject('k', SMALL, { sha256: sha256Of(SMALL) })
      const migration = await expectNeverSwitched(await world.plan('k'))
      expect(migration.evidence.error).toMatchObject({ kind: 'source-sha256' })
      expect((await world.copies('k')).find(copy => copy.isPrimary)).toMatchObject({ state: 'suspect' })
      expect(await coldHas('k')).toBe(false)
    })

    it('tries again when only one reading of the source was wrong', async () => {
      await newWorld()
      const { hot } = world.stores
      let reads = 0
      world.stores.hot = changed(hot, {
        async get(...given: Parameters<ObjectStore['get']>) {
          const found = await hot.get(...given)
          if (reads++ > 0) return found
          const body = Object.assign(flipped(found.body), { destroy: () => found.body.destroy() })
          return { ...found, body }
        },
      })
      await world.addObject('k', SMALL, { sha256: sha256Of(SMALL) })
      expect(await finish(await world.plan('k'))).toMatchObject({ state: 'done' })
    })

    it('switches back to the source when the new primary vanished during grace', async () => {
      await newWorld()
      await world.addObject('k', SMALL)
      const id = await world.plan('k')
      await world.work()
      await world.stores.cold.delete('data', 'k')
      expect(await finish(id)).toMatchObject({ state: 'quarantined' })
      expect(await world.read('k')).toEqual(SMALL)
    })
  })

  it('refuses a target key that holds bytes which are not ours', async () => {
    await newWorld()
    await world.stores.cold.ensureContainer('data')
    await world.stores.cold.put('data', 'k', sampleOf(3, 'foreign'), { size: 3 })
    await world.addObject('k', SMALL)
    expect(await finish(await world.plan('k'))).toMatchObject({
      state: 'quarantined',
      evidence: { error: { kind: 'target-occupied' } },
    })
    await world.sweep()
    expect((await world.stores.cold.head('data', 'k')).size).toBe(3)
  })

  it.each([1_000, 9 * MIB])('never touches a source of %i bytes that a second store reaches', async size => {
    const root = await mkdtemp(path.join(tmpdir(), 'dim-mover-'))
    const open = (name: string) => createFilesystemStore({ name, settings: { root, durability: 'none' } })
    const bytes = sampleOf(size)
    await newWorld({ stores: { hot: open('hot'), cold: open('cold') } })
    try {
      await world.addObject('k', bytes)
      const { identity } = await world.stores.hot.head('data', 'k')
      for (const attemptsMax of [1, 3]) {
        expect(await finish(await world.plan('k', { attemptsMax }))).toMatchObject({
          state: 'aborted',
          evidence: { error: { kind: 'same-place' } },
        })
        await world.sweep()
        expect(await world.copies('k')).toMatchObject([{ isPrimary: true, state: 'complete' }])
      }
      expect((await world.stores.hot.head('data', 'k')).identity).toEqual(identity)
      expect(await world.read('k')).toEqual(bytes)
    } finally {
      await rm(root, { recursive: true })
    }
  })

  it('does not take bytes for its leftover only because they describe the same object', async () => {
    await newWorld()
    const { cold } = world.stores
    await cold.ensureContainer('data')
    const metadata = { 'dim-bucket': 'photos', 'dim-key': 'k', 'dim-generation': '1' }
    await cold.put('data', 'k', sampleOf(3), { size: 3, metadata })
    await world.addObject('k', SMALL)
    expect(await finish(await world.plan('k'))).toMatchObject({
      state: 'quarantined',
      evidence: { error: { kind: 'target-occupied' } },
    })
    await world.sweep()
    expect((await cold.head('data', 'k')).size).toBe(3)
  })

  it('replaces what an older migration of the object left at the target, but nothing newer', async () => {
    await newWorld()
    const { cold } = world.stores
    await cold.ensureContainer('data')
    const leftover = (generation: number) =>
      cold.put('data', 'k', sampleOf(3), {
        size: 3,
        metadata: { 'dim-bucket': 'photos', 'dim-key': 'k', 'dim-generation': String(generation) },
      })
    await world.addObject('k', SMALL)
    await leftover(2)
    const refused = await finish(await world.plan('k'))
    expect(refused).toMatchObject({ state: 'quarantined', evidence: { error: { kind: 'newer-bytes' } } })
    expect((await cold.head('data', 'k')).size).toBe(3)
    await world.sweep()
    const { identity } = await leftover(1)
    await world.test.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
                         principal)
       values ($1, $2, 1, $3, 'deleting', false, $4, 3, 0, 'user:test')`,
      [world.objectId('k'), newId(), world.locationIds.cold, identity.etag],
    )
    expect(await finish(await world.plan('k'))).toMatchObject({ state: 'done' })
    expect(await world.read('k')).toEqual(SMALL)
  })

  it('tries again after a passing failure, and counts the tries', async () => {
    await newWorld()
    const { cold } = world.stores
    let failures = 2
    world.stores.cold = changed(cold, {
      put: (...given) => {
        if (failures-- <= 0) return cold.put(...given)
        const facts = { kind: 'unexpected', retry: 'yes', store: 'cold', operation: 'put' } as const
        return Promise.reject(new StoreError({ ...facts, message: 'internal error' }))
      },
    })
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    await world.work()
    expect(await world.migration(id)).toMatchObject({
      state: 'copying',
      attempt: 1,
      leaseOwner: null,
      evidence: { error: { kind: 'unexpected' } },
    })
    expect(await finish(id)).toMatchObject({ state: 'done' })
  })

  it('makes the container at the target again when it was removed meanwhile', async () => {
    await newWorld()
    const { cold } = world.stores
    let isRemoved = false
    world.stores.cold = changed(cold, {
      ensureContainer: async (...given) => {
        isRemoved = false
        await cold.ensureContainer(...given)
      },
      put: (...given) => {
        if (!isRemoved) return cold.put(...given)
        const facts = { kind: 'container-not-found', retry: 'no', store: 'cold', operation: 'put' } as const
        return Promise.reject(new StoreError({ ...facts, message: 'no such container' }))
      },
    })
    await world.addObject('k', SMALL)
    await world.addObject('l', SMALL)
    await finish(await world.plan('k'))
    isRemoved = true
    expect(await finish(await world.plan('l'))).toMatchObject({ state: 'done' })
  })

  it.each([
    ['archived', 'hot', 'get'],
    ['locked', 'cold', 'put'],
  ] as const)('refuses what is %s after one try, with the reason', async (kind, name, operation) => {
    await newWorld()
    const facts = { kind, retry: 'no', store: name, operation } as const
    world.stores[name] = changed(world.stores[name], {
      [operation]: () => Promise.reject(new StoreError({ ...facts, message: `it is ${kind}` })),
    })
    await world.addObject('k', SMALL)
    expect(await finish(await world.plan('k'))).toMatchObject({
      state: 'quarantined',
      attempt: 1,
      evidence: { error: { kind, message: `it is ${kind}` } },
    })
    expect((await world.copies('k')).filter(copy => copy.isPrimary)).toMatchObject([{ state: 'complete' }])
  })

  it('quarantines with evidence after the last try', async () => {
    await newWorld()
    const facts = { kind: 'access-denied', retry: 'no', store: 'cold', operation: 'put' } as const
    world.stores.cold = changed(world.stores.cold, {
      put: () => Promise.reject(new StoreError({ ...facts, message: 'not yours' })),
    })
    await world.addObject('k', SMALL)
    expect(await finish(await world.plan('k'))).toMatchObject({
      state: 'quarantined',
      attempt: 3,
      evidence: { error: { kind: 'access-denied', message: 'not yours' } },
    })
  })

  it.each([
    ['head', 'unreachable', 'cold'],
    ['put', 'throttled', 'cold'],
    ['get', 'timeout', 'hot'],
    ['delete', 'unreachable', 'hot'],
  ] as const)(
    'rests through an outage in which %s is %s, and counts no try',
    async (operation, kind, name) => {
      await newWorld()
      const whole = world.stores[name]
      let isDown = true
      world.stores[name] = changed(whole, {
        [operation]: (...given: never[]) => {
          if (!isDown) return (whole[operation] as (...args: never[]) => Promise<unknown>).apply(whole, given)
          const facts = { kind, retry: 'unknown-outcome', store: name, operation } as const
          return Promise.reject(new StoreError({ ...facts, message: 'no answer' }))
        },
      })
      await world.addObject('k', SMALL)
      const id = await world.plan('k', { graceMs: 0 })
      for (let round = 1; round <= 10; round++) {
        await world.work()
        expect(await world.migration(id)).toMatchObject({
          finishedAt: null,
          attempt: 0,
          leaseOwner: null,
          evidence: { error: { kind, message: 'no answer' }, outage: { rests: round } },
        })
        await world.letTimePass()
      }
      isDown = false
      const done = await finish(id)
      expect(done).toMatchObject({ state: 'done' })
      expect(done.evidence).not.toHaveProperty('outage')
      expect(await world.read('k')).toEqual(SMALL)
    },
  )

  it('finds the bytes that it published although the store answered with an outage', async () => {
    await newWorld()
    const { cold } = world.stores
    let puts = 0
    world.stores.cold = changed(cold, {
      put: async (...given) => {
        const result = await cold.put(...given)
        const facts = { kind: 'timeout', retry: 'unknown-outcome', store: 'cold', operation: 'put' } as const
        if (++puts === 1) throw new StoreError({ ...facts, message: 'no answer' })
        return result
      },
    })
    await world.addObject('k', SMALL)
    const id = await world.plan('k', { graceMs: 0 })
    const done = await finish(id)
    expect(done).toMatchObject({ state: 'done' })
    expect(puts).toBe(2)
    expect(await world.timeline(id)).not.toContain('copy-failed')
  })

  it('counts the tries of an outage that lasts for more than a day', async () => {
    await newWorld()
    const facts = { kind: 'timeout', retry: 'yes', store: 'cold', operation: 'put' } as const
    world.stores.cold = changed(world.stores.cold, {
      put: () => Promise.reject(new StoreError({ ...facts, message: 'no answer' })),
    })
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    await world.work()
    await world.test.database.query(
      `update migration set evidence = jsonb_set(evidence, '{outage,since}', '0')`,
    )
    expect(await finish(id)).toMatchObject({ state: 'quarantined', evidence: { error: { kind: 'timeout' } } })
  })

  it('removes what an aborted migration left at the target', async () => {
    await newWorld()
    await world.addObject('k', sampleOf(9 * MIB))
    const id = await world.plan('k')
    const stopping = new AbortController()
    const { multipart } = world.stores.cold
    let aborted: string | null = null
    world.stores.cold = changed(world.stores.cold, {
      multipart: {
        ...multipart!,
        abort: async (container, key, uploadId) => {
          aborted = uploadId
          await multipart!.abort(container, key, uploadId)
        },
      },
    })
    const atBoundary = (boundary: string) => {
      if (boundary === 'parts-staged')
        throw Object.assign(new Error('the process died'), { signal: stopping })
    }
    await world.work({ atBoundary })
    await world.test.database.query('update migration set cancel_requested = true')
    await world.letTimePass()
    await world.work()
    expect(await world.migration(id)).toMatchObject({ state: 'aborted' })
    await world.sweep()
    expect(aborted).not.toBeNull()
    expect(await world.copies('k')).toHaveLength(1)
  })

  it('gives everything back when it is asked to stop, and counts no try', async () => {
    await newWorld()
    await world.addObject('k', SMALL)
    const id = await world.plan('k')
    const stopping = new AbortController()
    const { createMigrationWorker } = await import('./run-migrations.ts')
    const atBoundary = (boundary: string) => {
      if (boundary === 'source-read') stopping.abort()
    }
    await createMigrationWorker({ ...world.parts, atBoundary }).step(stopping.signal)
    expect(await world.migration(id)).toMatchObject({ state: 'copying', attempt: 0, leaseOwner: null })
    await world.work()
    expect(await world.migration(id)).toMatchObject({ state: 'grace' })
  })

  it('moves many objects at once, each exactly once', async () => {
    await newWorld()
    const keys = Array.from({ length: 150 }, (_, index) => `small/${index}`)
    for (const key of keys) await world.addObject(key, sampleOf(4_096, key))
    for (const key of keys) await world.plan(key, { graceMs: 0 })
    expect(await world.work({ concurrency: 16 })).toBe(150)
    const { rows } = await world.test.database.query('select state, count(*) from migration group by state')
    expect(rows).toEqual([{ state: 'done', count: 150 }])
    const wins = await world.test.database.query(
      `select count(*) from migration_event
       where event = 'switch-won' or passed @> '[["verified", "switch-won", "switched"]]'`,
    )
    expect(wins.rows).toEqual([{ count: 150 }])
  })
})
