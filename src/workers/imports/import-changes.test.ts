import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startS3Server } from '../../../test/services/s3-server.ts'
import { resolveObject } from '../../database/catalog/objects.ts'
import { createImportJob, findImportJob, resumeImportJob } from '../../database/imports/import-jobs.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import { copyDescriptionMetadata } from '../../domain/copy-description.ts'
import { newId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import { principal } from '../../domain/principal.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../../stores/s3/config.ts'
import { createS3Store } from '../../stores/s3/s3-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { importLoop } from './import-container.ts'

const CONTAINER = 'things'
const importer = principal('system', 'import')
const live = new AbortController().signal

let test_: TestDatabase
let store: ObjectStore
let bucketId: Uuid
let locationId: Uuid

beforeAll(async () => {
  test_ = await createTestDatabase({ connectionsMax: 12 })
})
afterAll(() => test_.drop())

beforeEach(() => begin('shared', createMemoryStore({ name: 'm', settings: { capacityBytes: 2 ** 24 } })))

async function begin(mode: BucketMode, over: ObjectStore): Promise<void> {
  store = over
  await store.ensureContainer(CONTAINER)
  const storeId = newId()
  ;[locationId, bucketId] = [newId(), newId()]
  const name = `n${bucketId}`
  await query(
    `insert into store (id, name, kind, settings, principal) values ($1, $2, 'memory', '{}', 'user:t')`,
    [storeId, name],
  )
  await query(
    `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
     values ($1, $2, $3, $4, 'hot', 'p', 'here', 1, 'user:t')`,
    [locationId, name, storeId, CONTAINER],
  )
  await query(
    `insert into bucket (id, name, mode, write_location_id, principal) values ($1, $2, $3, $4, 'user:t')`,
    [bucketId, name, mode, locationId],
  )
}

async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await test_.database.query<Row>(text, values)).rows
}

const put = (key: string, text: string, metadata: Record<string, string> = {}) =>
  store.put(CONTAINER, key, Buffer.from(text), { size: Buffer.byteLength(text), metadata })

async function lay(...keys: string[]): Promise<void> {
  for (const key of keys) await put(key, `first ${key}`)
}

async function runImport(options: { prefix?: string; acceptRemovals?: boolean; over?: ObjectStore } = {}) {
  const id = await createImportJob(test_.database, {
    ...{ bucketId, locationId, prefix: options.prefix ?? '', principal: importer },
    acceptRemovals: options.acceptRemovals ?? false,
  })
  await step(options.over)
  return (await findImportJob(test_.database, id))!
}

async function step(over = store): Promise<void> {
  await importLoop({
    database: test_.database,
    clock: { now: () => 1_000 },
    storeOf: async () => over,
    log: silentLogger,
    principal: importer,
    owner: 'one',
    pageKeys: 10,
  }).step(live)
}

const resolve = (key: string) => resolveObject(test_.database, objectIdOf(bucketId, key))
const copiesOf = (key: string) =>
  query<{ state: string; is_primary: boolean; generation: string; etag: string }>(
    'select state, is_primary, generation, etag from copy where object_id = $1 order by generation, id',
    [objectIdOf(bucketId, key)],
  )
const keysPresent = async () =>
  (
    await query<{ key: string }>('select key from object where bucket_id = $1 and is_present order by key', [
      bucketId,
    ])
  ).map(row => row.key)

