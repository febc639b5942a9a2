import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import { type Connection, inTransaction } from '../postgres.ts'
import { insertMultipartUpload } from '../writes/multipart-uploads.ts'
import { saveWriteIntent } from '../writes/write-intents.ts'
import { holdStoreForMove, listWorkAt } from './store-moves.ts'
import { findStoreByName, updateStore } from './stores.ts'

const WAITING = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

describe('a store whose address changes while somebody begins to write there', () => {
  let world: MovingWorld
  let location: { id: Uuid; name: string }
  beforeEach(async () => {
    world = await createMovingWorld()
    const { rows } = await world.test.database.query<{ id: Uuid; name: string }>(
      'select id, name from location where id = $1',
      [world.locationIds.cold],
    )
    location = rows[0]!
    await world.addObject('k', sampleOf(10))
  })
  afterEach(() => world.dispose())

  async function move(connection: Connection): Promise<void> {
    const { id, revision, settings } = (await findStoreByName(connection, 'cold-store'))!
    await holdStoreForMove(connection, id)
    expect(await listWorkAt(connection, location)).toEqual([])
    const change = { settings, isMoved: true }
    expect(await updateStore(connection, { id, revision }, change, 'user:test')).not.toBeNull()
  }

  /** What comes of something that is begun before the change is committed, and waits for it. */
  async function duringMove<T>(begin: () => Promise<T>): Promise<T> {
    const { outcome } = await inTransaction(world.test.database, async connection => {
      await move(connection)
      const begun = begin()
      await expect
        .poll(async () => (await world.test.database.query(WAITING)).rowCount, { timeout: 10_000 })
        .toBeGreaterThan(0)
      return { outcome: begun }
    })
    return outcome
  }

  const write = () =>
    saveWriteIntent(
      world.test.database,
      {
        id: newId(),
        objectId: world.objectId('new'),
        bucketId: world.bucketId,
        key: 'new',
        copyId: newId(),
        locationId: location.id,
        nativeKey: 'new',
        version: null,
        nativeUploadId: null,
        baseGeneration: null,
        principal: 'user:test',
      },
      newId(),
    )
  const upload = () =>
    insertMultipartUpload(world.test.database, {
      id: newId(),
      bucketId: world.bucketId,
      key: 'new',
      objectId: world.objectId('new'),
      locationId: location.id,
      nativeKey: 'new',
      nativeUploadId: 'n',
      headers: {},
      metadata: {},
      tags: {},
      checksumAlgorithm: null,
      checksumType: null,
      principal: 'user:test',
    })
  const letSettle = () =>
    world.test.database.query(`update store set moved_at = moved_at - interval '1 minute'`)

  it.each([
    ['write', write],
    ['upload', upload],
  ])('gets no %s until every process knows the new address', async (_, begin) => {
    expect(await duringMove(begin)).toBe(false)
    expect(await begin()).toBe(false)
    await letSettle()
    expect(await begin()).toBe(true)
  })

  it('gets a migration that begins once every process knows the new address', async () => {
    const id = await duringMove(() => world.plan('k'))
    await world.work()
    expect((await world.migration(id)).state).toBe('planned')
    await world.letTimePass()
    await world.work()
    expect((await world.migration(id)).state).not.toBe('planned')
  })

  it.each([
    ['writes', write],
    ['uploads', upload],
    ['migrations', () => world.plan('k')],
  ])('stays where it is while there are %s', async (kind, begin) => {
    await begin()
    expect(await listWorkAt(world.test.database, location)).toMatchObject([{ kind, count: 1 }])
  })
})
