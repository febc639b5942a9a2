import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { settleForeignChange } from '../../database/catalog/foreign-changes.ts'
import { cancelMigration, rollBackMigration } from '../../database/migrations/migration-commands.ts'
import { releaseKeptCopy } from '../../database/upkeep/orphans.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import { newId } from '../../domain/identifiers.ts'
import { stepsFrom } from '../../migration/transitions.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'

const BYTES = sampleOf(1_000)

describe('the last good copy of an object', () => {
  let world: MovingWorld
  afterEach(() => world.dispose())

  async function newWorld(mode: BucketMode = 'exclusive') {
    world = await createMovingWorld({ mode })
    await world.addObject('k', BYTES)
  }

  const loseSource = () => world.stores.hot.delete('data', 'k')
  const states = async () => {
    const nameOf = (id: string) => (id === world.locationIds.hot ? 'hot' : 'cold')
    const copies = await world.copies('k')
    return Object.fromEntries(
      copies.map(copy => [nameOf(copy.locationId), copy.isPrimary ? `primary ${copy.state}` : copy.state]),
    )
  }
  const quarantine = async () =>
    (await world.test.database.query('select quarantined_because as words from object')).rows[0].words
  const coldHasIt = async () => (await world.stores.cold.list('data')).objects.length === 1
  const loseAt = (boundary: string) => async (reached: string) => {
    if (reached === boundary) await loseSource()
  }

  it('is kept when the source vanished before the switch: what was proven becomes primary', async () => {
    await newWorld()
    const { placement_version: before } = (await world.test.database.query('select * from object')).rows[0]
    // Others might write, so that the source is looked at before the switch.
    await world.test.database.query(`update bucket set mode = 'shared'`)
    const id = await world.plan('k')
    await world.work({ atBoundary: loseAt('published'), verification: 'read-back' })
    expect(await world.migration(id)).toMatchObject({
      state: 'aborted',
      evidence: { error: { kind: 'source-gone' } },
    })
    await world.sweep()
    expect(await states()).toEqual({ hot: 'suspect', cold: 'primary complete' })
    expect(await world.read('k')).toEqual(BYTES)
    const { placement_version: after } = (await world.test.database.query('select * from object')).rows[0]
    expect(after).toBe(before + 1)
    expect(await quarantine()).toBeNull()
  })

  it('is kept when a person cancels a move whose source is gone', async () => {
    await newWorld()
    const id = await world.plan('k')
    const atBoundary = async (boundary: string) => {
      if (boundary !== 'copied') return
      await cancelMigration(world.test.database, {
        id,
        principal: 'user:alice',
        permittedIn: ['verifying', 'verified', 'copied'],
      })
      await loseSource()
      throw new Error('killed')
    }
    await world.work({ atBoundary, verification: 'read-back' })
    await world.letTimePass()
    await world.work()
    expect((await world.migration(id)).state).toBe('aborted')
    await world.sweep()
    expect(await states()).toEqual({ hot: 'suspect', cold: 'primary complete' })
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('is kept when the last try of a move failed and its source is gone', async () => {
    await newWorld()
    const real = world.stores.cold
    const head: ObjectStore['head'] = () => Promise.reject(new Error('no answer'))
    const id = await world.plan('k', { attemptsMax: 1 })
    world.stores.cold = { ...real, head }
    await world.work({ verification: 'read-back' })
    expect((await world.migration(id)).state).toBe('quarantined')
    world.stores.cold = real
    await loseSource()
    await world.sweep()
    expect(await states()).toEqual({ hot: 'suspect', cold: 'primary complete' })
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('is waited for while it may still land', async () => {
    await newWorld()
    const { cold } = world.stores
    const id = await world.plan('k', { attemptsMax: 1 })
    world.stores.cold = { ...cold, head: () => Promise.reject(new Error('no answer')) }
    await world.work({ verification: 'read-back' })
    expect((await world.migration(id)).state).toBe('quarantined')
    world.stores.cold = cold
    const { metadata } = await cold.head('data', 'k')
    await cold.delete('data', 'k')
    await loseSource()
    const place = { objectId: world.objectId('k'), storeId: newId(), container: 'data' }
    const { withdraw } = await world.parts.announcePublication(place)
    await world.sweep()
    expect(await states()).toEqual({ hot: 'primary complete', cold: 'deleting' })
    await cold.put('data', 'k', BYTES, { size: BYTES.byteLength, metadata })
    await withdraw()
    await world.sweep()
    expect(await states()).toEqual({ hot: 'suspect', cold: 'primary complete' })
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('is seen when it lands, and is announced no longer, while the sweeper looks', async () => {
    await newWorld()
    const { cold, hot } = world.stores
    const id = await world.plan('k', { attemptsMax: 1 })
    world.stores.cold = { ...cold, head: () => Promise.reject(new Error('no answer')) }
    await world.work({ verification: 'read-back' })
    expect((await world.migration(id)).state).toBe('quarantined')
    const { metadata } = await cold.head('data', 'k')
    await cold.delete('data', 'k')
    const place = { objectId: world.objectId('k'), storeId: newId(), container: 'data' }
    const { withdraw } = await world.parts.announcePublication(place)
    const primary = await hot.head('data', 'k')
    await loseSource()
    world.stores.cold = cold
    world.stores.hot = {
      ...hot,
      // The primary copy lands again right after it was not found.
      head: async (...asked) => {
        const found = await hot.head(...asked).catch((error: unknown) => error)
        await hot.put('data', 'k', BYTES, { size: BYTES.byteLength, metadata: primary.metadata })
        await cold.put('data', 'k', BYTES, { size: BYTES.byteLength, metadata })
        await withdraw()
        if (found instanceof Error) throw found
        return found as StoredObject
      },
    }
    await world.sweep()
    expect(await states()).toEqual({ hot: 'primary complete', cold: 'deleting' })
  })

  it.each(['corrupt', null])(
    'is not taken for good when it was doubted before a person let it go; the last verdict: %s',
    async verdict => {
      world = await createMovingWorld({})
      const sha256 = createHash('sha256').update(BYTES).digest('hex')
      await world.addObject('k', BYTES, { sha256 })
      await world.plan('k', { kind: 'add-copy' })
      await world.work()
      await world.test.database.query(
        `update copy set state = 'suspect', scrub_verdict = $1 where not is_primary`,
        [verdict],
      )
      const bad = (await world.copies('k')).find(copy => copy.state === 'suspect')!
      const orphan = { objectId: bad.objectId, copyId: bad.id, ...bad.identity, bytes: bad.size }
      expect(await releaseKeptCopy(world.test.database, orphan)).toBe(true)
      // The store still reports the digests it was given.
      const { cold } = world.stores
      const get: ObjectStore['get'] = async (...asked) => ({
        ...(await cold.get(...asked)),
        body: Readable.from([sampleOf(BYTES.byteLength, 'other')]),
      })
      world.stores.cold = { ...cold, get }
      await loseSource()
      await world.sweep()
      expect(await states()).toEqual({ hot: 'primary complete', cold: 'suspect' })
      expect(await quarantine()).toContain('could not be proven')
    },
  )

  it('waits for a person when its store hands out what it did not seal, and is not tried for ever', async () => {
    await newWorld()
    await world.plan('k')
    await world.work({ atBoundary: loseAt('copied'), verification: 'read-back' })
    const { cold } = world.stores
    const facts = { kind: 'digest-mismatch', retry: 'no', store: 'cold-store', operation: 'get' } as const
    const get = () => Promise.reject(new StoreError({ ...facts, message: 'the first chunk is not whole' }))
    world.stores.cold = { ...cold, get }
    await world.sweep()
    expect(await states()).toEqual({ hot: 'primary suspect', cold: 'suspect' })
    expect(await quarantine()).toContain('could not be proven')
    expect(await coldHasIt()).toBe(true)
  })

  it('is kept when a person rolls back to a source that is lost a moment later', async () => {
    await newWorld()
    const id = await world.plan('k')
    await world.work()
    const rolledBack = await rollBackMigration(world.test.database, {
      id,
      principal: 'user:alice',
      modelNow: 0,
      stepOf: state => stepsFrom('move', state, ['rolled-back'])[0]!,
      look: ({ container, nativeKey }) => world.stores.hot.head(container, nativeKey),
    })
    expect(rolledBack.kind).toBe('done')
    await loseSource()
    await world.sweep()
    expect(await states()).toEqual({ hot: 'suspect', cold: 'primary complete' })
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('is the only row of its place when it becomes primary, so that its next move can delete it', async () => {
    await newWorld()
    await world.plan('k')
    await world.work({ atBoundary: loseAt('copied'), verification: 'read-back' })
    await world.test.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       select object_id, gen_random_uuid(), generation, location_id, left_as, false, etag, size, 0, 'user:test'
       from copy, unnest(array['suspect', 'retained']) as left_as where state = 'deleting'`,
    )
    await world.sweep()
    expect(await world.copies('k')).toHaveLength(2)
    expect(await states()).toEqual({ hot: 'suspect', cold: 'primary complete' })
  })

  it('is not looked for while the class of the primary copy is being changed', async () => {
    await newWorld()
    const moved = await world.plan('k')
    await world.work({ atBoundary: loseAt('never'), verification: 'read-back' })
    await rollBackMigration(world.test.database, {
      id: moved,
      principal: 'user:alice',
      modelNow: 0,
      stepOf: state => stepsFrom('move', state, ['rolled-back'])[0]!,
      look: ({ container, nativeKey }) => world.stores.hot.head(container, nativeKey),
    })
    const [primary] = (await world.copies('k')).filter(copy => copy.isPrimary)
    const changing = await world.plan('k', {
      kind: 'reclassify',
      sourceCopyId: primary!.id,
      targetCopyId: primary!.id,
      targetLocationId: world.locationIds.infrequent,
    })
    const atBoundary = (boundary: string) => {
      if (boundary === 'published') throw new Error('killed')
    }
    await world.work({ atBoundary })
    await world.sweep()
    expect(await states()).toEqual({ hot: 'primary complete', cold: 'deleting' })
    await world.letTimePass()
    await world.work()
    expect((await world.migration(changing)).state).toBe('done')
    await world.sweep()
    expect(await world.copies('k')).toMatchObject([{ id: primary!.id, isPrimary: true, state: 'complete' }])
    expect(await coldHasIt()).toBe(false)
  })

  it('waits for a person when it cannot be proven, and no reader gets it', async () => {
    await newWorld()
    const id = await world.plan('k')
    await world.work({ atBoundary: loseAt('copied'), verification: 'read-back' })
    expect((await world.migration(id)).state).toBe('aborted')
    const { metadata } = await world.stores.cold.head('data', 'k')
    const other = sampleOf(1_000, 'damaged')
    const { identity } = await world.stores.cold.put('data', 'k', other, { size: other.byteLength, metadata })
    await world.sweep()
    expect(await states()).toEqual({ hot: 'primary suspect', cold: 'suspect' })
    // What the migration published is known by its identity, so that a person can have it deleted.
    expect((await world.copies('k')).find(copy => !copy.isPrimary)!.identity).toEqual(identity)
    expect(await coldHasIt()).toBe(true)
    expect(await quarantine()).toMatch(/no longer has the primary copy/)
    expect(await world.sweep()).toBe(0)
  })

  it.each(['noted', 'not noted'])(
    'does not become primary as what its store showed in the past; the second publication was %s',
    async noted => {
      world = await createMovingWorld({})
      await world.addObject('k', BYTES, { sha256: createHash('sha256').update(BYTES).digest('hex') })
      await world.plan('k')
      await world.work({ atBoundary: loseAt('copied'), verification: 'read-back' })
      const { cold } = world.stores
      const past = await cold.head('data', 'k')
      const put = { size: BYTES.byteLength, metadata: past.metadata }
      const { identity } = await cold.put('data', 'k', BYTES, put)
      expect(identity).not.toEqual(past.identity)
      if (noted === 'noted') {
        await world.test.database.query('update copy set etag = $1 where not is_primary', [identity.etag])
      }
      world.stores.cold = { ...cold, head: async () => past }
      await world.sweep()
      expect(await states()).toEqual({ hot: 'primary suspect', cold: 'deleting' })
      world.stores.cold = cold
      await world.sweep()
      expect(await states()).toEqual({ hot: 'suspect', cold: 'primary complete' })
      expect((await world.copies('k')).find(copy => copy.isPrimary)!.identity).toEqual(identity)
      expect(await world.read('k')).toEqual(BYTES)
    },
  )

  it('stays as it is while the store of the primary copy cannot be asked', async () => {
    await newWorld()
    const id = await world.plan('k')
    await world.work({ atBoundary: loseAt('copied'), verification: 'read-back' })
    expect((await world.migration(id)).state).toBe('aborted')
    const real = world.stores.hot
    world.stores.hot = { ...real, head: () => Promise.reject(new Error('no answer')) }
    await world.sweep()
    expect(await states()).toEqual({ hot: 'primary suspect', cold: 'deleting' })
    world.stores.hot = real
    await world.sweep()
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('is not read, and looked at less and less often, until the catalog has followed others', async () => {
    await newWorld('shared')
    await world.plan('k')
    const atBoundary = async (boundary: string) => {
      if (boundary !== 'published') return
      await world.stores.hot.put('data', 'k', sampleOf(70, 'foreign'), { size: 70 })
    }
    await world.work({ atBoundary, verification: 'read-back' })
    const { cold, hot } = world.stores
    let [looks, reads] = [0, 0]
    world.stores.cold = {
      ...cold,
      capabilities: { ...cold.capabilities, reportedDigests: [] },
      head: (...asked) => {
        looks++
        return cold.head(...asked)
      },
      get: (...asked) => {
        reads++
        return cold.get(...asked)
      },
    }
    let nowMs = 0
    const sweeper = world.sweeper({ wallClock: { now: () => nowMs } })
    const sweepFor = async (rounds: number, everyMs: number) => {
      for (let round = 0; round < rounds; round++, nowMs += everyMs) await sweeper()
    }
    await sweepFor(100, 10_000)
    expect(reads).toBe(0)
    expect(looks).toBeGreaterThan(3)
    expect(looks).toBeLessThan(10)
    expect(await states()).toEqual({ hot: 'primary suspect', cold: 'deleting' })
    const { storeId } = (await world.parts.locationById(world.locationIds.hot))!
    const followed = await withObjectLock(world.test.database, world.objectId('k'), 2_000, connection =>
      settleForeignChange(connection, {
        bucketId: world.bucketId,
        objectId: world.objectId('k'),
        key: 'k',
        locationId: world.locationIds.hot,
        place: { storeId, container: 'data', nativeKey: 'k' },
        witness: 'read',
        mayRemoveObject: false,
        modelNowMs: 0,
        principal: 'user:alice',
        look: () => hot.head('data', 'k'),
      }),
    )
    expect(followed).toBe('adopt')
    await sweepFor(32, 60_000)
    expect(await coldHasIt()).toBe(false)
    expect(await world.read('k')).toEqual(sampleOf(70, 'foreign'))
  })

  it('waits for the catalog to follow where others wrote over the primary copy', async () => {
    await newWorld('shared')
    const foreign = sampleOf(70, 'foreign')
    const id = await world.plan('k')
    const atBoundary = async (boundary: string) => {
      if (boundary === 'published') await world.stores.hot.put('data', 'k', foreign, { size: 70 })
    }
    await world.work({ atBoundary, verification: 'read-back' })
    expect((await world.migration(id)).state).toBe('aborted')
    await world.sweep()
    expect(await states()).toEqual({ hot: 'primary suspect', cold: 'deleting' })
    expect(await coldHasIt()).toBe(true)
  })

  it('is not looked for when a copy of former content is deleted', async () => {
    await newWorld()
    await world.plan('k')
    await world.work()
    await world.test.database.query(
      `update copy set state = 'deleting', grace_until_ms = null, generation = 1 where not is_primary`,
    )
    await world.test.database.query('update copy set generation = 2 where is_primary')
    await world.test.database.query('update object set generation = 2')
    await world.stores.cold.delete('data', 'k')
    await world.sweep()
    expect(await states()).toEqual({ cold: 'primary complete' })
    await expect(world.stores.hot.head('data', 'k')).rejects.toMatchObject({ kind: 'not-found' })
  })
})
