import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { doubtCopy } from '../database/catalog/copies.ts'
import { faultyStore } from '../stores/wrappers/faulty-store.ts'

describe('a source whose new primary gave a reader wrong bytes in grace', () => {
  let world: MovingWorld
  let id: string
  let isRotten: boolean
  let reads: number

  beforeEach(async () => {
    world = await createMovingWorld()
    await world.addObject('k', sampleOf(100))
    id = await world.plan('k')
    const rotten = faultyStore(world.stores.cold, {
      rules: [{ fault: 'flips', on: ['get'] }],
      random: () => 0.5,
      isActive: () => isRotten,
    })
    reads = 0
    world.stores.cold = {
      ...rotten,
      get: (...asked) => {
        reads++
        return rotten.get(...asked)
      },
    }
    isRotten = false
    await world.work()
    expect((await world.migration(id)).state).toBe('grace')
    reads = 0
    world.endGrace()
  })
  afterEach(() => world.dispose())

  async function doubt() {
    const primary = (await world.copies('k')).find(copy => copy.isPrimary)!
    await doubtCopy(world.test.database, world.objectId('k'), primary.id)
  }
  async function workOn() {
    for (let times = 0; times < 4; times++) {
      await world.letTimePass()
      await world.work()
    }
  }
  const isAtSource = () =>
    world.stores.hot.head('data', 'k').then(
      () => true,
      () => false,
    )

  it('is deleted without another read when nobody doubts it', async () => {
    await workOn()
    expect((await world.migration(id)).state).toBe('done')
    expect(reads).toBe(0)
  })

  it('is deleted when the primary is read once more and right', async () => {
    await doubt()
    await workOn()
    expect((await world.migration(id)).state).toBe('done')
    expect(reads).toBe(1)
    expect(await isAtSource()).toBe(false)
  })

  it('becomes the primary one again when it is not', async () => {
    isRotten = true
    await doubt()
    await workOn()
    expect((await world.migration(id)).state).toBe('quarantined')
    expect(await isAtSource()).toBe(true)
    const copies = await world.copies('k')
    expect(copies.find(copy => copy.isPrimary)?.locationId).toBe(world.locationIds.hot)
    expect(await world.read('k')).toEqual(sampleOf(100))
  })
})

describe.each(['reports digests', 'reports none'])(
  'a copy that is dropped while the one that stays gives readers wrong bytes, in a store that %s',
  reports => {
    let world: MovingWorld
    let id: string
    let isRotten: boolean

    beforeEach(async () => {
      world = await createMovingWorld()
      const bytes = sampleOf(100)
      await world.addObject('k', bytes, { sha256: createHash('sha256').update(bytes).digest('hex') })
      await world.plan('k', { kind: 'add-copy' })
      await world.work()
      isRotten = false
      const rotten = faultyStore(world.stores.cold, {
        rules: [{ fault: 'flips', on: ['get'] }],
        random: () => 0.5,
        isActive: () => isRotten,
      })
      const { capabilities } = rotten
      const reportedDigests = reports === 'reports none' ? [] : capabilities.reportedDigests
      world.stores.cold = { ...rotten, capabilities: { ...capabilities, reportedDigests } }
      const [drops, keeps] = await Promise.all([copyIn('hot'), copyIn('cold')])
      id = await world.plan('k', {
        kind: 'drop-copy',
        sourceCopyId: drops.id,
        targetCopyId: keeps.id,
        targetLocationId: keeps.locationId,
      })
    })
    afterEach(() => world.dispose())

    const copyIn = async (tier: 'hot' | 'cold') =>
      (await world.copies('k')).find(copy => copy.locationId === world.locationIds[tier])!
    const doubt = async () => doubtCopy(world.test.database, world.objectId('k'), (await copyIn('cold')).id)
    async function workOn() {
      for (let times = 0; times < 4; times++) {
        await world.work()
        world.endGrace()
        await world.letTimePass()
      }
    }

    it('stays when that happens after the proof', async () => {
      await world.work()
      expect((await world.migration(id)).state).toBe('grace')
      isRotten = true
      await doubt()
      world.endGrace()
      await workOn()
      expect((await world.migration(id)).state).toBe('rolled-back')
      expect(await copyIn('hot')).toMatchObject({ state: 'complete' })
      expect((await world.stores.hot.head('data', 'k')).size).toBe(100)
    })

    it('stays when that happened before, and the other one is still wrong', async () => {
      isRotten = true
      await doubt()
      await workOn()
      expect((await world.migration(id)).state).toBe('aborted')
      expect(await copyIn('hot')).toMatchObject({ state: 'complete', isPrimary: true })
    })

    it('goes when the other one was read since and is right', async () => {
      await doubt()
      await workOn()
      expect((await world.migration(id)).state).toBe('done')
      expect(await copyIn('hot')).toBeUndefined()
      expect(await world.read('k')).toEqual(sampleOf(100))
    })
  },
)
