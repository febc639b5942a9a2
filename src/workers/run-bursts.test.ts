import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { type BurstSpec, findSimulation, insertBurst } from '../database/placement/simulations.ts'
import { newId, type Uuid } from '../domain/identifiers.ts'
import { principal } from '../domain/principal.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { type BurstReader, burstLoop } from './run-bursts.ts'

const tester = principal('user', 'tester')
const live = new AbortController().signal
let test_: TestDatabase

beforeAll(async () => {
  test_ = await createTestDatabase()
})
afterAll(() => test_.drop())

async function ask(spec: Partial<BurstSpec>): Promise<Uuid> {
  const id = newId()
  const full = { bucket: 'films', keys: null, prefix: null, reads: 10, seconds: 0, seed: 1, ...spec }
  await insertBurst(test_.database, { id, spec: full, principal: tester })
  return id
}

function run(reader: Partial<BurstReader>, signal = live): Promise<number> {
  const silent: BurstReader = { read: async () => ({ bytes: 1, error: null }), list: async () => [] }
  return burstLoop({
    database: test_.database,
    reader: { ...silent, ...reader },
    log: silentLogger,
    owner: 'test',
  }).step(signal)
}

test('reads the named objects as often as asked, all alike', async () => {
  const id = await ask({ keys: ['a', 'b', 'c'], reads: 9 })
  const read: string[] = []
  await run({
    async read(bucket, key) {
      read.push(`${bucket}/${key}`)
      return { bytes: 100, error: null }
    },
  })
  expect(read.sort()).toEqual(['a', 'b', 'c'].flatMap(key => Array(3).fill(`films/${key}`)))
  expect(await findSimulation(test_.database, id)).toMatchObject({
    state: 'done',
    readsDone: 9,
    bytesDone: 900,
    errors: 0,
  })
})

test('reads what starts with a prefix', async () => {
  const id = await ask({ prefix: 'new/', reads: 4 })
  const read = new Set<string>()
  await run({
    list: async (_bucket, prefix) => [`${prefix}1`, `${prefix}2`],
    async read(_bucket, key) {
      read.add(key)
      return { bytes: 0, error: null }
    },
  })
  expect(read).toEqual(new Set(['new/1', 'new/2']))
  expect((await findSimulation(test_.database, id))?.state).toBe('done')
})

test('says so when there is nothing to read', async () => {
  const id = await ask({ prefix: 'nothing/' })
  await run({})
  expect(await findSimulation(test_.database, id)).toMatchObject({
    state: 'failed',
    error: 'no object of films starts with "nothing/"',
  })
})

test('counts refusals and broken answers, and goes on', async () => {
  const id = await ask({ keys: ['a', 'b'], reads: 4 })
  await run({
    async read(_bucket, key) {
      if (key === 'a') throw new Error('broken off')
      return { bytes: 0, error: 'NoSuchKey' }
    },
  })
  expect(await findSimulation(test_.database, id)).toMatchObject({ state: 'done', readsDone: 4, errors: 4 })
})

test('a burst stopped with its process is finished by the next one', async () => {
  const id = await ask({ keys: ['a'], reads: 20 })
  const stop = new AbortController()
  await run(
    {
      async read() {
        stop.abort()
        return { bytes: 0, error: null }
      },
    },
    stop.signal,
  )
  expect((await findSimulation(test_.database, id))?.state).toBe('running')
  await test_.database.query(`update simulation set lease_expires_at = now() - interval '1 second'`)
  await run({})
  expect(await findSimulation(test_.database, id)).toMatchObject({ state: 'done', readsDone: 20 })
})
