import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import {
  type ReconcilingWorld,
  reconcilingWorld,
  SETTINGS,
} from '../../../test/builders/reconciling-world.ts'
import { writeVendorInventory } from '../../../test/builders/vendor-inventories.ts'
import {
  pauseStore,
  resumeMigrations,
  resumeStore,
  stopMigrations,
} from '../../database/migrations/migration-holds.ts'
import { inTransaction } from '../../database/postgres.ts'
import { decideOrphan, type OrphanRow, releaseKeptCopy } from '../../database/upkeep/orphans.ts'
import {
  createReconcileRun,
  findReconcileRun,
  resumeReconcileRun,
} from '../../database/upkeep/reconcile-runs.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import { copyDescriptionMetadata } from '../../domain/copy-description.ts'
import { DAY, HOUR } from '../../domain/duration.ts'
import { newId } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { StoreError } from '../../stores/object-store.ts'
import { orphanDecisionsLoop } from './carry-out-decisions.ts'
import { reconcileLoop } from './run-reconcile.ts'

const BYTES = sampleOf(1_000)
describe('comparing a container with the catalog', () => {
  let world: MovingWorld
  let here: ReconcilingWorld
  afterEach(() => world.dispose())
  beforeEach(() => open())

  async function open(mode: BucketMode = 'exclusive') {
    await world?.dispose().catch(() => undefined)
    world = await createMovingWorld({ mode })
    here = reconcilingWorld(world)
    await world.addObject('a', BYTES)
    await world.addObject('b', sampleOf(2_000))
  }

  it('finds nothing where everything is as the catalog says', async () => {
    const run = await here.reconcile()
    expect(run).toMatchObject({ state: 'done', counts: { listed: 2, listedBytes: 3_000, known: 2, dark: 0 } })
    expect(await here.findings(run)).toEqual([])
  })

  it('names what the catalog does not know, and touches nothing of it however often it is seen', async () => {
    await here.put('foreign', Buffer.from('not ours'))
    for (let day = 0; day < 3; day++, here.clock.now += DAY) {
      const run = await here.reconcile({ settings: { deletes: true, deletedShareMax: 1 } })
      expect(await here.findings(run)).toEqual(['dark foreign'])
    }
    expect(await here.states()).toEqual({ foreign: 'dark confirmed' })
    expect(await here.keysAt('hot')).toContain('foreign')
    const [orphan] = await here.orphans()
    expect(orphan).toMatchObject({
      bytes: 8,
      reason: expect.stringMatching(/import into bucket photos/),
      bucketId: world.bucketId,
    })
  })

  it('makes a copy suspect that is gone, and keeps its object from being moved', async () => {
    await world.stores.hot.delete('data', 'a')
    const run = await here.reconcile()
    expect(await here.findings(run)).toEqual(['missing a'])
    expect(run.counts).toMatchObject({ missing: 1, missingBytes: 1_000 })
    expect(await world.copies('a')).toMatchObject([{ state: 'suspect', isPrimary: true }])
    await expect(world.plan('a')).rejects.toThrow(/quarantined/)
  })

  it('lets the scrubber look next at a lost primary copy when another complete one is left', async () => {
    const { database } = world.test
    await database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'complete', false, 1000, 0, 'user:test')`,
      [world.objectId('a'), newId(), world.locationIds.cold],
    )
    await database.query('update copy set scrubbed_ms = 1')
    await world.stores.hot.delete('data', 'a')
    expect(await here.findings(await here.reconcile())).toEqual(['missing a'])
    const { rows } = await database.query(
      `select c.state, c.scrubbed_ms, o.quarantined_because from copy c join object o on o.id = c.object_id
       where c.object_id = $1 and c.is_primary`,
      [world.objectId('a')],
    )
    expect(rows).toEqual([{ state: 'complete', scrubbed_ms: 0, quarantined_because: null }])
  })

  it('makes a copy suspect whose bytes are other ones', async () => {
    await here.put('a', sampleOf(1_000, 'other'))
    const run = await here.reconcile()
    expect(await here.findings(run)).toEqual(['changed a'])
    expect(await world.copies('a')).toMatchObject([{ state: 'suspect' }])
  })

  it('lets the catalog follow where others write, too', async () => {
    await open('shared')
    await here.put('a', sampleOf(70, 'foreign'))
    await world.stores.hot.delete('data', 'b')
    expect(await here.findings(await here.reconcile())).toEqual(['followed a', 'followed b'])
    expect(await world.read('a')).toEqual(sampleOf(70, 'foreign'))
    expect(await here.findings(await here.reconcile())).toEqual([])
  })

  it('does not call missing what came after the inventory was taken, nor dark what went since', async () => {
    const reports = createMemoryStore({ name: 'reports', settings: { capacityBytes: 2 ** 20 } })
    await reports.ensureContainer('reports')
    const takenAt = Date.now() - HOUR
    const listed = await world.stores.hot.list('data')
    const objects = listed.objects.map(({ key, size, etag }) => ({
      key,
      size,
      etag: etag!,
      lastModified: takenAt,
    }))
    objects.push({ key: 'gone', size: 5, etag: 'x', lastModified: takenAt })
    await here.put('after', Buffer.from('new'))
    const key = await writeVendorInventory(
      { store: reports, container: 'reports' },
      { kind: 's3-parquet', source: 'data', objects: objects.slice(1), takenAt },
    )
    const storeId = newId()
    const openStore = async (id: string) => (id === storeId ? reports : world.parts.openStore(id))
    const run = await here.reconcile({
      source: { kind: 'manifest', storeId, container: 'reports', key },
      parts: { openStore },
    })
    expect(run).toMatchObject({ state: 'done', error: null, takenAt: new Date(takenAt) })
    expect(await here.findings(run)).toEqual([])
  })

  it('judges nothing missing when most of the container is, unless that is accepted', async () => {
    for (let index = 0; index < 20; index++) await world.addObject(`many-${index}`, sampleOf(10))
    for (const key of await here.keysAt('hot')) if (key !== 'a') await world.stores.hot.delete('data', key)
    const run = await here.reconcile()
    expect(run).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/21 of the 22 copies/),
      counts: { missing: 0 },
    })
    expect(await world.copies('b')).toMatchObject([{ state: 'complete' }])
    expect((await here.reconcile({ settings: { acceptMissing: true } })).counts.missing).toBe(21)
  })

  it('goes on where it was stopped, and counts nothing twice', async () => {
    for (let index = 0; index < 10; index++) await here.put(`foreign-${index}`, sampleOf(10))
    const real = world.stores.hot
    let answers = 3
    world.stores.hot = {
      ...real,
      list: async (...args) => {
        if (answers-- > 0) return real.list(...args)
        const facts = { kind: 'unreachable', retry: 'yes', store: 'hot', operation: 'list' } as const
        throw new StoreError({ ...facts, message: 'no answer' })
      },
    }
    const stopped = await here.reconcile({ parts: { pageKeys: 2 } })
    expect(stopped).toMatchObject({ state: 'interrupted', counts: { listed: 6 } })
    world.stores.hot = real
    await resumeReconcileRun(world.test.database, stopped.id, 'user:test')
    await reconcileLoop(here.parts({ pageKeys: 2 })).step(new AbortController().signal)
    const done = (await findReconcileRun(world.test.database, stopped.id))!
    expect(done).toMatchObject({ state: 'done', counts: { listed: 12, known: 2, dark: 10, missing: 0 } })
  })

  it('aborts uploads in parts of moves that have ended, and names others without touching them', async () => {
    const { multipart } = world.stores.cold
    await world.stores.cold.ensureContainer('data')
    const id = await world.plan('a')
    const begin = async (key: string) => (await multipart!.create('data', key, {})).uploadId
    const [ours, foreign] = [await begin('a'), await begin('a')]
    await world.test.database.query(
      `update migration set state = 'aborted', finished_at = now(),
         evidence = jsonb_build_object('uploadId', $2::text) where id = $1`,
      [id, ours],
    )
    expect((await here.reconcile({ at: 'cold' })).counts).toMatchObject({ parts: 0 })
    here.clock.now += DAY + HOUR
    const named = await here.reconcile({ at: 'cold' })
    expect(named.counts).toMatchObject({ parts: 2, partsAborted: 0 })
    const run = await here.reconcile({ at: 'cold', settings: { deletes: true } })
    expect(run.counts).toMatchObject({ parts: 2, partsAborted: 1 })
    const left = await multipart!.listAll!('data')
    expect(left.uploads.map(({ uploadId }) => uploadId)).toEqual([foreign])
  })

  it('is taken up by another worker when its own is gone', async () => {
    await here.put('foreign', Buffer.from('x'))
    const controller = new AbortController()
    const real = world.stores.hot
    world.stores.hot = {
      ...real,
      list: async (...args) => {
        controller.abort()
        return real.list(...args)
      },
    }
    const id = await createReconcileRun(world.test.database, {
      locationId: world.locationIds.hot,
      prefix: '',
      source: { kind: 'listing' },
      settings: { ...SETTINGS, deletes: false },
      principal: 'user:test',
    })
    await reconcileLoop(here.parts()).step(controller.signal)
    expect(await findReconcileRun(world.test.database, id!)).toMatchObject({ state: 'running' })
    world.stores.hot = real
    await reconcileLoop(here.parts({ owner: 'another' })).step(new AbortController().signal)
    expect(await findReconcileRun(world.test.database, id!)).toMatchObject({
      state: 'done',
      counts: { listed: 3, dark: 1 },
    })
  })

  describe('deletes bytes of a move of ours that has ended', () => {
    const DELETING = { deletes: true, deletedShareMax: 1 }

    it('only when two scans a day apart saw them', async () => {
      await here.leaveLateBytes('a')
      expect(await here.findings(await here.reconcile({ at: 'cold', settings: DELETING }))).toEqual([
        'forgotten a',
      ])
      here.clock.now += DAY - HOUR
      await here.reconcile({ at: 'cold', settings: DELETING })
      expect(await here.states()).toEqual({ a: 'forgotten seen' })
      expect(await here.keysAt('cold')).toEqual(['a'])
      here.clock.now += HOUR
      const run = await here.reconcile({ at: 'cold', settings: DELETING })
      expect(run.counts).toMatchObject({ confirmed: 1, deleted: 1, deletedBytes: 1_000, withheld: 0 })
      expect(await here.states()).toEqual({ a: 'forgotten deleted' })
      expect(await here.keysAt('cold')).toEqual([])
      expect(await world.read('a')).toEqual(BYTES)
    })

    async function confirmed(): Promise<void> {
      await here.leaveLateBytes('a')
      await here.reconcile({ at: 'cold' })
      here.clock.now += DAY
    }

    it('not when they may be the last good copy', async () => {
      await confirmed()
      await world.stores.hot.delete('data', 'a')
      const run = await here.reconcile({ at: 'cold', settings: DELETING })
      expect(run.counts).toMatchObject({ deleted: 0, withheld: 1 })
      expect(await here.orphans()).toMatchObject([
        { state: 'kept', outcome: expect.stringMatching(/last good copy/) },
      ])
      expect(await here.keysAt('cold')).toEqual(['a'])
    })

    it('not when others wrote there meanwhile: then two scans must see those', async () => {
      await confirmed()
      await here.put(
        'a',
        sampleOf(1_000, 'x'),
        { ...(await world.stores.cold.head('data', 'a')).metadata },
        'cold',
      )
      await here.reconcile({ at: 'cold', settings: DELETING })
      expect(await here.states()).toEqual({ a: 'forgotten seen' })
      expect(await here.keysAt('cold')).toEqual(['a'])
    })

    it('not when a move is about to bring bytes there', async () => {
      await confirmed()
      await world.plan('a')
      const run = await here.reconcile({ at: 'cold', settings: DELETING })
      expect(run.counts).toMatchObject({ underWay: 1, deleted: 0 })
      expect(await here.keysAt('cold')).toEqual(['a'])
    })

    it('not when they are more than the share or the number that a run may delete', async () => {
      await here.leaveLateBytes('b')
      await confirmed()
      const { counts } = await here.reconcile({ at: 'cold', settings: { deletes: true } })
      expect(counts).toMatchObject({ confirmed: 2, deleted: 0, withheld: 2 })
      const limited = await here.reconcile({ at: 'cold', settings: { ...DELETING, deletionsMax: 1 } })
      expect(limited.counts).toMatchObject({ deleted: 1, withheld: 1 })
      const bytes = await here.reconcile({ at: 'cold', settings: { ...DELETING, deletedBytesMax: 10 } })
      expect(bytes.counts).toMatchObject({ deleted: 0, withheld: 1 })
    })

    it('not when they only say so and no migration of this catalog brought them', async () => {
      const description = { bucket: 'photos', key: 'a', generation: 1, sha256: null, etag: null }
      await world.stores.cold.ensureContainer('data')
      const metadata = copyDescriptionMetadata({ ...description, intentId: newId() })
      await here.put('a', BYTES, metadata, 'cold')
      for (let day = 0; day < 3; day++, here.clock.now += DAY)
        await here.reconcile({ at: 'cold', settings: DELETING })
      expect(await here.states()).toEqual({ a: 'forgotten confirmed' })
      expect(await here.keysAt('cold')).toEqual(['a'])
    })

    it('not while everything is stopped, or their store is paused', async () => {
      await confirmed()
      const { database } = world.test
      await stopMigrations(database, { reason: 'an incident', principal: 'user:test' })
      const stopped = await here.reconcile({ at: 'cold', settings: DELETING })
      expect(stopped.counts).toMatchObject({ deleted: 0, withheld: 1 })
      await resumeMigrations(database)
      const store = (await here.orphans())[0]!.storeId
      const pause = { id: store, reason: 'an incident', principal: 'user:test' } as const
      await inTransaction(database, connection => pauseStore(connection, pause))
      const paused = await here.reconcile({ at: 'cold', settings: DELETING })
      expect(paused.counts).toMatchObject({ deleted: 0, withheld: 1 })
      expect(await here.states()).toEqual({ a: 'forgotten confirmed' })
      await inTransaction(database, connection => resumeStore(connection, store))
      const free = await here.reconcile({ at: 'cold', settings: DELETING })
      expect(free.counts).toMatchObject({ deleted: 1 })
    })

    it('and forgets those that went by themselves', async () => {
      await confirmed()
      await world.stores.cold.delete('data', 'a')
      await here.reconcile({ at: 'cold', settings: DELETING })
      expect(await here.states()).toEqual({ a: 'forgotten gone' })
    })
  })

  describe('does what a person decided', () => {
    const decide = (orphan: OrphanRow, to: 'deleting' | 'adopting') =>
      decideOrphan(world.test.database, orphan.id, {
        from: ['seen', 'confirmed', 'kept'],
        to,
        outcome: null,
        decidedBy: 'user:alice',
      })
    const carryOut = () => orphanDecisionsLoop(here.parts()).step(new AbortController().signal)

    it('deletes an orphan that is ours', async () => {
      await here.leaveLateBytes('a')
      await here.reconcile({ at: 'cold' })
      await decide((await here.orphans())[0]!, 'deleting')
      await carryOut()
      expect(await here.orphans()).toMatchObject([{ state: 'deleted', decidedBy: 'user:alice' }])
      expect(await here.keysAt('cold')).toEqual([])
    })

    it('adopts bytes that prove to be the content, as the primary copy where that is lost', async () => {
      await here.leaveLateBytes('a')
      await here.reconcile({ at: 'cold' })
      await world.stores.hot.delete('data', 'a')
      await here.reconcile()
      const [orphan] = await here.orphans()
      await decide(orphan!, 'adopting')
      await carryOut()
      expect((await here.orphans())[0]).toMatchObject({
        state: 'adopted',
        outcome: expect.stringMatching(/primary copy/),
      })
      expect(await world.read('a')).toEqual(BYTES)
    })

    it('adopts nothing over what others wrote a moment ago', async () => {
      await open('shared')
      await here.leaveLateBytes('a')
      await here.reconcile({ at: 'cold' })
      const theirs = sampleOf(1_001, 'theirs')
      await here.put('a', theirs)
      const primary = (await world.copies('a')).find(copy => copy.isPrimary)
      await decide((await here.orphans())[0]!, 'adopting')
      await carryOut()
      expect((await here.orphans())[0]).toMatchObject({
        state: 'kept',
        outcome: expect.stringMatching(/others changed the object/),
      })
      expect(await world.copies('a')).toEqual([primary])
    })

    it('adopts no bytes that are not the content', async () => {
      await here.leaveLateBytes('a')
      await here.put(
        'a',
        sampleOf(1_000, 'x'),
        { ...(await world.stores.cold.head('data', 'a')).metadata },
        'cold',
      )
      await here.reconcile({ at: 'cold' })
      await decide((await here.orphans())[0]!, 'adopting')
      await carryOut()
      expect((await here.orphans())[0]).toMatchObject({
        state: 'kept',
        outcome: expect.stringMatching(/not what the catalog says/),
      })
      expect(await world.copies('a')).toHaveLength(1)
    })

    it('never deletes what others wrote over a copy that was kept', async () => {
      await open('shared')
      const id = await world.plan('a')
      await world.work()
      await here.put('a', sampleOf(1_000, 'theirs'))
      for (let round = 0; round < 3; round++) {
        world.endGrace()
        await world.letTimePass()
        await world.work()
      }
      expect((await world.migration(id)).state).toBe('retained')
      const kept = (await world.copies('a')).find(copy => copy.state === 'suspect')!
      const seen = await world.stores.hot.head('data', 'a')
      const orphan = { objectId: kept.objectId, copyId: kept.id, bytes: seen.size, ...seen.identity }
      expect(await releaseKeptCopy(world.test.database, orphan)).toBe(false)
      await world.sweep()
      expect((await world.stores.hot.head('data', 'a')).identity).toEqual(seen.identity)
    })

    it('lets the sweeper delete a retained copy', async () => {
      const id = await world.plan('a', { graceMs: 0 })
      for (let round = 0; round < 6; round++) {
        await world.work()
        world.endGrace()
        await world.letTimePass()
      }
      expect((await world.migration(id)).state).toBe('done')
      await here.put(
        'a',
        BYTES,
        (await world.stores.cold.head('data', 'a')).metadata as Record<string, string>,
      )
      const { identity } = await world.stores.hot.head('data', 'a')
      await world.test.database.query(
        `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, version_id, size,
                           entered_ms, principal)
         values ($1, $2, 1, $3, 'retained', false, $4, $5, 1000, 0, 'user:test')`,
        [world.objectId('a'), newId(), world.locationIds.hot, identity.etag, identity.versionId],
      )
      expect((await here.reconcile()).counts).toMatchObject({ leftovers: 1, known: 2 })
      const [orphan] = await here.orphans()
      expect(orphan).toMatchObject({ kind: 'retained', bytes: 1_000 })
      expect(await releaseKeptCopy(world.test.database, orphan!)).toBe(true)
      await decide(orphan!, 'deleting')
      await carryOut()
      await world.sweep()
      await carryOut()
      expect(await here.orphans()).toMatchObject([{ state: 'deleted' }])
      expect(await here.keysAt('hot')).toEqual(['b'])
      expect(await world.read('a')).toEqual(BYTES)
    })
  })
})