describe('bytes that others overwrote', () => {
  test.each(['shared', 'observed'] as const)('become a new generation in a bucket that is %s', async mode => {
    await begin(mode, store)
    await lay('a', 'b')
    await runImport()
    const { identity } = await store.put(CONTAINER, 'a', Buffer.from('second'), {
      size: 6,
      headers: { contentType: 'text/plain' },
      metadata: { colour: 'red' },
    })
    expect(await runImport()).toMatchObject({
      ...{ state: 'done', objects: 0, known: 2, changed: 1, conflicting: 0, removed: 0, missing: 0 },
      foreignKeys: { changed: ['a'] },
    })
    expect(await resolve('a')).toMatchObject({
      ...{ generation: 2, size: 6, etag: identity.etag, metadata: { colour: 'red' } },
      headers: { contentType: 'text/plain' },
      digests: { sha256: null, crc64nvme: null },
      copy: { identity, locationId },
    })
    expect(await copiesOf('a')).toEqual([
      { state: 'complete', is_primary: true, generation: 2, etag: identity.etag },
    ])
    expect(await query('select principal from object where id = $1', [objectIdOf(bucketId, 'a')])).toEqual([
      { principal: importer },
    ])
    expect(await runImport(), 'once is enough').toMatchObject({ known: 2, changed: 0, foreignKeys: {} })
  })

  test('are named as damage in an exclusive bucket, and nothing changes', async () => {
    await begin('exclusive', store)
    await lay('a')
    await runImport()
    const before = await resolve('a')
    await put('a', 'second')
    expect(await runImport()).toMatchObject({
      changed: 0,
      conflicting: 1,
      foreignKeys: { conflicting: ['a'] },
    })
    expect(await resolve('a')).toEqual(before)
  })

  test('are not taken for a change while our own write has not committed', async () => {
    await lay('a')
    await runImport()
    const intentId = newId()
    const described = { bucket: 'n', key: 'a', generation: 2, sha256: null, etag: null, intentId }
    await query(
      `insert into write_intent (id, object_id, bucket_id, key, copy_id, location_id, native_key, version,
         state, boot_id, principal)
       values ($1, $2, $3, 'a', $4, $5, 'a', '{}', 'open', $6, 'user:t')`,
      [intentId, objectIdOf(bucketId, 'a'), bucketId, newId(), locationId, newId()],
    )
    await put('a', 'published', copyDescriptionMetadata(described))
    expect(await runImport()).toMatchObject({ state: 'done', known: 1, changed: 0 })
    expect(await resolve('a')).toMatchObject({ generation: 1 })
  })

  test('are waited for while somebody holds the lock, and a write that came first is not adopted', async () => {
    await lay('a')
    await runImport()
    const objectId = objectIdOf(bucketId, 'a')
    const isLocked = Promise.withResolvers<void>()
    const mayCommit = Promise.withResolvers<void>()
    // A write of ours: it publishes, and commits only after the listing has shown its bytes.
    const writing = withObjectLock(test_.database, objectId, 1_000, async connection => {
      const { identity } = await put('a', 'ours, and longer')
      isLocked.resolve()
      await mayCommit.promise
      await connection.query('update object set generation = 2 where id = $1', [objectId])
      await connection.query('update object_version set generation = 2, size = 16 where object_id = $1', [
        objectId,
      ])
      await connection.query('update copy set generation = 2, etag = $2, size = 16 where object_id = $1', [
        objectId,
        identity.etag,
      ])
    })
    await isLocked.promise
    const importing = runImport()
    await expect
      .poll(() => query(`select from pg_locks where locktype = 'advisory' and not granted`))
      .toHaveLength(1)
    mayCommit.resolve()
    expect(await importing).toMatchObject({ known: 1, changed: 0 })
    await writing
    expect(await resolve('a')).toMatchObject({ generation: 2, size: 16 })
  })

  test('hand the copies of the former content to the sweeper', async () => {
    await lay('a')
    await runImport()
    const elsewhere = newId()
    await query(
      `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
       select $1, $2, store_id, 'elsewhere', 'cold', 'p', 'r', 1, 'user:t' from location where id = $3`,
      [elsewhere, `n${elsewhere}`, locationId],
    )
    await query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'complete', false, 'other', 7, 0, 'user:t')`,
      [objectIdOf(bucketId, 'a'), newId(), elsewhere],
    )
    await put('a', 'second')
    await runImport()
    expect((await copiesOf('a')).map(copy => [copy.state, copy.is_primary, copy.generation])).toEqual([
      ['deleting', false, 1],
      ['complete', true, 2],
    ])
  })
})

describe('objects that others removed', () => {
  test('disappear from a shared bucket, and come back when they are laid there anew', async () => {
    await lay('a', 'b', 'c')
    await runImport()
    await store.delete(CONTAINER, 'b')
    expect(await runImport()).toMatchObject({
      ...{ state: 'done', known: 2, removed: 1, missing: 0, removalsWithheld: false },
      foreignKeys: { removed: ['b'] },
    })
    expect(await keysPresent()).toEqual(['a', 'c'])
    expect(await resolve('b')).toBeNull()
    await query(`delete from copy where object_id = $1 and state = 'deleting'`, [objectIdOf(bucketId, 'b')])
    await put('b', 'again')
    expect(await runImport()).toMatchObject({ known: 3, changed: 1 })
    expect(await resolve('b')).toMatchObject({ generation: 3, size: 5 })
  })

  test('stay in an exclusive bucket, and are named as missing', async () => {
    await begin('exclusive', store)
    await lay('a', 'b')
    await runImport()
    await store.delete(CONTAINER, 'b')
    expect(await runImport()).toMatchObject({ removed: 0, missing: 1, foreignKeys: { missing: ['b'] } })
    expect(await keysPresent()).toEqual(['a', 'b'])
  })

  test('outside the prefix of the import are not looked for', async () => {
    await lay('a/1', 'a/2', 'b/1')
    await runImport()
    await store.delete(CONTAINER, 'b/1')
    await store.delete(CONTAINER, 'a/2')
    expect(await runImport({ prefix: 'a/' })).toMatchObject({ removed: 1, foreignKeys: { removed: ['a/2'] } })
    expect(await keysPresent()).toEqual(['a/1', 'b/1'])
  })

  test('that were written after the page was listed are kept', async () => {
    await lay('a', 'c')
    await runImport()
    const stale: ObjectStore = {
      ...store,
      list: async () => ({ objects: [], cursor: null }),
    }
    expect(await runImport({ over: stale })).toMatchObject({ state: 'done', removed: 0, missing: 0 })
    expect(await keysPresent()).toEqual(['a', 'c'])
  })

  test('lose only the copy that is gone when another one is whole', async () => {
    await lay('a')
    await runImport()
    const [{ storeId }] = (await query<{ storeId: Uuid }>(
      'select store_id as "storeId" from location where id = $1',
      [locationId],
    )) as [{ storeId: Uuid }]
    const elsewhere = newId()
    await store.ensureContainer('elsewhere')
    const kept = await store.put('elsewhere', 'a', Buffer.from('first a'), { size: 7 })
    await query(
      `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
       values ($1, $2, $3, 'elsewhere', 'cold', 'p', 'r', 1, 'user:t')`,
      [elsewhere, `n${elsewhere}`, storeId],
    )
    await query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
         grace_until_ms, principal)
       values ($1, $2, 1, $3, 'grace', false, $4, 7, 0, 5, 'user:t')`,
      [objectIdOf(bucketId, 'a'), newId(), elsewhere, kept.identity.etag],
    )
    await store.delete(CONTAINER, 'a')
    expect(await runImport()).toMatchObject({ removed: 1 })
    expect(await resolve('a')).toMatchObject({
      generation: 1,
      copy: { locationId: elsewhere, state: 'complete' },
    })
  })

  test('are withheld when most of the bucket is gone, until a person accepts it', async () => {
    const keys = Array.from({ length: 120 }, (_, index) => `k${String(index).padStart(3, '0')}`)
    await lay(...keys)
    await runImport()
    for (const key of keys.slice(0, 110)) await store.delete(CONTAINER, key)
    const withheld = await runImport()
    expect(withheld).toMatchObject({ state: 'done', removed: 0, missing: 110, removalsWithheld: true })
    expect(withheld.foreignKeys.missing).toHaveLength(20)
    expect(await keysPresent()).toHaveLength(120)
    expect(await runImport({ acceptRemovals: true })).toMatchObject({
      ...{ removed: 110, missing: 0, removalsWithheld: false },
    })
    expect(await keysPresent()).toHaveLength(10)
    expect(await query('select * from import_unseen_copy')).toEqual([])
  })

  test('are found by an import that was resumed in the middle', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `k${String(index).padStart(2, '0')}`)
    await lay(...keys)
    await runImport()
    for (const key of ['k03', 'k15', 'k29']) await store.delete(CONTAINER, key)
    let pages = 0
    const denied: ObjectStore = {
      ...store,
      async list(...args) {
        if (++pages === 2) {
          const facts = { kind: 'access-denied', retry: 'no', store: 'm', operation: 'list' } as const
          throw new StoreError({ ...facts, message: 'denied' })
        }
        return store.list(...args)
      },
    }
    const failed = await runImport({ over: denied })
    expect(failed).toMatchObject({ state: 'failed', removed: 0 })
    await resumeImportJob(test_.database, failed.id, importer)
    await step()
    expect(await findImportJob(test_.database, failed.id)).toMatchObject({ state: 'done', removed: 3 })
    expect(await keysPresent()).toHaveLength(27)
  })

  test('are not believed when the container itself is gone', async () => {
    await lay('a')
    await runImport()
    const unmounted: ObjectStore = {
      ...store,
      list: async () => ({ objects: [], cursor: null }),
      async head() {
        const facts = { kind: 'container-not-found', retry: 'no', store: 'm', operation: 'head' } as const
        throw new StoreError({ ...facts, message: 'there is no such folder' })
      },
    }
    expect(await runImport({ over: unmounted })).toMatchObject({ state: 'failed', removed: 0 })
    expect(await keysPresent()).toEqual(['a'])
  })
})

const server = await startS3Server()
afterAll(async () => {
  if (!('missing' in server)) await server.stop()
})

test.skipIf('missing' in server)(
  `a real S3 server shows what others changed and removed${'missing' in server ? ` (${server.missing})` : ''}`,
  async () => {
    if ('missing' in server) return
    const s3 = createS3Store({
      name: 's3',
      settings: s3Settings.parse({ endpoint: server.endpoint }),
      credentials: s3Credentials.parse({
        accessKeyId: server.accessKeyId,
        secretAccessKey: server.secretAccessKey,
      }),
    })
    await begin('shared', s3)
    await lay('a', 'b', 'c')
    expect(await runImport()).toMatchObject({ objects: 3 })
    await put('b', 'second')
    await store.delete(CONTAINER, 'c')
    expect(await runImport()).toMatchObject({ known: 2, changed: 1, removed: 1, conflicting: 0, missing: 0 })
    expect(await resolve('b')).toMatchObject({ generation: 2, size: 6 })
    expect(await keysPresent()).toEqual(['a', 'b'])
    await s3.close()
  },
)
