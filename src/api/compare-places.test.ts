import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../../test/builders/api.ts'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { startS3Server } from '../../test/services/s3-server.ts'
import { createFilesystemStore } from '../stores/filesystem/filesystem-store.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../stores/s3/config.ts'
import { createS3Store } from '../stores/s3/s3-store.ts'

/** Servers that are folders of a disk, each under as many addresses as a test likes. */
let test: TestDatabase
let api: TestApi
let disk: string
let folderOf: Record<string, string>
let open: (name: string, settings: Readonly<Record<string, unknown>>) => ObjectStore
/** Addresses where nothing can be written, and those where nothing answers. */
let readOnly: string[]
let away: string[]

beforeEach(async () => {
  test = await createTestDatabase()
  disk = await mkdtemp(path.join(tmpdir(), 'dim-compare-'))
  ;[folderOf, readOnly, away] = [{}, [], []]
  open = (name, settings) => folderStore(name, String(settings.endpoint))
  api = await startTestApi(test.database, {
    stores: {
      checkSettings: () => [],
      learn: () => Promise.reject(new Error('not asked')),
      open: store => open(store.name, store.settings),
    },
  })
})
afterEach(async () => {
  await api.app.close()
  await test.drop()
  await rm(disk, { recursive: true })
})

function folderStore(name: string, endpoint: string): ObjectStore {
  const root = path.join(disk, folderOf[endpoint] ?? endpoint.replace('http://', ''))
  const store = createFilesystemStore({ name, settings: { root, durability: 'none' } })
  const refuse = (kind: 'access-denied' | 'unreachable', operation: string) =>
    Promise.reject(new StoreError({ kind, retry: 'no', store: name, operation, message: kind }))
  if (away.includes(endpoint))
    return { ...store, head: () => refuse('unreachable', 'head'), list: () => refuse('unreachable', 'list') }
  if (!readOnly.includes(endpoint)) return store
  return { ...store, put: () => refuse('access-denied', 'put'), delete: () => refuse('access-denied', 'd') }
}

async function addStore(name: string, settings: Record<string, unknown>): Promise<string> {
  const store = await api.send('POST', '/v1/stores', { body: { name, kind: 's3', settings } })
  return store.json().id
}

const at = (endpoint: string) => ({ endpoint: `http://${endpoint}` })
const addLocation = async (name: string, storeId: string, container = 'shelf') =>
  api.send('POST', '/v1/locations', {
    body: { name, storeId, container, tier: 'hot', priceId: 'p', region: 'r', firstByteMsP99: 5 },
  })

/** A store at an address of its own with a location. */
async function addShelf(name: string, settings: Record<string, unknown>, container = 'shelf') {
  return addLocation(`${name}-shelf`, await addStore(name, settings), container)
}

const SAME = {
  code: 'conflict',
  detail: 'shelf of store two is the same place as location one-shelf of store one: use that one',
}

describe('a container that another store reaches under another name', () => {
  it('is refused as a location, and nothing is left in it', async () => {
    folderOf = { 'http://nas.test:9000': 'nas', 'http://192.0.2.5:9000': 'nas' }
    expect((await addShelf('one', at('nas.test:9000'))).json()).toMatchObject({ uncompared: [] })
    expect((await addShelf('two', at('192.0.2.5:9000'))).json()).toMatchObject(SAME)
    expect(await readdir(path.join(disk, 'nas', 'shelf'))).toEqual(['.data-in-motion'])
    expect((await api.send('GET', '/v1/locations')).json().items).toHaveLength(1)
  })

  it('is refused also where nothing can be written, by what lies there', async () => {
    folderOf = { 'http://nas.test:9000': 'nas', 'http://192.0.2.5:9000': 'nas' }
    readOnly = ['http://192.0.2.5:9000']
    await addShelf('one', at('nas.test:9000'))
    await folderStore('one', 'http://nas.test:9000').put('shelf', 'k', Buffer.from('x'), { size: 1 })
    expect((await addShelf('two', at('192.0.2.5:9000'))).json()).toMatchObject(SAME)
  })

  it('is refused when a store is moved to it', async () => {
    await addShelf('one', at('nas.test:9000'))
    const two = await addStore('two', at('elsewhere.test:9000'))
    await addLocation('two-shelf', two)
    folderOf = { 'http://nas.test:9000': 'nas.test:9000', 'http://192.0.2.5:9000': 'nas.test:9000' }
    const answer = await api.send('PATCH', `/v1/stores/${two}`, {
      headers: { 'if-match': '"1"' },
      body: { settings: at('192.0.2.5:9000') },
    })
    expect(answer.json()).toMatchObject(SAME)
  })

  it('is refused at a real server that has two addresses', async context => {
    const server = await startS3Server()
    if ('missing' in server) return context.skip(server.missing)
    try {
      const { endpoint, accessKeyId, secretAccessKey } = server
      const mapped = endpoint.replace('127.0.0.1', '[::ffff:127.0.0.1]')
      open = (name, settings) =>
        createS3Store({
          name,
          settings: s3Settings.parse({ ...settings, allowPlainHttp: [new URL(mapped).hostname] }),
          credentials: s3Credentials.parse({ accessKeyId, secretAccessKey }),
        })
      expect((await addShelf('one', { endpoint })).statusCode).toBe(201)
      expect((await addShelf('two', { endpoint: mapped })).json()).toMatchObject(SAME)
      const other = await addLocation('two-other', await addStore('three', { endpoint: mapped }), 'other')
      expect(other.json()).toMatchObject({ uncompared: [] })
    } finally {
      await server.stop()
    }
  })
})

describe('a container of another place', () => {
  it('is taken whatever it is called and whatever lies there', async () => {
    await addShelf('one', at('one.test:9000'))
    await folderStore('one', 'http://one.test:9000').put('shelf', 'k', Buffer.from('x'), { size: 1 })
    readOnly = ['http://two.test:9000']
    expect((await addShelf('two', at('two.test:9000'))).json()).toMatchObject({ uncompared: [] })
  })

  it('is taken with a remark where nobody can tell', async () => {
    await addShelf('one', at('one.test:9000'))
    readOnly = ['http://two.test:9000']
    const because = 'nothing can be written, and both are empty'
    expect((await addShelf('two', at('two.test:9000'))).json()).toMatchObject({
      uncompared: [{ location: 'one-shelf', store: 'one', because }],
    })
    away = ['http://one.test:9000']
    const third = (await addShelf('three', at('three.test:9000'))).json()
    expect(third.uncompared).toEqual([
      {
        location: 'one-shelf',
        store: 'one',
        because: expect.stringMatching(/^nothing answers at its endpoint/),
      },
    ])
  })
})
