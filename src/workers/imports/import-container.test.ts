import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { createImportJob, findImportJob, resumeImportJob } from '../../database/imports/import-jobs.ts'
import { newId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import { principal } from '../../domain/principal.ts'
import { createMemoryStore, type MemoryStore } from '../../stores/memory/memory-store.ts'
import { type ListOptions, type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { importLoop } from './import-container.ts'

const tester = principal('user', 'tester')
const modelNow = Date.parse('2031-01-01T00:00:00Z')
const live = new AbortController().signal

let test_: TestDatabase
let store: MemoryStore
let bucketId: Uuid
let locationId: Uuid

beforeAll(async () => {
  test_ = await createTestDatabase()
})
afterAll(() => test_.drop())

beforeEach(async () => {
  store = createMemoryStore({ name: 'memory', settings: { capacityBytes: 1_000 } })
  await store.ensureContainer('things')
  const storeId = newId()
  ;[locationId, bucketId] = [newId(), newId()]
  const name = `n${bucketId}`
  await query(`insert into store (id, name, kind, settings, principal) values ($1, $2, 'memory', '{}', $3)`, [
    storeId,
    name,
    tester,
  ])
  await query(
    `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
     values ($1, $2, $3, 'things', 'hot', 'p', 'here', 1, $4)`,
    [locationId, name, storeId, tester],
  )
  await query(
    `insert into bucket (id, name, mode, write_location_id, principal) values ($1, $2, 'shared', $3, $4)`,
    [bucketId, name, locationId, tester],
  )
})

async function query<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
  return (await test_.database.query<Row>(text, values)).rows
}

function loopOver(listed: ObjectStore, owner = 'one') {
  return importLoop({
    database: test_.database,
    clock: { now: () => modelNow },
    storeOf: async () => listed,
    log: silentLogger,
    principal: tester,
    owner,
    pageKeys: 10,
  })
}

/** The memory store with another way to list. */
function listing(list: (options: ListOptions, page: number) => ReturnType<ObjectStore['list']>): ObjectStore {
  let page = 0
  return { ...store, list: (_container, options = {}) => list(options, ++page) }
}

function seed(count: number): void {
  store.seed(
    'things',
    Array.from({ length: count }, (_, index) => ({ key: `k${String(index).padStart(4, '0')}`, size: index })),
  )
}

async function ask(prefix = ''): Promise<Uuid> {
  return createImportJob(test_.database, { bucketId, locationId, prefix, principal: tester })
}

async function keysInCatalog(): Promise<string[]> {
  const rows = await query<{ key: string }>('select key from object where bucket_id = $1 order by key', [
    bucketId,
  ])
  return rows.map(row => row.key)
}

test('enters what lies in a container as objects with a version and a primary copy', async () => {
  seed(25)
  const id = await ask()
  expect(await loopOver(store).step(live)).toBe(1)
  expect(await findImportJob(test_.database, id)).toMatchObject({
    state: 'done',
    objects: 25,
    bytes: 300,
    known: 0,
    skipped: 0,
    lastKey: 'k0024',
    leaseOwner: null,
  })
  const head = await store.head('things', 'k0007')
  const [row] = await query(
    `select o.key, o.generation, o.is_present, v.size, v.etag, v.last_modified, v.sha256, c.state, c.is_primary,
       c.etag as "nativeEtag", c.location_id, c.principal, c.entered_ms
     from object o join object_version v on v.object_id = o.id and v.generation = o.generation
     join copy c on c.object_id = o.id where o.id = $1`,
    [objectIdOf(bucketId, 'k0007')],
  )
  expect(row).toEqual({
    key: 'k0007',
    generation: 1,
    is_present: true,
    size: 7,
    etag: head.identity.etag,
    last_modified: new Date(head.lastModified),
    sha256: null,
    state: 'complete',
    is_primary: true,
    nativeEtag: head.identity.etag,
    location_id: locationId,
    principal: tester,
    entered_ms: head.lastModified,
  })
})

test('counts the imported bytes as usage of the location', async () => {
  seed(25)
  await ask()
  await loopOver(store).step(live)
  const usage = 'select sum(copies) as copies, sum(bytes) as bytes from location_usage where location_id = $1'
  expect(await query(usage, [locationId])).toEqual([{ copies: '25', bytes: '300' }])
})

test('keeps keys exactly: dots, doubled slashes, quotes, backslashes, unicode', async () => {
  const keys = ['../up', 'a//b', 'c"d\\e', 'f,{g}', 'null', 'ü/日本/🦊', ' ', "o'hara", 'x'.repeat(1024)]
  store.seed(
    'things',
    keys.map(key => ({ key, size: 0 })),
  )
  await ask()
  await loopOver(store).step(live)
  expect(new Set(await keysInCatalog())).toEqual(new Set(keys))
})

test('imports only keys with the prefix', async () => {
  seed(25)
  await ask('k001')
  await loopOver(store).step(live)
  expect(await keysInCatalog()).toHaveLength(10)
})

test('leaves what the catalog knows alone, also what it knows as deleted and has not swept away', async () => {
  seed(3)
  await ask()
  await loopOver(store).step(live)
  const deleted = objectIdOf(bucketId, 'k0001')
  await query('update object set generation = 7, is_present = false where id = $1', [deleted])
  await query(`update copy set is_primary = false, state = 'retained' where object_id = $1`, [deleted])
  store.seed('things', [{ key: 'k0003', size: 3 }])
  const id = await ask()
  await loopOver(store).step(live)
  expect(await findImportJob(test_.database, id)).toMatchObject({
    ...{ state: 'done', objects: 1, known: 3, changed: 0, removed: 0 },
  })
  expect(await query('select generation, is_present from object where id = $1', [deleted])).toEqual([
    { generation: 7, is_present: false },
  ])
})

test('goes on from the last key after its worker was killed, and a late worker enters nothing', async () => {
  seed(45)
  const id = await ask()
  const asleep = Promise.withResolvers<void>()
  const stalling = listing(async (options, page) => {
    if (page > 2) await asleep.promise
    return store.list('things', options)
  })
  const late = loopOver(stalling, 'late').step(live)
  await expect.poll(async () => (await findImportJob(test_.database, id))?.objects).toBe(20)

  expect(await loopOver(store, 'other').step(live), 'the lease still holds').toBe(0)
  await query(`update import_job set lease_expires_at = now() - interval '1 second' where id = $1`, [id])
  const starts: (string | undefined)[] = []
  const resumed = listing(async options => {
    starts.push(options.startAfter)
    return store.list('things', options)
  })
  expect(await loopOver(resumed, 'other').step(live)).toBe(1)
  expect(starts[0]).toBe('k0019')
  asleep.resolve()
  await late
  expect(await findImportJob(test_.database, id)).toMatchObject({ state: 'done', objects: 45, known: 0 })
  expect(await keysInCatalog()).toHaveLength(45)
})

test('gives the import back when it is told to stop', async () => {
  seed(45)
  const id = await ask()
  const stop = new AbortController()
  const stopping = listing(async (options, page) => {
    if (page === 3) stop.abort()
    return store.list('things', options)
  })
  await loopOver(stopping).step(stop.signal)
  expect(await findImportJob(test_.database, id)).toMatchObject({ state: 'running', leaseOwner: null })
  await loopOver(store).step(live)
  expect(await findImportJob(test_.database, id)).toMatchObject({ state: 'done', objects: 45 })
})

test('asks again when the store is away for a moment', async () => {
  seed(25)
  const id = await ask()
  const shaky = listing(async (options, page) => {
    if (page === 2) throw failure('unreachable', 'yes')
    return store.list('things', options)
  })
  await loopOver(shaky).step(live)
  expect(await findImportJob(test_.database, id)).toMatchObject({ state: 'done', objects: 25 })
})

test('fails with the reason when asking again cannot help, and can be resumed', async () => {
  seed(25)
  const id = await ask()
  const denied = listing(async (options, page) => {
    if (page === 2) throw failure('access-denied', 'no')
    return store.list('things', options)
  })
  await loopOver(denied).step(live)
  expect(await findImportJob(test_.database, id)).toMatchObject({
    state: 'failed',
    objects: 10,
    error: 'access-denied',
  })
  expect(await loopOver(store).step(live), 'nobody takes a failed import').toBe(0)
  expect(await resumeImportJob(test_.database, id, tester)).toBe(true)
  await loopOver(store).step(live)
  expect(await findImportJob(test_.database, id)).toMatchObject({ state: 'done', objects: 25, known: 0 })
})

test('adds up the reasons of skipped keys over pages', async () => {
  seed(25)
  const id = await ask()
  const frozen = listing(async options => {
    const page = await store.list('things', options)
    return {
      ...page,
      objects: page.objects.map(object => ({
        ...object,
        storageClass: object.size % 2 === 0 ? 'DEEP_ARCHIVE' : null,
      })),
    }
  })
  await loopOver(frozen).step(live)
  expect(await findImportJob(test_.database, id)).toMatchObject({
    objects: 12,
    skipped: 13,
    skippedBecause: { 'no-location-for-storage-class': { count: 13, example: 'k0000' } },
  })
})

function failure(kind: 'unreachable' | 'access-denied', retry: 'yes' | 'no'): StoreError {
  return new StoreError({ kind, retry, store: 'memory', operation: 'list', message: kind })
}

test('tells the planner how many objects there are, once there are many new ones', async () => {
  seed(1_200)
  await ask()
  await loopOver(store).step(live)
  const [known] = await query<{ copies: number }>(
    `select sum(greatest(reltuples, 0))::int as copies from pg_class where relname like 'copy_p0_'`,
    [],
  )
  expect(known!.copies).toBeGreaterThanOrEqual(1_200)
})
