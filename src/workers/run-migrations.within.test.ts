import { createHash } from 'node:crypto'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { CONTAINER, createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { startS3Server } from '../../test/services/s3-server.ts'
import { resolveObject } from '../database/catalog/objects.ts'
import { GIB, MIB } from '../domain/bytes.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'
import {
  type ObjectStore,
  type PutFacts,
  type PutResult,
  StoreError,
  type StoreErrorKind,
} from '../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../stores/s3/config.ts'
import { createS3Store } from '../stores/s3/s3-store.ts'

/** Objects move between two containers of one store, which copies them by itself. */

const COLD_CONTAINER = 'cold-data'
const KEY = 'films/one'
const BYTES = sampleOf(9 * MIB + 7, 'film')
const SHA256 = sha256Of(BYTES)
const FACTS: PutFacts = {
  headers: { contentType: 'text/plain; charset=utf-8', cacheControl: 'max-age=60' },
  metadata: { unicode: 'Grüße 😀' },
  tags: { project: 'Apollo 11' },
}
const server = await startS3Server()

type CopyWithin = NonNullable<ObjectStore['copyWithin']>

/** A store that notes what it is asked, and whose copies a test may replace. */
function watched(inner: ObjectStore, copies?: (real: CopyWithin) => CopyWithin) {
  const calls: string[] = []
  const copyWithin = inner.copyWithin!.bind(inner)
  const copy = copies?.(copyWithin) ?? copyWithin
  const multipart = inner.multipart!
  const store: ObjectStore = {
    ...inner,
    get(container, ...rest) {
      calls.push(`get ${container}`)
      return inner.get(container, ...rest)
    },
    put(container, ...rest) {
      calls.push(`put ${container}`)
      return inner.put(container, ...rest)
    },
    copyWithin(...given) {
      calls.push('copyWithin')
      return copy(...given)
    },
    multipart: {
      ...multipart,
      create(container, ...rest) {
        calls.push(`create ${container}`)
        return multipart.create(container, ...rest)
      },
    },
  }
  return { store, calls }
}

describe('a move inside a store', () => {
  const worlds: MovingWorld[] = []
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.dispose()
  })

  /** A world whose cold location is another container of the hot store. */
  async function createWorld(hot: ObjectStore): Promise<MovingWorld> {
    const cold = createMemoryStore({ name: 'cold-store', settings: { capacityBytes: GIB } })
    const world = await createMovingWorld({ stores: { hot, cold } })
    worlds.push(world)
    await hot.ensureContainer(COLD_CONTAINER)
    const { storeId } = (await world.parts.locationById(world.locationIds.hot))!
    await world.test.database.query('update location set store_id = $2, container = $3 where id = $1', [
      world.locationIds.cold,
      storeId,
      COLD_CONTAINER,
    ])
    return world
  }

  /** Works until the migration ended. */
  async function finish(world: MovingWorld, id: string): ReturnType<MovingWorld['migration']> {
    const { storeId } = (await world.parts.locationById(world.locationIds.hot))!
    const locationById: typeof world.parts.locationById = async asked => {
      const location = await world.parts.locationById(asked)
      const isCold = asked === world.locationIds.cold
      return location !== null && isCold ? { ...location, storeId, container: COLD_CONTAINER } : location
    }
    for (let round = 0; round < 10; round++) {
      await world.work({ locationById })
      const migration = await world.migration(id)
      if (migration.finishedAt !== null) return migration
      await world.letTimePass()
    }
    return world.migration(id)
  }

  async function expectMoved(world: MovingWorld): Promise<void> {
    const object = await resolveObject(world.test.database, world.objectId(KEY))
    expect(object!.copy).toMatchObject({ container: COLD_CONTAINER })
    expect(sha256Of(await world.read(KEY))).toBe(SHA256)
  }

  const memory = () => createMemoryStore({ name: 'hot-store', settings: { capacityBytes: GIB } })

  it('lets the store copy, and reads only what it made', async () => {
    const { store, calls } = watched(memory())
    const world = await createWorld(store)
    await world.addObject(KEY, BYTES, { sha256: SHA256, facts: FACTS })
    calls.length = 0
    const id = await world.plan(KEY, { graceMs: 0 })
    const counted: number[] = []
    world.parts.metrics.copiedBytes = bytes => void counted.push(bytes)
    const { evidence, state } = await finish(world, id)
    expect({ state, by: evidence.verifiedBy, calls }).toEqual({
      state: 'done',
      by: 'read-back',
      calls: ['copyWithin', `get ${COLD_CONTAINER}`],
    })
    expect({ counted, bytesCopied: evidence.bytesCopied }).toEqual({
      counted: [BYTES.length],
      bytesCopied: BYTES.length,
    })
    const found = await store.head(COLD_CONTAINER, KEY, { withTags: true })
    expect(found).toMatchObject({ headers: FACTS.headers, metadata: FACTS.metadata, tags: FACTS.tags })
    await expectMoved(world)
    const { rowCount } = await world.test.database.query('select from upload_start')
    expect(rowCount).toBe(0)
  })

  it('announces the copy where the store cannot compare', async () => {
    const inner = memory()
    const capabilities = { ...inner.capabilities, conditionalPut: false }
    const { store, calls } = watched({ ...inner, capabilities })
    const world = await createWorld(store)
    await world.addObject(KEY, BYTES, { sha256: SHA256 })
    let announced = 0
    const { announcePublication } = world.parts
    Object.assign(world.parts, {
      announcePublication: (...given: Parameters<typeof announcePublication>) => {
        announced++
        return announcePublication(...given)
      },
    })
    const { state } = await finish(world, await world.plan(KEY, { graceMs: 0 }))
    expect({ state, announced, copies: calls.filter(call => call === 'copyWithin').length }).toEqual({
      state: 'done',
      announced: 1,
      copies: 1,
    })
    await expectMoved(world)
  })

  it.each(['unsupported', 'access-denied', 'digest-mismatch'] as const)(
    'reads and sends in the same try where the copy is refused (%s)',
    async kind => {
      const { store, calls } = watched(memory(), () => async () => {
        throw failure(kind, 'no')
      })
      const world = await createWorld(store)
      await world.addObject(KEY, BYTES, { sha256: SHA256 })
      calls.length = 0
      const id = await world.plan(KEY, { graceMs: 0 })
      expect((await finish(world, id)).state).toBe('done')
      expect(await world.timeline(id)).not.toContain('copy-failed')
      expect(calls.slice(0, 2)).toEqual(['copyWithin', `create ${COLD_CONTAINER}`])
      await expectMoved(world)
    },
  )

  it('finds wrong bytes whatever the store reports of them, and sends the right ones', async () => {
    const inner = memory()
    const flipped = Uint8Array.from(BYTES)
    flipped[5_000_000]! ^= 1
    let isLying = false
    const { store, calls } = watched(
      {
        ...inner,
        async head(...asked) {
          const found = await inner.head(...asked)
          return isLying && asked[0] === COLD_CONTAINER ? { ...found, digests: { sha256: SHA256 } } : found
        },
      },
      () =>
        async (_, to, options): Promise<PutResult> => {
          isLying = true
          const { identity } = await inner.put(to.container, to.key, flipped, options)
          return { identity, digests: { sha256: SHA256 } }
        },
    )
    const world = await createWorld(store)
    await world.addObject(KEY, BYTES, { sha256: SHA256 })
    const id = await world.plan(KEY, { graceMs: 0 })
    expect((await finish(world, id)).state).toBe('done')
    expect(await world.timeline(id)).toContain('mismatched')
    expect(calls.filter(call => call === 'copyWithin')).toHaveLength(1)
    expect(calls).toContain(`create ${COLD_CONTAINER}`)
    await expectMoved(world)
  })

  it('takes a copy whose answer was lost for what it may be', async () => {
    const { store, calls } = watched(memory(), copy => async (...given) => {
      await copy(...given)
      throw failure('unreachable', 'unknown-outcome')
    })
    const world = await createWorld(store)
    await world.addObject(KEY, BYTES, { sha256: SHA256 })
    expect((await finish(world, await world.plan(KEY, { graceMs: 0 }))).state).toBe('done')
    expect(calls).toContain(`create ${COLD_CONTAINER}`)
    expect(calls.filter(call => call === 'copyWithin')).toHaveLength(1)
    await expectMoved(world)
  })

  it('copies nothing but the bytes of the catalog', async () => {
    const { store, calls } = watched(memory())
    const world = await createWorld(store)
    await world.addObject(KEY, BYTES, { sha256: SHA256 })
    await store.put(CONTAINER, KEY, sampleOf(9 * MIB, 'other'), { size: 9 * MIB })
    const { evidence, state } = await finish(world, await world.plan(KEY, { graceMs: 0 }))
    expect({ state, kind: evidence.error?.kind }).toEqual({ state: 'aborted', kind: 'source-other' })
    expect(calls).toContain('copyWithin')
    await expect(store.head(COLD_CONTAINER, KEY)).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('reads what it could not compare, what is small, and what its store would prove by itself', async () => {
    const inner = memory()
    const { store, calls } = watched(inner)
    const world = await createWorld(store)
    await world.addObject('unknown', BYTES)
    await world.addObject('small', BYTES.subarray(0, MIB), { sha256: sha256Of(BYTES.subarray(0, MIB)) })
    for (const key of ['unknown', 'small']) {
      expect((await finish(world, await world.plan(key, { graceMs: 0 }))).state).toBe('done')
    }
    const multipart = { ...inner.capabilities.multipart!, reportedDigests: ['sha256'] as const }
    world.stores.hot = { ...store, capabilities: { ...inner.capabilities, multipart } }
    await world.addObject(KEY, BYTES, { sha256: SHA256 })
    expect((await finish(world, await world.plan(KEY, { graceMs: 0 }))).state).toBe('done')
    expect(calls).not.toContain('copyWithin')
  })

  if ('missing' in server) {
    it.skip(`copies between two buckets of a real server [skipped: ${server.missing}]`)
    return
  }
  afterAll(server.stop)

  it('copies between two buckets of a real server', async () => {
    const { endpoint, accessKeyId, secretAccessKey } = server
    const settings = s3Settings.parse({
      endpoint,
      keys: 'paths',
      capabilities: {
        conditionalPut: true,
        conditionalDelete: true,
        conditionalRead: true,
        reportedDigests: ['crc64nvme', 'sha256'],
        serverSideCopy: true,
        tags: true,
      },
    })
    const credentials = s3Credentials.parse({ accessKeyId, secretAccessKey })
    const { store, calls } = watched(createS3Store({ name: 'hot-store', settings, credentials }))
    const world = await createWorld(store)
    await world.addObject(KEY, BYTES, { sha256: SHA256, facts: FACTS })
    calls.length = 0
    const { evidence, state } = await finish(world, await world.plan(KEY, { graceMs: 0 }))
    expect({ state, by: evidence.verifiedBy, calls }).toEqual({
      state: 'done',
      by: 'read-back',
      calls: ['copyWithin', `get ${COLD_CONTAINER}`],
    })
    const found = await store.head(COLD_CONTAINER, KEY, { withTags: true })
    expect(found).toMatchObject({ headers: FACTS.headers, metadata: FACTS.metadata, tags: FACTS.tags })
    await expectMoved(world)
    await store.close()
  })
})

function failure(kind: StoreErrorKind, retry: StoreError['retry']): StoreError {
  const message = 'a copy that failed on purpose'
  return new StoreError({ kind, retry, store: 'hot-store', operation: 'copyWithin', message })
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
