import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../test/builders/api.ts'
import { seedObjects } from '../../test/builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { newId } from '../domain/identifiers.ts'
import { createFilesystemStore } from '../stores/filesystem/filesystem-store.ts'

let test: TestDatabase
let api: TestApi
let disk: string
let storeId: string
let locationId: string

/** Which folder of the disk a store shows to whoever has credentials. */
let folderOf = () => 'one'

const open = (name: string, root: string) =>
  createFilesystemStore({ name, settings: { root, durability: 'none' } })

beforeEach(async () => {
  folderOf = () => 'one'
  test = await createTestDatabase()
  disk = await mkdtemp(path.join(tmpdir(), 'dim-relocation-'))
  await mkdir(path.join(disk, 'one'))
  await mkdir(path.join(disk, 'two'))
  api = await startTestApi(test.database, {
    stores: {
      checkSettings: () => [],
      learn: () => Promise.reject(new Error('not asked')),
      open(store, credentials) {
        const root = String(store.settings.root)
        return open(store.name, credentials === null ? root : path.join(path.dirname(root), folderOf()))
      },
    },
  })
  ;({ storeId, locationId } = await addShelf('one'))
})
afterEach(async () => {
  await api.app.close()
  await test.drop()
  await rm(disk, { recursive: true })
})

/** A store over a folder of the disk, with one location in its folder `shelf`. */
async function addShelf(name: string): Promise<{ storeId: string; locationId: string }> {
  const store = await api.send('POST', '/v1/stores', {
    body: { name, kind: 'filesystem', settings: { root: path.join(disk, name) } },
  })
  const body = { storeId: store.json().id, container: 'shelf', tier: 'hot', priceId: 'p', region: 'r' }
  const location = await api.send('POST', '/v1/locations', {
    body: { ...body, name: `${name}-shelf`, firstByteMsP99: 5 },
  })
  return { storeId: store.json().id, locationId: location.json().id }
}

/** Real bytes in the folder `one/shelf`, and the catalog knows them. */
async function addObjects(count: number): Promise<void> {
  const bucketId = newId()
  const store = open('one', path.join(disk, 'one'))
  for (let index = 0; index < count; index += 1) {
    const key = `key-${index}`
    const { identity } = await store.put('shelf', key, Buffer.from(key), { size: key.length })
    const seeded = { key, size: key.length, locationId, enteredAt: 0, lnHeats: null, reviewAt: null }
    const ids = await seedObjects(test.database, bucketId, [seeded])
    await test.database.query('update copy set etag = $2 where object_id = $1', [ids[0], identity.etag])
  }
  await store.close()
}

async function moveTo(folder: string, revision = 1) {
  return api.send('PATCH', `/v1/stores/${storeId}`, {
    headers: { 'if-match': `"${revision}"` },
    body: { settings: { root: path.join(disk, folder) } },
  })
}

