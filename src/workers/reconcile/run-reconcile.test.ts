import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { writeVendorInventory } from '../../../test/builders/vendor-inventories.ts'
import { decideOrphan, listOrphans, type OrphanRow, releaseKeptCopy } from '../../database/orphans.ts'
import {
  createReconcileRun,
  findReconcileRun,
  listFindings,
  type ReconcileRun,
  resumeReconcileRun,
} from '../../database/reconcile-runs.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import { copyDescriptionMetadata } from '../../domain/copy-description.ts'
import { DAY, HOUR } from '../../domain/duration.ts'
import { newId } from '../../domain/identifiers.ts'
import type { ReconcileSettings, ReconcileSource } from '../../domain/reconcile.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { StoreError } from '../../stores/object-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { orphanDecisionsLoop } from './carry-out-decisions.ts'
import type { ReconcileParts } from './reconcile-parts.ts'
import { reconcileLoop } from './run-reconcile.ts'

const BYTES = sampleOf(1_000)
const SETTINGS: ReconcileSettings = {
  deletes: false,
  apartMs: DAY,
  deletionsMax: 100,
  deletedBytesMax: 2 ** 30,
  deletedShareMax: 0.01,
  acceptMissing: false,
}
const LISTING = { kind: 'listing' } as const

