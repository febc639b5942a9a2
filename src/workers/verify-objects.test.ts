import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { createImportJob } from '../database/imports/import-jobs.ts'
import { newId, objectIdOf, type Uuid } from '../domain/identifiers.ts'
import { principal } from '../domain/principal.ts'
import { createMemoryStore, type MemoryStore } from '../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { importLoop } from './imports/import-container.ts'
import { type Verification, verifyObjects } from './verify-objects.ts'

const tester = principal('user', 'tester')
const live = new AbortController().signal
let test_: TestDatabase
let store: MemoryStore
let bucketId: Uuid

beforeAll(async () => {
  test_ = await createTestDatabase()
})
afterAll(() => test_.drop())

// Four objects of known bytes, imported, with their digests noted as a mover would note them.
beforeEach(async () => {
  store = createMemoryStore({ name: 'memory', settings: { capacityBytes: 1_000 } })
  await store.ensureContainer('things')
  const [storeId, locationId] = [newId(), newId()]
  bucketId = newId()
  const name = `n${bucketId}`
  const { database } = test_
  await database.query(
    `insert into store (id, name, kind, settings, principal) values ($1, $2, 'memory', '{}', $3)`,
    [storeId, name, tester],
  )
  await database.query(
    `insert into location (id, name, store_id, container, tier, price_id, region, first_byte_ms_p99, principal)
     values ($1, $2, $3, 'things', 'hot', 'p', 'here', 1, $4)`,
    [locationId, name, storeId, tester],
  )
  await database.query(
    `insert into bucket (id, name, mode, write_location_id, principal) values ($1, $2, 'shared', $3, $4)`,
    [bucketId, name, locationId, tester],
  )
  for (const key of ['a', 'b', 'c', 'd']) await put(key, `content of ${key}`)
  await createImportJob(database, { bucketId, locationId, prefix: '', principal: tester })
  await importLoop({
    database,
    clock: { now: Date.now },
    storeOf: async () => store,
    log: silentLogger,
    principal: tester,
    owner: 'test',
  }).step(live)
  for (const key of ['a', 'b', 'c', 'd'])
    await database.query(
      `update object_version set sha256 = $2, sha256_source = 'scrub-read' where object_id = $1`,
      [objectIdOf(bucketId, key), createHash('sha256').update(`content of ${key}`).digest()],
    )
})

function put(key: string, text: string): Promise<unknown> {
  return store.put('things', key, Buffer.from(text), { size: text.length })
}

async function verify(options: { readBytes: boolean; from?: ObjectStore }) {
  const results: Verification[] = []
  const summary = await verifyObjects({
    database: test_.database,
    storeOf: async () => options.from ?? store,
    bucketId,
    readBytes: options.readBytes,
    primaryOnly: true,
    concurrency: 2,
    signal: live,
    onResult: result => results.push(result),
  })
  results.sort((left, right) => left.key.localeCompare(right.key))
  return { summary, outcomes: results.map(result => result.outcome), results }
}

test('proves the bytes of every copy by their SHA-256', async () => {
  const { summary, outcomes } = await verify({ readBytes: true })
  expect(outcomes).toEqual(['same', 'same', 'same', 'same'])
  expect(summary).toMatchObject({ checks: 4, bytes: 48 })
})

test('tells missing, different, shortened and unreachable bytes apart', async () => {
  await store.delete('things', 'a')
  await put('b', 'content of x')
  await put('c', 'content')
  const broken: ObjectStore = {
    ...store,
    async get(container, key, options) {
      if (key === 'd')
        throw new StoreError({
          kind: 'unreachable',
          retry: 'yes',
          store: 'memory',
          operation: 'get',
          message: 'no route',
        })
      return store.get(container, key, options)
    },
  }
  const { outcomes, results } = await verify({ readBytes: true, from: broken })
  expect(outcomes).toEqual(['missing', 'differs', 'differs', 'error'])
  expect(results[0]!.detail).toBe('removed by others')
  expect(results[1]!.detail).toMatch(/^changed by others: SHA-256 [0-9a-f]{64} instead of/)
  expect(results[2]!.detail).toBe('changed by others: 7 bytes instead of 12')
})

test('without reading bytes, still sees that a copy is gone or was replaced', async () => {
  await store.delete('things', 'a')
  await put('b', 'content of b')
  const { outcomes, summary } = await verify({ readBytes: false })
  expect(outcomes).toEqual(['missing', 'differs', 'same', 'same'])
  expect(summary.bytes).toBe(0)
})

test('calls bytes unproven whose digest nobody recorded, unless the ETag is their MD5', async () => {
  const clear =
    'update object_version set sha256 = null, sha256_source = null, etag = $2 where object_id = $1'
  const md5 = createHash('md5').update('content of b').digest('hex')
  await test_.database.query(clear, [objectIdOf(bucketId, 'a'), 'memory-1'])
  await test_.database.query(clear, [objectIdOf(bucketId, 'b'), md5])
  const { outcomes } = await verify({ readBytes: true })
  expect(outcomes).toEqual(['unproven', 'same', 'same', 'same'])
})

test('calls what lies in an archive unproven, and restores nothing for it', async () => {
  const archive: ObjectStore = {
    ...store,
    get: (container, key, options) => {
      const facts = {
        kind: 'archived',
        retry: 'no',
        store: 'memory',
        operation: 'get',
        message: 'no',
      } as const
      return key === 'a' ? Promise.reject(new StoreError(facts)) : store.get(container, key, options)
    },
    restore: () => Promise.reject(new Error('must not be asked')),
  }
  const { outcomes } = await verify({ readBytes: true, from: archive })
  expect(outcomes).toEqual(['unproven', 'same', 'same', 'same'])
})

test('calls an object without any copy missing', async () => {
  await test_.database.query('delete from copy where object_id = $1', [objectIdOf(bucketId, 'a')])
  const { results } = await verify({ readBytes: true })
  expect(results[0]).toMatchObject({ key: 'a', location: null, outcome: 'missing' })
})

test('does not blame a copy that was replaced while it was checked', async () => {
  const deleting: ObjectStore = {
    ...store,
    async get(container, key, options) {
      if (key === 'a') {
        await test_.database.query('update object set is_present = false where id = $1', [
          objectIdOf(bucketId, 'a'),
        ])
        await store.delete(container, key)
      }
      return store.get(container, key, options)
    },
  }
  const { outcomes } = await verify({ readBytes: true, from: deleting })
  expect(outcomes).toEqual(['same', 'same', 'same', 'same'])
})