describe('new settings of a store', () => {
  it('are refused when they lead away from the copies, and nothing changes', async () => {
    await addObjects(3)
    const answer = await moveTo('two')
    expect(answer.json()).toMatchObject({ status: 409, code: 'conflict' })
    expect(answer.json().detail).toMatch(
      /^location one-shelf keeps 3 copies, and .*two\/shelf is not where they lie: the store answers, but has no container shelf; leave the address/,
    )
    await mkdir(path.join(disk, 'two', 'shelf'))
    expect((await moveTo('two')).json().detail).toContain('it has not the copies of location one-shelf')
    expect((await api.send('GET', `/v1/stores/${storeId}`)).json()).toMatchObject({
      settings: { root: path.join(disk, 'one') },
      revision: 1,
    })
  })

  it('are refused when they lead to an older copy of the place, which lacks what came last', async () => {
    await addObjects(40)
    await test.database.query(
      `update copy c set entered_ms = 1 from object o where o.id = c.object_id and o.key = 'key-7'`,
    )
    await promisify(execFile)('cp', ['-a', path.join(disk, 'one', 'shelf'), path.join(disk, 'two', 'shelf')])
    await rm(path.join(disk, 'two', 'shelf', 'key-7'))
    expect((await moveTo('two')).json()).toMatchObject({
      status: 409,
      detail: expect.stringMatching(
        /has not the copies of location one-shelf \(1 of \d+ were looked for in vain, for example key-7\)/,
      ),
    })
  })

  it('are refused when nothing there can tell', async () => {
    await addObjects(1)
    await test.database.query(`update copy set state = 'suspect'`)
    expect((await moveTo('two')).json().detail).toContain('none of them is whole')
  })

  it('may name the same place otherwise: its copies are there', async () => {
    await addObjects(12)
    await rename(path.join(disk, 'one'), path.join(disk, 'mounted-elsewhere'))
    expect((await moveTo('mounted-elsewhere')).statusCode).toBe(200)
  })

  it('are refused when they reach a place of another store', async () => {
    await addShelf('two')
    const answer = await moveTo('two')
    expect(answer.json()).toMatchObject({
      code: 'conflict',
      detail: 'this is the same place as location two-shelf of store two: use that one',
    })
  })

  it('are free while nothing lies there, unless something is being written', async () => {
    await test.database.query(
      `insert into multipart_upload (id, bucket_id, key, object_id, location_id, native_key, native_upload_id, principal)
       values ('u', $1, 'k', $1, $2, 'k', 'n', 'user:test')`,
      [newId(), locationId],
    )
    expect((await moveTo('two')).json()).toMatchObject({
      status: 409,
      detail: expect.stringContaining('under way at location one-shelf: uploads; wait'),
    })
    await test.database.query('delete from multipart_upload')
    expect((await moveTo('two')).statusCode).toBe(200)
  })

  it('stop writes for a moment, until every process knows them', async () => {
    const movedAt = async () =>
      (await test.database.query<{ at: Date | null }>('select moved_at as at from store')).rows[0]!.at
    const body = { settings: { root: path.join(disk, 'one'), durability: 'none' } }
    await api.send('PATCH', `/v1/stores/${storeId}`, { headers: { 'if-match': '"1"' }, body })
    expect(await movedAt()).toBeNull()
    expect((await moveTo('two', 2)).statusCode).toBe(200)
    expect(await movedAt()).not.toBeNull()
  })

  it('wait for a write that is under way', async () => {
    await test.database.query(
      `insert into write_intent (id, object_id, bucket_id, key, copy_id, location_id, native_key, version, state, boot_id, principal)
       values ($1, $1, $1, 'k', $1, $2, 'k', '{}', 'open', $1, 'user:test')`,
      [newId(), locationId],
    )
    const answer = moveTo('two')
    const held = `select from pg_locks l join pg_database d on d.oid = l.database
      where d.datname = current_database() and relation = 'store'::regclass and mode = 'RowShareLock' and granted`
    await expect
      .poll(async () => (await test.database.query(held)).rowCount, { timeout: 10_000 })
      .toBeGreaterThan(0)
    await test.database.query('delete from write_intent')
    expect((await answer).statusCode).toBe(200)
  })

  it('are told in the activity by their names', async () => {
    await moveTo('two')
    const { items } = (await api.send('GET', '/v1/activity')).json()
    expect(items[0]).toMatchObject({ kind: 'store.changed', detail: { settings: ['root'] } })
  })

  it('that lead nowhere else are not checked, so that a store that is away can be paused', async () => {
    await addObjects(1)
    await rename(path.join(disk, 'one'), path.join(disk, 'gone'))
    const body = { state: 'paused', settings: { root: path.join(disk, 'one') } }
    const headers = { 'if-match': '"1"' }
    const answer = await api.send('PATCH', `/v1/stores/${storeId}`, { headers, body })
    expect(answer.json()).toMatchObject({ state: 'paused', revision: 2 })
  })
})

describe('new credentials of a store', () => {
  const renew = () =>
    api.send('PATCH', `/v1/stores/${storeId}`, {
      headers: { 'if-match': '"1"' },
      body: { credentials: { accessKeyId: 'other', secretAccessKey: 'secret' } },
    })

  it('are refused when the store shows other containers with them', async () => {
    await addObjects(3)
    await mkdir(path.join(disk, 'two', 'shelf'))
    folderOf = () => 'two'
    const answer = await renew()
    expect(answer.json()).toMatchObject({ status: 409, code: 'conflict' })
    expect(answer.json().detail).toContain('with these credentials the store shows others')
  })

  it('are taken although a copy is lost: a leaked key must not stay in use for that', async () => {
    await addObjects(3)
    await rm(path.join(disk, 'one', 'shelf', 'key-1'))
    expect((await renew()).statusCode).toBe(200)
  })

  it('come with the address at which they are good', async () => {
    await addObjects(3)
    await rename(path.join(disk, 'one'), path.join(disk, 'mounted-elsewhere'))
    await mkdir(path.join(disk, 'one', 'shelf'), { recursive: true })
    folderOf = () => 'mounted-elsewhere'
    const answer = await api.send('PATCH', `/v1/stores/${storeId}`, {
      headers: { 'if-match': '"1"' },
      body: {
        settings: { root: path.join(disk, 'mounted-elsewhere') },
        credentials: { accessKeyId: 'other', secretAccessKey: 'secret' },
      },
    })
    expect(answer.statusCode).toBe(200)
  })

  it('are taken when the copies are there, and when the store gives no answer', async () => {
    await addObjects(3)
    expect((await renew()).statusCode).toBe(200)
    folderOf = () => 'nowhere'
    const again = await api.send('PATCH', `/v1/stores/${storeId}`, {
      headers: { 'if-match': '"2"' },
      body: { credentials: { accessKeyId: 'third', secretAccessKey: 'secret' } },
    })
    expect(again.statusCode).toBe(200)
  })
})
