import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { listReadableCopies } from '../database/catalog/objects.ts'
import { copyDescriptionMetadata } from '../domain/copy-description.ts'
import { DAY } from '../domain/duration.ts'
import { newId, type Uuid } from '../domain/identifiers.ts'
import type { NewMigration } from '../domain/migration-record.ts'
import type { Copy } from '../domain/object.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../stores/object-store.ts'

const BYTES = sampleOf(5_000)
const OTHER_BYTES = sampleOf(5_000, 'b')
const SHA256 = createHash('sha256').update(BYTES).digest('hex')

const DESCRIPTION = copyDescriptionMetadata({
  bucket: 'photos',
  key: 'k',
  generation: 1,
  sha256: SHA256,
  etag: null,
  intentId: newId(),
})

function noAnswer(kind: 'aborted' | 'archived' | 'timeout' | 'unexpected'): StoreError {
  return new StoreError({
    kind,
    retry: 'unknown-outcome',
    store: 'hot-store',
    operation: 'changeStorageClass',
    message: kind,
  })
}

/** A store with some of its ways changed. */
function changed(store: ObjectStore, change: Partial<ObjectStore>): ObjectStore {
  return new Proxy(store, {
    get: (target, name) => Reflect.get(name in change ? change : target, name),
  })
}

