import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { aPolicy } from '../../../test/builders/placement.ts'
import { createSourceFactsKeeper } from '../../database/catalog/source-facts.ts'
import { insertPolicy } from '../../database/placement/policies.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import { DAY } from '../../domain/duration.ts'
import { newId } from '../../domain/identifiers.ts'
import { createFilesystemStore } from '../../stores/filesystem/filesystem-store.ts'
import type { ObjectStore, PutFacts } from '../../stores/object-store.ts'

const BYTES = sampleOf(1_000)
const FACTS = {
  headers: { contentType: 'text/plain; charset=utf-8', cacheControl: 'no-cache' },
  metadata: { colour: 'blau', 'in-words': 'ja ☃' },
  tags: { project: 'alpha', cost: '12' },
}

describe('what travels with the bytes of a move', () => {
  let world: MovingWorld
  beforeEach(() => open())
  afterEach(() => world.dispose())

  async function open(mode: BucketMode = 'exclusive') {
    await world?.dispose().catch(() => undefined)
    world = await createMovingWorld({ mode })
  }

  /** An object as an import enters it: listed, its facts never read. */
  async function addListed(key: string, facts: PutFacts) {
    await world.addObject(key, BYTES)
    const { identity } = await world.stores.hot.put('data', key, BYTES, { size: BYTES.length, ...facts })
    const { database } = world.test
    const values = [world.objectId(key), identity.etag, identity.versionId]
    await database.query('update copy set etag = $2, version_id = $3 where object_id = $1', values)
    await database.query(`update object_version set metadata = '{}' where object_id = $1`, [values[0]])
  }
  const work = () => world.work({ keepFacts: createSourceFactsKeeper(world.test.database) })
  const factsInCatalog = async () => {
    const { rows } = await world.test.database.query('select headers, metadata, tags from object_version')
    return rows[0]
  }
  const atTarget = () => world.stores.cold.head('data', 'k', { withTags: true })

  it('of one object that the catalog cannot hold keep no other one from moving', async () => {
    await open('exclusive')
    const keys = ['a', 'b', 'c']
    const ids: string[] = []
    for (const key of keys) {
      await addListed(key, { metadata: { colour: key === 'b' ? 'blue\0' : 'blue' } })
      ids.push(await world.plan(key))
    }
    await work()
    const states = await Promise.all(ids.map(async id => (await world.migration(id)).state))
    expect(states).toEqual(['grace', 'copying', 'grace'])
  })

  it('are the facts of the source when the object was only listed, and the catalog learns them', async () => {
    await addListed('k', FACTS)
    const id = await world.plan('k')
    await work()
    expect((await world.migration(id)).state).toBe('grace')
    const { headers, metadata, tags } = await atTarget()
    expect(headers).toMatchObject(FACTS.headers)
    expect(metadata).toMatchObject(FACTS.metadata)
    expect(tags).toEqual(FACTS.tags)
    expect(await factsInCatalog()).toEqual(FACTS)
  })

  it('are the tags that others gave it where others write', async () => {
    await open('shared')
    await addListed('k', FACTS)
    await world.test.database.query(`update object_version set headers = '{"contentType": "a/b"}'`)
    await world.plan('k')
    await work()
    expect(await atTarget()).toMatchObject({ headers: { contentType: 'a/b' }, tags: FACTS.tags })
  })

  it('cost no look where only we write and everything is known', async () => {
    await world.addObject('k', BYTES)
    const real = world.stores.hot
    let looks = 0
    world.stores.hot = {
      ...real,
      capabilities: { ...real.capabilities, objectLock: false },
      head: (...args) => {
        if (args[2]?.withTags !== undefined) looks++
        return real.head(...args)
      },
    }
    await world.plan('k')
    await work()
    expect(looks).toBe(0)
  })

  it.each([
    ['a legal hold', { retention: null, legalHold: true }, true],
    [
      'a retention',
      { retention: { mode: 'compliance', until: Date.now() + DAY } as const, legalHold: false },
      true,
    ],
    ['no lock', undefined, false],
  ])('with %s: a move is refused before anything is written', async (_, lock, isRefused) => {
    await addListed('k', lock === undefined ? FACTS : { ...FACTS, lock })
    const id = await world.plan('k')
    await work()
    const { state, evidence } = await world.migration(id)
    expect(state).toBe(isRefused ? 'quarantined' : 'grace')
    expect(evidence.error?.kind).toBe(isRefused ? 'locked' : undefined)
    const there = await world.stores.cold.list('data').then(
      page => page.objects.length,
      () => 0,
    )
    expect(there).toBe(isRefused ? 0 : 1)
  })

  describe('to where encryption is required', () => {
    const planned = (key: string) => world.plan(key, { encryptionRequired: true })

    it('is asked for and proven by what the store says of the copy', async () => {
      await world.addObject('k', BYTES)
      const id = await planned('k')
      await work()
      expect((await world.migration(id)).state).toBe('grace')
      expect((await atTarget()).encryption).toEqual({ kind: 'store' })
    })

    it('is refused before anything is written where the store does not encrypt', async () => {
      await world.addObject('k', BYTES)
      const root = await mkdtemp(path.join(tmpdir(), 'dim-plain-'))
      world.stores.cold = createFilesystemStore({
        name: 'cold-store',
        settings: { root, durability: 'none' },
      })
      const id = await planned('k')
      await work()
      expect(await world.migration(id)).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'not-encrypted' } },
      })
      expect(await readdir(path.join(root, 'data')).catch(() => [])).toEqual([])
      await rm(root, { recursive: true, force: true })
    })

    describe.each([
      ['queued', null],
      ['about to read its source', 'target-intended'],
      ['about to publish', 'before-publication'],
      ['about to be verified', 'copied'],
    ])('though only since the move is %s', (_name, moment) => {
      async function moveWhenRequired(encryption: 'none' | 'on-request') {
        await world.addObject('k', BYTES)
        const real = world.stores.cold
        world.stores.cold = { ...real, capabilities: { ...real.capabilities, encryption } }
        const id = await world.plan('k')
        let isRequired = moment === null
        if (isRequired) await require()
        const atBoundary = async (boundary: string) => {
          if (boundary !== moment || isRequired) return
          isRequired = true
          await require()
        }
        for (let round = 0; round < 8; round++) {
          await world.work({ atBoundary, verification: 'read-back' })
          const { state } = await world.migration(id)
          if (state === 'grace' || state === 'quarantined') break
          await world.letTimePass()
        }
        return world.migration(id)
      }

      async function require() {
        const id = newId()
        const spec = aPolicy({ encryption: 'required' })
        await insertPolicy(world.test.database, { id, spec, principal: 'user:test' })
        await world.test.database.query('update bucket set policy_id = $1', [id])
      }

      it('is refused where the store does not encrypt', async () => {
        expect(await moveWhenRequired('none')).toMatchObject({
          state: 'quarantined',
          evidence: { error: { kind: 'not-encrypted' } },
        })
        await world.sweep()
        expect(await world.copies('k')).toMatchObject([
          { locationId: world.locationIds.hot, isPrimary: true },
        ])
        expect(await world.read('k')).toEqual(BYTES)
      })

      it('is asked for where the store encrypts on request', async () => {
        expect(await moveWhenRequired('on-request')).toMatchObject({ state: 'grace' })
        expect((await atTarget()).encryption).toEqual({ kind: 'store' })
      })
    })

    it('never switches to a copy whose store says nothing of it', async () => {
      await world.addObject('k', BYTES)
      const real = world.stores.cold
      const head: ObjectStore['head'] = async (...args) => ({
        ...(await real.head(...args)),
        encryption: null,
      })
      world.stores.cold = { ...real, head }
      const id = await planned('k')
      for (let round = 0; round < 8 && (await world.migration(id)).finishedAt === null; round++) {
        await work()
        await world.letTimePass()
      }
      expect(await world.migration(id)).toMatchObject({
        state: 'quarantined',
        evidence: { error: { kind: 'not-encrypted' } },
      })
      expect(await world.read('k')).toEqual(BYTES)
    })
  })
})
