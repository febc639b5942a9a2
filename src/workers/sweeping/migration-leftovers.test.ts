import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { cancelMigration, retryMigration } from '../../database/migrations/migration-commands.ts'
import { inTransaction } from '../../database/postgres.ts'
import { commitGeneration, retireFormerCopies } from '../../database/writes/object-publication.ts'
import { MIB } from '../../domain/bytes.ts'
import { wallClock } from '../../domain/clock.ts'
import { MINUTE } from '../../domain/duration.ts'
import { newId } from '../../domain/identifiers.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { createLostUploadAborter } from './abort-lost-uploads.ts'

const BYTES = sampleOf(1_000)

describe('what a migration leaves at its target', () => {
  let world: MovingWorld
  beforeEach(async () => {
    world = await createMovingWorld()
    await world.addObject('k', BYTES)
  })
  afterEach(() => world.dispose())

  const dieWhen = (boundary: string) => (reached: string) => {
    if (reached === boundary) throw new Error('killed')
  }
  const by = (id: string) => ({ id, principal: 'user:alice' as const })
  const cancel = async (id: string) => {
    const permittedIn = ['planned', 'copying', 'copied', 'verifying', 'verified'] as const
    await cancelMigration(world.test.database, { ...by(id), permittedIn })
    await world.letTimePass()
    await world.work()
  }
  const retry = async (id: string) =>
    (await retryMigration(world.test.database, { ...by(id), permittedIn: ['aborted', 'quarantined'] })).kind
  const cold = async () => (await world.stores.cold.list('data')).objects.map(({ key }) => key)

  async function finish(id: string) {
    for (let round = 0; round < 12 && (await world.migration(id)).finishedAt === null; round++) {
      await world.work()
      world.endGrace()
      await world.letTimePass()
      await world.sweep()
    }
    return (await world.migration(id)).state
  }

  it('is removed before a retry begins, so that nothing is orphaned', async () => {
    const id = await world.plan('k')
    await world.work({ atBoundary: dieWhen('published') })
    await world.letTimePass()
    await cancel(id)
    expect(await retry(id)).toBe('cleaning-up')
    await world.sweep()
    expect(await cold()).toEqual([])
    expect(await retry(id)).toBe('done')
    expect(await finish(id)).toBe('done')
    expect(await world.read('k')).toEqual(BYTES)
  })

  it('is removed also when a retry gave it up', async () => {
    const id = await world.plan('k')
    await world.work({ atBoundary: dieWhen('published') })
    await world.letTimePass()
    // As releases did that let a retry begin at once.
    await world.test.database.query('update migration set target_copy_id = $1', [newId()])
    await cancel(id)
    await world.sweep()
    expect(await cold()).toEqual([])
    expect(await world.copies('k')).toHaveLength(1)
    expect(await finish(await world.plan('k'))).toBe('done')
  })

  it('is removed when it was published again and its worker died before it wrote the identity down', async () => {
    const real = world.stores.cold
    let flips = 1
    const put: ObjectStore['put'] = (container, key, body, options) => {
      if (flips-- <= 0) return real.put(container, key, body, options)
      const wrong = Buffer.from(body as Uint8Array)
      wrong[0]! ^= 1
      const { digests: _, ...rest } = options
      return real.put(container, key, wrong, rest)
    }
    world.stores.cold = { ...real, capabilities: { ...real.capabilities, reportedDigests: [] }, put }
    const id = await world.plan('k')
    await world.work()
    expect(await world.migration(id)).toMatchObject({ state: 'copying', attempt: 1 })
    await world.letTimePass()
    await world.work({ atBoundary: dieWhen('published') })
    await world.letTimePass()
    await cancel(id)
    await world.sweep()
    expect(await cold()).toEqual([])
    expect(await world.copies('k')).toHaveLength(1)
    expect(await finish(await world.plan('k'))).toBe('done')
  })

  it('is removed while the next migration to the same place has not published yet', async () => {
    expect(await finish(await world.plan('k'))).toBe('done')
    await overwrite()
    const id = await world.plan('k')
    const atBoundary = async (boundary: string) => {
      if (boundary === 'source-read') await world.sweep()
    }
    await world.work({ atBoundary })
    expect(await finish(id)).toBe('done')
    expect((await world.copies('k')).map(copy => [copy.state, copy.locationId])).toEqual([
      ['complete', world.locationIds.cold],
    ])
    expect(await cold()).toEqual(['k'])
  })

  it('is found later when a worker died before it knew the id of its upload', async () => {
    await world.addObject('large', sampleOf(9 * MIB))
    const { multipart } = world.stores.cold
    const uploads = async () => (await multipart!.list!('data', 'large')).length
    const id = await world.plan('large')
    await world.work({ atBoundary: dieWhen('upload-begun') })
    await world.letTimePass()
    await cancel(id)
    await world.sweep()
    expect(await uploads()).toBe(1)
    await createLostUploadAborter({
      database: world.test.database,
      openStore: world.parts.openStore,
      wallClock,
      log: silentLogger,
      ageMs: -MINUTE,
    }).step(new AbortController().signal)
    expect(await uploads()).toBe(0)
  })

  it('leaves no note of uploads whose id is known', async () => {
    await world.addObject('large', sampleOf(9 * MIB))
    expect(await finish(await world.plan('large'))).toBe('done')
    expect((await world.test.database.query('select from upload_start')).rowCount).toBe(0)
  })

  it.each(['suspect', 'retained'])(
    'is removed from the place of a %s copy whose bytes are gone',
    async left => {
      await world.test.database.query(
        `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       values ($1, $2, 1, $3, $4, false, 'gone', $5, 0, 'user:test')`,
        [world.objectId('k'), newId(), world.locationIds.cold, left, BYTES.byteLength],
      )
      const id = await world.plan('k')
      await world.work({ atBoundary: dieWhen('published') })
      await world.letTimePass()
      await cancel(id)
      await world.sweep()
      expect(await cold()).toEqual([])
      expect((await world.copies('k')).map(copy => copy.state).sort()).toEqual(['complete', left])
    },
  )

  it('is not in the way of the next copy there, when it was kept after its upload was aborted', async () => {
    const former = await world.plan('k')
    await world.work({ atBoundary: dieWhen('published') })
    await world.letTimePass()
    await cancel(former)
    await world.test.database.query(
      `update migration set evidence = evidence || '{"uploadId": "aborted"}' where id = $1`,
      [former],
    )
    await world.test.database.query(`update copy set state = 'suspect' where state = 'deleting'`)
    await world.stores.cold.delete('data', 'k')
    expect(await finish(await world.plan('k'))).toBe('done')
    expect((await world.copies('k')).map(copy => copy.state)).toEqual(['complete'])
  })

  it('stays known until its migration has ended, though a client wrote to its place before it noted an upload', async () => {
    expect(await finish(await world.plan('k'))).toBe('done')
    const id = await world.plan('k', { targetLocationId: world.locationIds.hot })
    const states = async () => (await world.copies('k')).map(copy => copy.state).sort()
    const atBoundary = async (boundary: string) => {
      if (boundary !== 'target-intended') return
      await overwrite()
      expect(await states()).toEqual(['complete', 'deleting', 'staging'])
    }
    await world.work({ atBoundary })
    expect(await finish(id)).toBe('aborted')
    await world.sweep()
    expect(await states()).toEqual(['complete'])
  })

  it('stays where a suspect copy is that it may be', async () => {
    const id = await world.plan('k')
    await world.work({ atBoundary: dieWhen('published') })
    const { identity } = await world.stores.cold.head('data', 'k')
    await world.test.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'suspect', false, $4, $5, 0, 'user:test')`,
      [world.objectId('k'), newId(), world.locationIds.cold, identity.etag, BYTES.byteLength],
    )
    await world.letTimePass()
    await cancel(id)
    await world.sweep()
    expect(await cold()).toEqual(['k'])
    expect((await world.copies('k')).map(copy => copy.state).sort()).toEqual(['complete', 'suspect'])
  })

  it('stays known when its bytes say that they are of this content and nobody knows who wrote them', async () => {
    await world.plan('k')
    await world.work()
    const { metadata } = await world.stores.cold.head('data', 'k')
    await world.test.database.query(
      `update copy set state = 'deleting', is_primary = false, migration_id = null where location_id = $1`,
      [world.locationIds.cold],
    )
    await world.test.database.query(
      `update copy set state = 'complete', is_primary = true, grace_until_ms = null where location_id = $1`,
      [world.locationIds.hot],
    )
    await world.stores.cold.put('data', 'k', BYTES, { size: BYTES.byteLength, metadata })
    await world.sweep()
    expect(await cold()).toEqual(['k'])
    expect((await world.copies('k')).map(copy => copy.state).sort()).toEqual(['complete', 'suspect'])
  })

  /** A client's new content, written to the hot store as a gateway does. */
  async function overwrite() {
    const bytes = sampleOf(BYTES.byteLength, 'b')
    const { identity } = await world.stores.hot.put('data', 'k', bytes, { size: bytes.byteLength })
    const publication = {
      objectId: world.objectId('k'),
      bucketId: world.bucketId,
      key: 'k',
      generation: 2,
      version: {
        size: bytes.byteLength,
        etag: 'second',
        headers: {},
        metadata: {},
        tags: {},
        partLayout: null,
        sha256: null,
        sha256Source: null,
        crc64nvme: null,
        lastModified: Date.now(),
      },
      copyId: newId(),
      locationId: world.locationIds.hot,
      nativeKey: 'k',
      identity,
      enteredMs: 0,
      principal: 'user:alice' as const,
    }
    await inTransaction(world.test.database, async connection => {
      await retireFormerCopies(connection, publication)
      await commitGeneration(connection, publication, null)
    })
  }
})