describe('the mover, of other kinds', () => {
  let world: MovingWorld
  afterEach(() => world.dispose())

  async function newWorld(options: Parameters<typeof createMovingWorld>[0] = {}) {
    world = await createMovingWorld(options)
    await world.addObject('k', BYTES, { sha256: SHA256 })
  }

  async function finish(id: Uuid) {
    for (let round = 0; round < 12; round++) {
      await world.work()
      if ((await world.migration(id)).finishedAt !== null) break
      world.endGrace()
      await world.letTimePass()
    }
    return world.migration(id)
  }

  const copyIn = async (location: 'hot' | 'cold' | 'infrequent') =>
    (await world.copies('k')).find(copy => copy.locationId === world.locationIds[location])
  const stored = async (location: 'hot' | 'cold') => {
    const { body } = await world.stores[location].get('data', 'k')
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const isIn = (location: 'hot' | 'cold') =>
    world.stores[location].head('data', 'k').then(
      () => true,
      () => false,
    )
  const addCopy = async () => finish(await world.plan('k', { kind: 'add-copy' }))

  /** A drop of one copy; the other is or becomes primary. */
  async function planDrop(drops: Copy, keeps: Copy, change: Partial<NewMigration> = {}) {
    return world.plan('k', {
      kind: 'drop-copy',
      sourceCopyId: drops.id,
      targetCopyId: keeps.id,
      targetLocationId: keeps.locationId,
      ...change,
    })
  }

  describe('adding a copy', () => {
    it('reports a source corrupt that differs from what its own store reports, when nobody else knows', async () => {
      world = await createMovingWorld()
      await world.addObject('k', BYTES)
      const { hot } = world.stores
      world.stores.hot = changed(hot, {
        get: async (...asked) => {
          const found = await hot.get(...asked)
          found.body.destroy()
          const { Readable } = await import('node:stream')
          return { ...found, digests: { sha256: SHA256 }, body: Readable.from([OTHER_BYTES]) }
        },
      })
      expect(await addCopy()).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'source-sha256' } },
      })
    })

    it('leaves the primary one as it is, and both are whole', async () => {
      await newWorld()
      expect(await addCopy()).toMatchObject({ state: 'done', evidence: { verifiedBy: 'target-checksum' } })
      expect(await copyIn('hot')).toMatchObject({ state: 'complete', isPrimary: true })
      expect(await copyIn('cold')).toMatchObject({ state: 'complete', isPrimary: false })
      expect([await stored('hot'), await stored('cold')]).toEqual([BYTES, BYTES])
    })

    it('reads every byte back where the migration asks for it', async () => {
      await newWorld()
      let reads = 0
      const { cold } = world.stores
      world.stores.cold = changed(cold, {
        get: (...asked) => {
          reads++
          return cold.get(...asked)
        },
      })
      const id = await world.plan('k', { kind: 'add-copy', verify: 'read-back' })
      expect(await finish(id)).toMatchObject({ state: 'done', evidence: { verifiedBy: 'read-back' } })
      expect(reads).toBe(1)
    })

    it('leaves nothing behind when it was cancelled', async () => {
      await newWorld()
      const id = await world.plan('k', { kind: 'add-copy' })
      await world.test.database.query('update migration set cancel_requested = true where id = $1', [id])
      expect(await finish(id)).toMatchObject({ state: 'aborted' })
      await world.sweep()
      expect(await world.copies('k')).toHaveLength(1)
    })
  })

  describe('dropping a copy', () => {
    it('proves the others, waits for grace, proves them again and deletes it', async () => {
      await newWorld()
      await addCopy()
      const id = await planDrop((await copyIn('cold'))!, (await copyIn('hot'))!)
      await world.work()
      expect(await copyIn('cold')).toMatchObject({ state: 'grace' })
      expect(await finish(id)).toMatchObject({ state: 'done' })
      expect([await isIn('hot'), await isIn('cold')]).toEqual([true, false])
      expect(await world.copies('k')).toMatchObject([{ isPrimary: true, state: 'complete' }])
      expect(await world.timeline(id)).toEqual([
        'planned',
        'taken-up',
        'switch-won',
        'grace-began',
        'grace-over',
        'source-deleted',
      ])
    })

    it('hands the primary over first when that is the one that goes', async () => {
      await newWorld()
      await addCopy()
      const id = await planDrop((await copyIn('hot'))!, (await copyIn('cold'))!)
      expect(await finish(id)).toMatchObject({ state: 'done' })
      expect([await isIn('hot'), await isIn('cold')]).toEqual([false, true])
      expect(await world.read('k')).toEqual(BYTES)
    })

    it.each([
      ['the only other copy is gone', {}],
      ['more copies are required', { copiesRequired: 2 }],
      ['more regions are required', { regionsRequired: 2 }],
    ])('changes nothing when %s', async (name, change) => {
      await newWorld()
      await addCopy()
      if (name.includes('gone')) await world.stores.hot.delete('data', 'k')
      const id = await planDrop((await copyIn('cold'))!, (await copyIn('hot'))!, change)
      expect(await finish(id)).toMatchObject({
        state: 'aborted',
        evidence: { error: { kind: 'too-few-copies' } },
      })
      expect(await copyIn('cold')).toMatchObject({ state: 'complete' })
      expect(await stored('cold')).toEqual(BYTES)
    })

    it.each([
      ['reads the copy that stays where its proof is older than a week', 8, 'aborted', 1],
      ['believes a proof of the copy that stays for a week', 6, 'done', 0],
    ])('%s', async (_, days, state, reads) => {
      await newWorld()
      await addCopy()
      const { cold } = world.stores
      let readings = 0
      // A store that reports no digests, on a disk that rots.
      world.stores.cold = changed(cold, {
        head: async (...asked) => ({ ...(await cold.head(...asked)), digests: {} }),
        get: async (...asked) => {
          readings++
          const found = await cold.get(...asked)
          found.body.destroy()
          const { Readable } = await import('node:stream')
          return { ...found, body: Readable.from([OTHER_BYTES]) }
        },
      })
      world.modelClock.at += days * DAY
      const id = await planDrop((await copyIn('hot'))!, (await copyIn('cold'))!)
      expect(await finish(id)).toMatchObject({ state })
      expect(readings).toBe(reads)
      expect(await isIn('hot')).toBe(state === 'aborted')
    })

    it('takes the copy back when another one was lost during grace', async () => {
      await newWorld()
      await addCopy()
      const id = await planDrop((await copyIn('cold'))!, (await copyIn('hot'))!)
      await world.work()
      await world.stores.hot.delete('data', 'k')
      // The copy that stays is the primary one: its loss makes the other one primary again.
      expect(await finish(id)).toMatchObject({ state: 'quarantined' })
      expect(await copyIn('cold')).toMatchObject({ state: 'complete', isPrimary: true })
      expect(await copyIn('hot')).toMatchObject({ state: 'suspect', isPrimary: false })
      expect(await world.read('k')).toEqual(BYTES)
    })

    it('never deletes for a primary copy that is suspect by then', async () => {
      await newWorld()
      await addCopy()
      const id = await planDrop((await copyIn('cold'))!, (await copyIn('hot'))!)
      await world.work()
      await world.test.database.query(`update copy set state = 'suspect' where is_primary`)
      expect(await finish(id)).toMatchObject({ state: 'quarantined' })
      expect(await copyIn('cold')).toMatchObject({ state: 'complete', isPrimary: true })
    })
  })

  describe('changing the storage class', () => {
    async function plan(change: Partial<NewMigration> = {}) {
      const copy = (await copyIn('hot'))!
      return world.plan('k', {
        kind: 'reclassify',
        sourceCopyId: copy.id,
        targetCopyId: copy.id,
        targetLocationId: world.locationIds.infrequent,
        ...change,
      })
    }

    it('happens in place, and the copy is proven afterwards', async () => {
      await newWorld()
      const before = (await copyIn('hot'))!
      const id = await plan()
      expect(await finish(id)).toMatchObject({ state: 'done' })
      const { identity, storageClass } = await world.stores.hot.head('data', 'k')
      expect(storageClass).toBe('STANDARD_IA')
      expect(await world.copies('k')).toMatchObject([
        { id: before.id, locationId: world.locationIds.infrequent, identity, isPrimary: true },
      ])
      expect((await copyIn('infrequent'))!.verifiedAt).not.toBeNull()
      expect(await world.read('k')).toEqual(BYTES)
    })

    it('is found out by asking the store when its answer was lost', async () => {
      await newWorld()
      const { hot } = world.stores
      let changes = 0
      world.stores.hot = changed(hot, {
        changeStorageClass: async (...asked) => {
          await hot.changeStorageClass!(...asked)
          changes++
          throw new StoreError({
            kind: 'timeout',
            retry: 'unknown-outcome',
            store: 'hot-store',
            operation: 'changeStorageClass',
            message: 'no answer came',
          })
        },
      })
      expect(await finish(await plan())).toMatchObject({ state: 'done' })
      expect(changes).toBe(1)
      expect(await world.read('k')).toEqual(BYTES)
    })

    it('is found out by asking the store when its mover was stopped before the answer came', async () => {
      await newWorld()
      const id = await plan()
      const { hot } = world.stores
      const stop = new AbortController()
      let changes = 0
      world.stores.hot = changed(hot, {
        changeStorageClass: async (...asked) => {
          await hot.changeStorageClass!(...asked)
          changes++
          stop.abort()
          throw noAnswer('aborted')
        },
      })
      await world.work({}, stop.signal)
      // The try is given back: it counts as if it had not been.
      expect(await world.migration(id)).toMatchObject({ attempt: 0, evidence: { classChangeBegun: true } })
      expect(await finish(id)).toMatchObject({ state: 'done' })
      expect(changes).toBe(1)
      expect(await world.read('k')).toEqual(BYTES)
    })

    it('ends with the identity that is there when an archive cannot be read and reports no digest', async () => {
      await newWorld()
      const { hot } = world.stores
      const silent = (found: StoredObject) => ({ ...found, digests: {} })
      world.stores.hot = changed(hot, {
        head: async (...asked) => silent(await hot.head(...asked)),
        get: async (container, key, options) => {
          const { storageClass } = await hot.head(container, key)
          if (storageClass === 'STANDARD_IA') throw noAnswer('archived')
          return hot.get(container, key, options)
        },
        changeStorageClass: async (...asked) => {
          await hot.changeStorageClass!(...asked)
          throw noAnswer('timeout')
        },
      })
      expect(await finish(await plan())).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'archived' } },
      })
      const { identity } = await hot.head('data', 'k')
      expect(await world.copies('k')).toMatchObject([{ state: 'complete', isPrimary: true, identity }])
    })

    /** `hot` with an archive that tells no digest of what lies in it, as Azure's does of blocks. */
    function archive(change: Partial<ObjectStore> = {}) {
      const { hot } = world.stores
      const silent = <T extends StoredObject>(found: T): T => ({ ...found, digests: {} })
      const reads: string[] = []
      world.stores.hot = changed(hot, {
        capabilities: { ...hot.capabilities, archiveClasses: ['STANDARD_IA'] },
        head: async (...asked) => silent(await hot.head(...asked)),
        get: async (container, key, options) => {
          const { storageClass } = await hot.head(container, key)
          if (storageClass === 'STANDARD_IA') throw noAnswer('archived')
          reads.push(key)
          return silent(await hot.get(container, key, options))
        },
        ...change,
      })
      return reads
    }

    it('proves a copy before it goes into an archive, and accepts it there by length and class', async () => {
      await newWorld()
      const reads = archive()
      expect(await finish(await plan())).toMatchObject({
        state: 'done',
        evidence: { provenBefore: 'read-back', verifiedBy: 'read-back' },
      })
      expect(reads).toEqual(['k'])
      const { identity } = await world.stores.hot.head('data', 'k')
      expect(await world.copies('k')).toMatchObject([{ state: 'complete', isPrimary: true, identity }])
    })

    it('accepts what an archive did although its answer was lost', async () => {
      await newWorld()
      const { hot } = world.stores
      const reads = archive({
        changeStorageClass: async (...asked) => {
          await hot.changeStorageClass!(...asked)
          throw noAnswer('timeout')
        },
      })
      expect(await finish(await plan())).toMatchObject({ state: 'done' })
      expect(reads).toEqual(['k'])
    })

    it('puts nothing into an archive that is not what the catalog says', async () => {
      world = await createMovingWorld()
      await world.addObject('k', OTHER_BYTES, { sha256: SHA256 })
      const before = await world.copies('k')
      const reads = archive()
      expect(await finish(await plan())).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'source-sha256' } },
      })
      expect(reads).toEqual(['k', 'k'])
      expect((await world.stores.hot.head('data', 'k')).storageClass).toBeNull()
      expect(await world.copies('k')).toEqual(before)
    })

    it('puts nothing into an archive that cannot be read before, and ends with the reason', async () => {
      await newWorld()
      archive({
        get: async () => {
          throw new StoreError({
            kind: 'unexpected',
            retry: 'yes',
            store: 'hot-store',
            operation: 'get',
            message: 'an input/output error',
          })
        },
      })
      expect(await finish(await plan())).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'unexpected', message: 'an input/output error' } },
      })
      expect((await world.stores.hot.head('data', 'k')).storageClass).toBeNull()
    })

    it('can be read while its outcome is not known', async () => {
      await newWorld()
      const id = await plan()
      const { hot } = world.stores
      const attempt = world.work({
        atBoundary: boundary => {
          if (boundary === 'published') throw new Error('the worker dies here')
        },
      })
      await attempt
      expect((await world.migration(id)).state).toBe('copying')
      const readable = await listReadableCopies(world.test.database, world.objectId('k'), 1)
      expect(readable).toMatchObject([{ identity: { etag: null } }])
      expect((await hot.head('data', 'k')).storageClass).toBe('STANDARD_IA')
      expect(await finish(id)).toMatchObject({ state: 'done' })
    })

    /** `hot` as a store that keeps versions: a change of class makes one, and the former one stays. */
    async function keepVersions(refuse?: 'access-denied' | 'unreachable') {
      const { hot } = world.stores
      await world.test.database.query('update copy set version_id = etag')
      const named = <T extends StoredObject>(found: T): T => ({
        ...found,
        identity: { ...found.identity, versionId: found.identity.etag },
      })
      const former = new Set<string>()
      const asked: unknown[] = []
      let refusals = 2
      world.stores.hot = changed(hot, {
        capabilities: { ...hot.capabilities, versions: true },
        head: async (...given) => named(await hot.head(...given)),
        get: async (...given) => named(await hot.get(...given)),
        changeStorageClass: async (...given) => {
          former.add((await hot.head('data', 'k')).identity.etag!)
          return named(await hot.changeStorageClass!(...given))
        },
        delete: async (_container, _key, options) => {
          asked.push([options?.onlyIf?.versionId, options?.isFormer])
          if (refuse === 'access-denied' || (refuse === 'unreachable' && refusals-- > 0))
            throw new StoreError({
              kind: refuse,
              retry: 'yes',
              store: hot.name,
              operation: 'delete',
              message: 'no',
            })
          former.delete(options!.onlyIf!.versionId!)
        },
      })
      return { asked, former }
    }

    it('deletes the former version, where the store keeps it, once the new one is proven', async () => {
      await newWorld()
      const { asked, former } = await keepVersions()
      const { versionId } = (await copyIn('hot'))!.identity
      expect(await finish(await plan())).toMatchObject({
        state: 'done',
        evidence: { formerVersion: 'deleted' },
      })
      expect(asked).toEqual([[versionId, true]])
      expect([...former]).toEqual([])
      expect(await stored('hot')).toEqual(BYTES)
    })

    it('tries again to delete the former version while its store does not answer', async () => {
      await newWorld()
      const { former } = await keepVersions('unreachable')
      expect(await finish(await plan())).toMatchObject({
        state: 'done',
        evidence: { formerVersion: 'deleted' },
      })
      expect([...former]).toEqual([])
    })

    it('is done, and says so, where the store does not let the former version go', async () => {
      await newWorld()
      const { asked } = await keepVersions('access-denied')
      expect(await finish(await plan())).toMatchObject({
        state: 'done',
        evidence: { formerVersion: 'kept: no' },
      })
      expect(asked).toHaveLength(1)
    })

    it('keeps the former version where the new one holds other bytes', async () => {
      await newWorld()
      const { asked } = await keepVersions()
      const { hot } = world.stores
      world.stores.hot = changed(hot, {
        head: async (...given) => {
          const found = await hot.head(...given)
          const isChanged = found.storageClass === 'STANDARD_IA'
          return isChanged ? { ...found, digests: { sha256: 'f'.repeat(64) } } : found
        },
      })
      const end = await finish(await plan())
      expect(end).toMatchObject({ state: 'quarantined', evidence: { error: { kind: 'target-sha256' } } })
      expect(end.evidence.formerIdentity?.versionId).toBeTruthy()
      expect(asked).toEqual([])
    })

    it('ends after its last try, although that failed of a store that did not answer', async () => {
      await newWorld()
      const { hot } = world.stores
      world.stores.hot = changed(hot, { changeStorageClass: () => Promise.reject(noAnswer('unexpected')) })
      const id = await plan({ attemptsMax: 1 })
      await world.work()
      world.stores.hot = changed(hot, { head: () => Promise.reject(noAnswer('timeout')) })
      await world.letTimePass()
      await world.work()
      world.stores.hot = hot
      expect(await finish(id)).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'timeout' } },
      })
      expect(await world.read('k')).toEqual(BYTES)
    })

    it.each([
      ['described by whoever wrote them', DESCRIPTION],
      ['described by nobody', {}],
    ])(
      'leaves no bytes, %s, of an object deleted before the change was written down',
      async (_, metadata) => {
        world = await createMovingWorld()
        await world.addObject('k', BYTES, { sha256: SHA256, facts: { metadata } })
        const { hot } = world.stores
        const id = await plan()
        await world.work({
          atBoundary: boundary => {
            if (boundary === 'published') throw new Error('killed')
          },
        })
        await world.test.database.query(`update copy set state = 'deleting', is_primary = false`)
        await world.test.database.query('update object set is_present = false, generation = generation + 1')
        // Before and after the migration has learned of it.
        await world.sweep()
        expect(await finish(id)).toMatchObject({ state: 'aborted' })
        expect(await world.copies('k')).toEqual([])
        expect((await hot.list('data')).objects).toEqual([])
      },
    )

    it('is seen through although the object was placed anew before its answer was missed', async () => {
      await newWorld()
      const { hot } = world.stores
      world.stores.hot = changed(hot, {
        changeStorageClass: async (...asked) => {
          await hot.changeStorageClass!(...asked)
          throw noAnswer('timeout')
        },
      })
      const id = await plan()
      await world.work()
      await world.test.database.query('update object set placement_version = placement_version + 1')
      expect(await finish(id)).toMatchObject({ state: 'done' })
      expect((await copyIn('infrequent'))!.identity).toEqual((await hot.head('data', 'k')).identity)
      expect(await world.read('k')).toEqual(BYTES)
    })

    it('calls no copy bad because its store showed the past once', async () => {
      await newWorld()
      const { hot } = world.stores
      const former = await hot.head('data', 'k')
      let isChanged = false
      let looksLeft = 1
      world.stores.hot = changed(hot, {
        changeStorageClass: async (...asked) => {
          isChanged = true
          return hot.changeStorageClass!(...asked)
        },
        head: async (...asked) => (isChanged && looksLeft-- > 0 ? former : hot.head(...asked)),
      })
      expect(await finish(await plan())).toMatchObject({ state: 'done' })
      expect(await copyIn('infrequent')).toMatchObject({ state: 'complete', isPrimary: true })
    })

    it('calls no copy bad because it was read wrong after an answer was lost', async () => {
      await newWorld()
      const { hot } = world.stores
      let lies = 2
      world.stores.hot = changed(
        { ...hot, capabilities: { ...hot.capabilities, reportedDigests: [] } },
        {
          changeStorageClass: async (...asked) => {
            await hot.changeStorageClass!(...asked)
            throw noAnswer('timeout')
          },
          get: async (...asked) => {
            const found = await hot.get(...asked)
            if (lies-- <= 0) return found
            const chunks = (async function* () {
              for await (const chunk of found.body) yield chunk.map(byte => byte ^ 1)
            })()
            return {
              ...found,
              body: {
                [Symbol.asyncIterator]: () => chunks,
                destroy: (error?: Error) => found.body.destroy(error),
              },
            }
          },
        },
      )
      expect(await finish(await plan())).toMatchObject({ state: 'done' })
      expect(await copyIn('infrequent')).toMatchObject({ state: 'complete', isPrimary: true })
    })

    it('leaves no bytes of a deleted object when it lands between the look and the deletion', async () => {
      await newWorld()
      const { hot } = world.stores
      await plan()
      await world.work({
        atBoundary: boundary => {
          if (boundary === 'before-publication') throw new Error('killed')
        },
      })
      const copy = (await copyIn('hot'))!
      await world.test.database.query(`update copy set state = 'deleting', is_primary = false`)
      await world.test.database.query('update object set is_present = false, generation = generation + 1')
      let deletions = 0
      world.stores.hot = changed(hot, {
        delete: async (...asked) => {
          const onlyIf = copy.identity
          if (deletions++ === 0) await hot.changeStorageClass!('data', 'k', 'STANDARD_IA', { onlyIf })
          return hot.delete(...asked)
        },
      })
      await world.sweep()
      expect(deletions).toBe(2)
      expect((await hot.list('data')).objects).toEqual([])
    })

    it('does not take for its own work what others did', async () => {
      await newWorld()
      const id = await plan()
      await world.stores.hot.put('data', 'k', OTHER_BYTES, { size: 5_000 })
      expect(await finish(id)).toMatchObject({
        state: 'aborted',
        evidence: { error: { kind: 'source-other' } },
      })
      expect(await stored('hot')).toEqual(OTHER_BYTES)
    })

    it('reads content first that nobody has a digest of', async () => {
      world = await createMovingWorld()
      await world.addObject('k', BYTES)
      expect(await finish(await plan({ verify: 'read-back' }))).toMatchObject({
        state: 'done',
        evidence: { sha256: SHA256, verifiedBy: 'read-back' },
      })
    })
  })

  describe('repairing a copy', () => {
    async function breakCold(bytes: Buffer | null) {
      await addCopy()
      if (bytes === null) await world.stores.cold.delete('data', 'k')
      else await world.stores.cold.put('data', 'k', bytes, { size: bytes.byteLength })
      await world.test.database.query(
        `update copy set state = 'suspect' where object_id = $1 and location_id = $2`,
        [world.objectId('k'), world.locationIds.cold],
      )
    }

    it.each([
      ['other bytes', OTHER_BYTES],
      ['nothing', null],
    ])('puts the right bytes where %s lay', async (_name, bytes) => {
      await newWorld()
      await breakCold(bytes)
      const id = await world.plan('k', { kind: 'repair', priority: 100 })
      expect(await finish(id)).toMatchObject({ state: 'done' })
      expect(await stored('cold')).toEqual(BYTES)
      expect(await world.copies('k')).toMatchObject([{ state: 'complete' }, { state: 'complete' }])
    })

    it('replaces nothing before the source proved good', async () => {
      await newWorld()
      await breakCold(OTHER_BYTES)
      const { hot } = world.stores
      world.stores.hot = changed(hot, {
        get: async (...asked) => {
          const found = await hot.get(...asked)
          found.body.destroy()
          const { Readable } = await import('node:stream')
          return { ...found, body: Readable.from([sampleOf(5_000, 'c')]) }
        },
      })
      const id = await world.plan('k', { kind: 'repair' })
      expect(await finish(id)).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'source-sha256' } },
      })
      expect(await stored('cold')).toEqual(OTHER_BYTES)
    })

    it('leaves alone what others wrote in a shared bucket', async () => {
      await newWorld({ mode: 'shared' })
      await breakCold(OTHER_BYTES)
      const id = await world.plan('k', { kind: 'repair', targetCopyId: newId() })
      expect(await finish(id)).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'target-occupied' } },
      })
      expect(await stored('cold')).toEqual(OTHER_BYTES)
    })
  })
})