describe('comparing a container with the catalog', () => {
  let world: MovingWorld
  let now: number
  afterEach(() => world.dispose())
  beforeEach(() => open())

  async function open(mode: BucketMode = 'exclusive') {
    await world?.dispose().catch(() => undefined)
    world = await createMovingWorld({ mode })
    now = Date.now() + 1_000
    await world.addObject('a', BYTES)
    await world.addObject('b', sampleOf(2_000))
  }

  const parts = (change: Partial<ReconcileParts> = {}): ReconcileParts => ({
    database: world.test.database,
    lockDatabase: world.test.database,
    openStore: world.parts.openStore,
    announceDeletion: world.parts.announceDeletion,
    modelClock: world.modelClock,
    wallClock: { now: () => now },
    log: silentLogger,
    principal: 'system:reconcile',
    owner: 'test',
    temporaryFolder: tmpdir(),
    ...change,
  })

  async function reconcile(
    options: {
      at?: 'hot' | 'cold'
      settings?: Partial<ReconcileSettings>
      source?: ReconcileSource
      parts?: Partial<ReconcileParts>
    } = {},
  ): Promise<ReconcileRun> {
    const id = await createReconcileRun(world.test.database, {
      locationId: world.locationIds[options.at ?? 'hot'],
      prefix: '',
      source: options.source ?? LISTING,
      settings: { ...SETTINGS, ...options.settings },
      principal: 'user:test',
    })
    await reconcileLoop(parts(options.parts)).step(new AbortController().signal)
    return (await findReconcileRun(world.test.database, id!))!
  }
  const findings = async (run: ReconcileRun) =>
    (await listFindings(world.test.database, run.id, { verdict: null, after: null, limit: 100 })).map(
      ({ verdict, nativeKey }) => `${verdict} ${nativeKey}`,
    )
  const orphans = (): Promise<OrphanRow[]> =>
    listOrphans(
      world.test.database,
      { state: null, kind: null, locationId: null },
      { beforeId: null, limit: 100 },
    )
  const states = async () =>
    Object.fromEntries((await orphans()).map(({ nativeKey, kind, state }) => [nativeKey, `${kind} ${state}`]))
  const put = (
    key: string,
    bytes: Buffer,
    metadata: Record<string, string> = {},
    at: 'hot' | 'cold' = 'hot',
  ) => world.stores[at].put('data', key, bytes, { size: bytes.length, metadata })
  const keysAt = async (at: 'hot' | 'cold') =>
    (await world.stores[at].list('data')).objects.map(({ key }) => key)

  /** Bytes at the target of an aborted move, as a late request leaves them after the sweeper was there. */
  async function leaveLateBytes(key: string): Promise<void> {
    const id = await world.plan(key)
    let late: { bytes: Buffer; metadata: Record<string, string> } | null = null
    const atBoundary = async (boundary: string) => {
      if (boundary !== 'published') return
      const { metadata } = await world.stores.cold.head('data', key)
      late = { bytes: BYTES, metadata: { ...metadata } }
      await world.stores.cold.delete('data', key)
    }
    await world.work({ atBoundary, verification: 'read-back' })
    for (let round = 0; round < 12 && (await world.migration(id)).finishedAt === null; round++) {
      await world.letTimePass()
      await world.work({ atBoundary, verification: 'read-back' })
    }
    await world.sweep()
    expect(await world.copies(key)).toHaveLength(1)
    await put(key, late!.bytes, late!.metadata, 'cold')
  }

  it('finds nothing where everything is as the catalog says', async () => {
    const run = await reconcile()
    expect(run).toMatchObject({ state: 'done', counts: { listed: 2, listedBytes: 3_000, known: 2, dark: 0 } })
    expect(await findings(run)).toEqual([])
  })

  it('names what the catalog does not know, and touches nothing of it however often it is seen', async () => {
    await put('foreign', Buffer.from('not ours'))
    for (let day = 0; day < 3; day++, now += DAY) {
      const run = await reconcile({ settings: { deletes: true, deletedShareMax: 1 } })
      expect(await findings(run)).toEqual(['dark foreign'])
    }
    expect(await states()).toEqual({ foreign: 'dark confirmed' })
    expect(await keysAt('hot')).toContain('foreign')
    const [orphan] = await orphans()
    expect(orphan).toMatchObject({
      bytes: 8,
      reason: expect.stringMatching(/import into bucket photos/),
      bucketId: world.bucketId,
    })
  })

  it('makes a copy suspect that is gone, and keeps its object from being moved', async () => {
    await world.stores.hot.delete('data', 'a')
    const run = await reconcile()
    expect(await findings(run)).toEqual(['missing a'])
    expect(run.counts).toMatchObject({ missing: 1, missingBytes: 1_000 })
    expect(await world.copies('a')).toMatchObject([{ state: 'suspect', isPrimary: true }])
    await expect(world.plan('a')).rejects.toThrow(/quarantined/)
  })

  it('makes a copy suspect whose bytes are other ones', async () => {
    await put('a', sampleOf(1_000, 'other'))
    const run = await reconcile()
    expect(await findings(run)).toEqual(['changed a'])
    expect(await world.copies('a')).toMatchObject([{ state: 'suspect' }])
  })

  it('lets the catalog follow where others write, too', async () => {
    await open('shared')
    await put('a', sampleOf(70, 'foreign'))
    await world.stores.hot.delete('data', 'b')
    expect(await findings(await reconcile())).toEqual(['followed a', 'followed b'])
    expect(await world.read('a')).toEqual(sampleOf(70, 'foreign'))
    expect(await findings(await reconcile())).toEqual([])
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
    await put('after', Buffer.from('new'))
    const key = await writeVendorInventory(
      { store: reports, container: 'reports' },
      { kind: 's3-parquet', source: 'data', objects: objects.slice(1), takenAt },
    )
    const storeId = newId()
    const openStore = async (id: string) => (id === storeId ? reports : world.parts.openStore(id))
    const run = await reconcile({
      source: { kind: 'manifest', storeId, container: 'reports', key },
      parts: { openStore },
    })
    expect(run).toMatchObject({ state: 'done', error: null, takenAt: new Date(takenAt) })
    expect(await findings(run)).toEqual([])
  })

  it('judges nothing missing when most of the container is, unless that is accepted', async () => {
    for (let index = 0; index < 20; index++) await world.addObject(`many-${index}`, sampleOf(10))
    for (const key of await keysAt('hot')) if (key !== 'a') await world.stores.hot.delete('data', key)
    const run = await reconcile()
    expect(run).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/21 of the 22 copies/),
      counts: { missing: 0 },
    })
    expect(await world.copies('b')).toMatchObject([{ state: 'complete' }])
    expect((await reconcile({ settings: { acceptMissing: true } })).counts.missing).toBe(21)
  })

  it('goes on where it was stopped, and counts nothing twice', async () => {
    for (let index = 0; index < 10; index++) await put(`foreign-${index}`, sampleOf(10))
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
    const stopped = await reconcile({ parts: { pageKeys: 2 } })
    expect(stopped).toMatchObject({ state: 'interrupted', counts: { listed: 6 } })
    world.stores.hot = real
    await resumeReconcileRun(world.test.database, stopped.id, 'user:test')
    await reconcileLoop(parts({ pageKeys: 2 })).step(new AbortController().signal)
    const done = (await findReconcileRun(world.test.database, stopped.id))!
    expect(done).toMatchObject({ state: 'done', counts: { listed: 12, known: 2, dark: 10, missing: 0 } })
  })

  describe('deletes bytes of a move of ours that has ended', () => {
    const DELETING = { deletes: true, deletedShareMax: 1 }

    it('only when two scans a day apart saw them', async () => {
      await leaveLateBytes('a')
      expect(await findings(await reconcile({ at: 'cold', settings: DELETING }))).toEqual(['forgotten a'])
      now += DAY - HOUR
      await reconcile({ at: 'cold', settings: DELETING })
      expect(await states()).toEqual({ a: 'forgotten seen' })
      expect(await keysAt('cold')).toEqual(['a'])
      now += HOUR
      const run = await reconcile({ at: 'cold', settings: DELETING })
      expect(run.counts).toMatchObject({ confirmed: 1, deleted: 1, deletedBytes: 1_000, withheld: 0 })
      expect(await states()).toEqual({ a: 'forgotten deleted' })
      expect(await keysAt('cold')).toEqual([])
      expect(await world.read('a')).toEqual(BYTES)
    })

    async function confirmed(): Promise<void> {
      await leaveLateBytes('a')
      await reconcile({ at: 'cold' })
      now += DAY
    }

    it('not when they may be the last good copy', async () => {
      await confirmed()
      await world.stores.hot.delete('data', 'a')
      const run = await reconcile({ at: 'cold', settings: DELETING })
      expect(run.counts).toMatchObject({ deleted: 0, withheld: 1 })
      expect(await orphans()).toMatchObject([
        { state: 'kept', outcome: expect.stringMatching(/last good copy/) },
      ])
      expect(await keysAt('cold')).toEqual(['a'])
    })

    it('not when others wrote there meanwhile: then two scans must see those', async () => {
      await confirmed()
      await put(
        'a',
        sampleOf(1_000, 'x'),
        { ...(await world.stores.cold.head('data', 'a')).metadata },
        'cold',
      )
      await reconcile({ at: 'cold', settings: DELETING })
      expect(await states()).toEqual({ a: 'forgotten seen' })
      expect(await keysAt('cold')).toEqual(['a'])
    })

    it('not when a move is about to bring bytes there', async () => {
      await confirmed()
      await world.plan('a')
      const run = await reconcile({ at: 'cold', settings: DELETING })
      expect(run.counts).toMatchObject({ underWay: 1, deleted: 0 })
      expect(await keysAt('cold')).toEqual(['a'])
    })

    it('not when they are more than the share or the number that a run may delete', async () => {
      await leaveLateBytes('b')
      await confirmed()
      const { counts } = await reconcile({ at: 'cold', settings: { deletes: true } })
      expect(counts).toMatchObject({ confirmed: 2, deleted: 0, withheld: 2 })
      const limited = await reconcile({ at: 'cold', settings: { ...DELETING, deletionsMax: 1 } })
      expect(limited.counts).toMatchObject({ deleted: 1, withheld: 1 })
      const bytes = await reconcile({ at: 'cold', settings: { ...DELETING, deletedBytesMax: 10 } })
      expect(bytes.counts).toMatchObject({ deleted: 0, withheld: 1 })
    })

    it('not when they only say so and no migration of this catalog brought them', async () => {
      const description = { bucket: 'photos', key: 'a', generation: 1, sha256: null, etag: null }
      await world.stores.cold.ensureContainer('data')
      const metadata = copyDescriptionMetadata({ ...description, intentId: newId() })
      await put('a', BYTES, metadata, 'cold')
      for (let day = 0; day < 3; day++, now += DAY) await reconcile({ at: 'cold', settings: DELETING })
      expect(await states()).toEqual({ a: 'forgotten confirmed' })
      expect(await keysAt('cold')).toEqual(['a'])
    })

    it('and forgets those that went by themselves', async () => {
      await confirmed()
      await world.stores.cold.delete('data', 'a')
      await reconcile({ at: 'cold', settings: DELETING })
      expect(await states()).toEqual({ a: 'forgotten gone' })
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
    const carryOut = () => orphanDecisionsLoop(parts()).step(new AbortController().signal)

    it('deletes an orphan that is ours', async () => {
      await leaveLateBytes('a')
      await reconcile({ at: 'cold' })
      await decide((await orphans())[0]!, 'deleting')
      await carryOut()
      expect(await orphans()).toMatchObject([{ state: 'deleted', decidedBy: 'user:alice' }])
      expect(await keysAt('cold')).toEqual([])
    })

    it('adopts bytes that prove to be the content, as the primary copy where that is lost', async () => {
      await leaveLateBytes('a')
      await reconcile({ at: 'cold' })
      await world.stores.hot.delete('data', 'a')
      await reconcile()
      const [orphan] = await orphans()
      await decide(orphan!, 'adopting')
      await carryOut()
      expect((await orphans())[0]).toMatchObject({
        state: 'adopted',
        outcome: expect.stringMatching(/primary copy/),
      })
      expect(await world.read('a')).toEqual(BYTES)
    })

    it('adopts no bytes that are not the content', async () => {
      await leaveLateBytes('a')
      await put(
        'a',
        sampleOf(1_000, 'x'),
        { ...(await world.stores.cold.head('data', 'a')).metadata },
        'cold',
      )
      await reconcile({ at: 'cold' })
      await decide((await orphans())[0]!, 'adopting')
      await carryOut()
      expect((await orphans())[0]).toMatchObject({
        state: 'kept',
        outcome: expect.stringMatching(/not what the catalog says/),
      })
      expect(await world.copies('a')).toHaveLength(1)
    })

    it('lets the sweeper delete a retained copy', async () => {
      const id = await world.plan('a', { graceMs: 0 })
      for (let round = 0; round < 6; round++) {
        await world.work()
        world.endGrace()
        await world.letTimePass()
      }
      expect((await world.migration(id)).state).toBe('done')
      await put('a', BYTES, (await world.stores.cold.head('data', 'a')).metadata as Record<string, string>)
      const { identity } = await world.stores.hot.head('data', 'a')
      await world.test.database.query(
        `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, version_id, size,
                           entered_ms, principal)
         values ($1, $2, 1, $3, 'retained', false, $4, $5, 1000, 0, 'user:test')`,
        [world.objectId('a'), newId(), world.locationIds.hot, identity.etag, identity.versionId],
      )
      expect((await reconcile()).counts).toMatchObject({ leftovers: 1, known: 2 })
      const [orphan] = await orphans()
      expect(orphan).toMatchObject({ kind: 'retained', bytes: 1_000 })
      expect(await releaseKeptCopy(world.test.database, orphan!)).toBe(true)
      await decide(orphan!, 'deleting')
      await carryOut()
      await world.sweep()
      await carryOut()
      expect(await orphans()).toMatchObject([{ state: 'deleted' }])
      expect(await keysAt('hot')).toEqual(['b'])
      expect(await world.read('a')).toEqual(BYTES)
    })
  })
})
