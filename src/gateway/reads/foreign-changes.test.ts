import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway, type TestLocation } from '../../../test/builders/gateway.ts'
import { startS3Server } from '../../../test/services/s3-server.ts'
import { resolveObject } from '../../database/catalog/objects.ts'
import type { Bucket, BucketMode } from '../../domain/bucket.ts'
import { newId, objectIdOf } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../../stores/s3/config.ts'
import { createS3Store } from '../../stores/s3/s3-store.ts'

/** A store that can be told to lose its container, as a folder that is not mounted. */
function mountedStore(): ObjectStore & { isMounted: boolean; heads: number } {
  const inner = createMemoryStore({ name: 'mounted', settings: { capacityBytes: 2 ** 28 } })
  const checkMounted = (operation: string) => {
    if (store.isMounted) return
    const facts = { kind: 'container-not-found', retry: 'no', store: 'mounted', operation } as const
    throw new StoreError({ ...facts, message: 'there is no such folder' })
  }
  const store = {
    ...inner,
    isMounted: true,
    heads: 0,
    async head(...args: Parameters<ObjectStore['head']>) {
      checkMounted('head')
      store.heads++
      return inner.head(...args)
    },
    async get(...args: Parameters<ObjectStore['get']>) {
      checkMounted('get')
      return inner.get(...args)
    },
  }
  return store
}

const server = await startS3Server()
afterAll(async () => {
  if (!('missing' in server)) await server.stop()
})

/** A store on a real server, or the reason why there is none. */
function s3Store(): ObjectStore | undefined {
  if ('missing' in server) return undefined
  const { accessKeyId, endpoint, secretAccessKey } = server
  return createS3Store({
    name: 's3',
    settings: s3Settings.parse({ endpoint, capabilities: { conditionalPut: false } }),
    credentials: s3Credentials.parse({ accessKeyId, secretAccessKey }),
  })
}

const kinds = [
  'memory',
  'filesystem',
  'missing' in server ? `S3 (skipped: ${server.missing})` : 'S3',
] as const

describe.each(kinds)('reads of what others changed, %s store', kind => {
  if (kind.startsWith('S3 (')) return it.skip('needs the server', () => undefined)
  let testDatabase: TestDatabase
  let door: TestGateway
  let cold: TestLocation
  const mounted = kind === 'memory' ? mountedStore() : undefined
  const buckets = {} as Record<BucketMode, { bucket: Bucket; location: TestLocation }>

  beforeAll(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 16 })
    const store = kind === 'S3' ? s3Store() : mounted
    door = await startTestGateway({
      database: testDatabase.database,
      kind: kind === 'filesystem' ? kind : 'memory',
      ...(store === undefined ? {} : { store }),
      limits: { lockWaitMs: 5_000 },
    })
    cold = await door.addLocation('cold')
    for (const mode of ['shared', 'exclusive', 'observed'] as const) {
      const location = mode === 'shared' ? door.location : await door.addLocation(mode)
      buckets[mode] = { location, bucket: await door.addBucket(mode, { mode, location }) }
    }
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const put = (Key: string, Body: string, mode: BucketMode = 'shared') =>
    door.client.send(new PutObjectCommand({ Bucket: mode, Key, Body }))
  const get = async (Key: string, more: object = {}, mode: BucketMode = 'shared') => {
    const answer = await door.client.send(new GetObjectCommand({ Bucket: mode, Key, ...more }))
    return { etag: answer.ETag, type: answer.ContentType, text: await answer.Body!.transformToString() }
  }
  const lay = (key: string, text: string, place = door.location) =>
    place.store.put(place.container, key, Buffer.from(text), {
      size: Buffer.byteLength(text),
      headers: { contentType: 'text/plain' },
    })
  const remove = (key: string, place = door.location) => place.store.delete(place.container, key)
  const idOf = (key: string, mode: BucketMode = 'shared') => objectIdOf(buckets[mode].bucket.id, key)
  const resolve = (key: string, mode: BucketMode = 'shared') =>
    resolveObject(testDatabase.database, idOf(key, mode))
  const query = async <Row extends object>(text: string, values: unknown[]) =>
    (await testDatabase.database.query<Row>(text, values)).rows
  const copiesOf = (key: string) =>
    query<{ state: string; is_primary: boolean; location_id: string }>(
      'select state, is_primary, location_id from copy where object_id = $1 order by is_primary desc, id',
      [idOf(key)],
    )
  /** A whole copy of the present content in the other location. */
  async function addColdCopy(key: string, text: string, state: 'complete' | 'grace' = 'grace') {
    const { identity } = await lay(key, text, cold)
    const { generation } = (await resolve(key))!
    await query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms,
         grace_until_ms, principal)
       values ($1, $2, $3, $4, $5, false, $6, $7, 0, case when $5 = 'grace' then 99 end, 'user:t')`,
      [idOf(key), newId(), generation, cold.id, state, identity.etag, Buffer.byteLength(text)],
    )
  }

  it('answers what others wrote, as a new generation', async () => {
    await put('a', 'first')
    const { identity } = await lay('a', 'second, longer')
    door.events.length = 0
    expect(await get('a')).toEqual({
      ...{ etag: `"${identity.etag}"`, type: 'text/plain', text: 'second, longer' },
    })
    expect(await resolve('a')).toMatchObject({ generation: 2, size: 14, digests: { sha256: null } })
    expect(door.events).toMatchObject([{ objectId: idOf('a'), operation: 'read', bytes: 14 }])
    const head = await door.client.send(new HeadObjectCommand({ Bucket: 'shared', Key: 'a' }))
    expect(head).toMatchObject({ ETag: `"${identity.etag}"`, ContentLength: 14 })
    expect(await copiesOf('a')).toHaveLength(1)
  })

  it('follows in an observed bucket, where nothing can be written through the door', async () => {
    const { location, bucket } = buckets.observed
    const { identity } = await lay('a', 'first', location)
    await query(
      `insert into object (id, bucket_id, key, generation, placement_version, is_present, principal)
       values ($1, $2, 'a', 1, 1, true, 'user:t')`,
      [idOf('a', 'observed'), bucket.id],
    )
    await query(
      `insert into object_version (object_id, generation, size, etag, last_modified, principal)
       values ($1, 1, 5, $2, now(), 'user:t')`,
      [idOf('a', 'observed'), identity.etag],
    )
    await query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, size, entered_ms, principal)
       values ($1, $2, 1, $3, 'complete', true, $4, 5, 0, 'user:t')`,
      [idOf('a', 'observed'), newId(), location.id, identity.etag],
    )
    expect((await get('a', {}, 'observed')).text).toBe('first')
    await lay('a', 'second', location)
    expect((await get('a', {}, 'observed')).text).toBe('second')
  })

  it('answers ranges, conditions and copies by the new content', async () => {
    await put('ranged', 'a long first content')
    const former = (await get('ranged')).etag
    await lay('ranged', 'short')
    expect((await get('ranged', { Range: 'bytes=1-3' })).text).toBe('hor')
    await lay('ranged', 'third')
    await expect(get('ranged', { IfMatch: former })).rejects.toMatchObject({ name: 'PreconditionFailed' })
    await put('source', 'first')
    await lay('source', 'second')
    const copy = () =>
      door.client.send(
        new CopyObjectCommand({ Bucket: 'shared', Key: 'target', CopySource: 'shared/source' }),
      )
    await expect(copy()).rejects.toMatchObject({ name: 'SlowDown' })
    await copy()
    expect((await get('target')).text).toBe('second')
  })

  it('notices that an empty object is not empty any more', async () => {
    await put('empty', '')
    expect((await get('empty')).text).toBe('')
    await lay('empty', 'full')
    expect((await get('empty')).text).toBe('full')
  })

  it('answers 404 when others removed it, and forgets it', async () => {
    await put('gone', 'first')
    await remove('gone')
    await expect(get('gone')).rejects.toMatchObject({ name: 'NoSuchKey' })
    expect(await resolve('gone')).toBeNull()
    await put('gone', 'anew')
    expect((await get('gone')).text).toBe('anew')
  })

  it('prefers what others wrote over the primary to an older copy elsewhere', async () => {
    await put('both', 'first')
    await addColdCopy('both', 'first')
    await lay('both', 'second')
    expect((await get('both')).text).toBe('second')
    expect(await copiesOf('both')).toMatchObject([
      { state: 'complete', is_primary: true, location_id: door.location.id },
      { state: 'deleting', is_primary: false, location_id: cold.id },
    ])
  })

  it('goes on with another whole copy when others removed the primary', async () => {
    await put('kept', 'first')
    await addColdCopy('kept', 'first')
    await remove('kept')
    expect((await get('kept')).text).toBe('first')
    expect(await copiesOf('kept')).toMatchObject([
      { state: 'complete', is_primary: true, location_id: cold.id },
    ])
    expect(await resolve('kept')).toMatchObject({ generation: 1 })
  })

  it('never adopts in an exclusive bucket', async () => {
    const { location } = buckets.exclusive
    await put('ours', 'first', 'exclusive')
    await lay('ours', 'damage', location)
    await expect(get('ours', {}, 'exclusive')).rejects.toMatchObject({ name: 'SlowDown' })
    await remove('ours', location)
    await expect(get('ours', {}, 'exclusive')).rejects.toMatchObject({ name: 'SlowDown' })
    expect(await resolve('ours', 'exclusive')).toMatchObject({ generation: 1 })
  })

  it('adopts once for many readers at a time', async () => {
    await put('many', 'first')
    await lay('many', 'second')
    const texts = await Promise.all(Array.from({ length: 12 }, () => get('many')))
    expect(new Set(texts.map(({ text }) => text))).toEqual(new Set(['second']))
    expect(await resolve('many')).toMatchObject({ generation: 2 })
  })

  it('stays whole while writers, foreign writers and readers race', async () => {
    const texts = new Set(['0'])
    await put('race', '0')
    const write = async (text: string, how: () => Promise<unknown>) => {
      texts.add(text)
      await how()
    }
    for (let round = 0; round < 15; round++) {
      const [ours, theirs] = [`ours ${round}`, `theirs ${round} ${'x'.repeat(round)}`]
      const [, , ...read] = await Promise.all([
        write(ours, () => put('race', ours)),
        write(theirs, () => lay('race', theirs)),
        ...Array.from({ length: 4 }, () =>
          get('race').then(
            ({ text }) => text,
            (error: { name: string }) => error.name,
          ),
        ),
      ])
      for (const text of read)
        expect(texts.has(text as string) || text === 'SlowDown', String(text)).toBe(true)
      const lies = await door.location.store.get(door.location.container, 'race')
      const chunks: Uint8Array[] = []
      for await (const chunk of lies.body) chunks.push(chunk)
      expect((await get('race')).text).toBe(Buffer.concat(chunks).toString())
    }
  })

  it('does not take a store that cannot say for one that was emptied', async () => {
    if (mounted === undefined) return
    await put('mounted', 'first')
    mounted.isMounted = false
    await expect(get('mounted')).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } })
    mounted.isMounted = true
    expect((await get('mounted')).text).toBe('first')
  })

  it('takes no more than a hundred objects of a bucket out of the catalog in a short time', async () => {
    const keys = Array.from({ length: 105 }, (_, index) => `bulk-${index}`)
    await Promise.all(keys.map(key => put(key, 'x')))
    await Promise.all(keys.map(key => remove(key)))
    const names = new Map<string, number>()
    for (const key of keys) {
      const name = await get(key).then(
        () => 'found',
        (error: { name: string }) => error.name,
      )
      names.set(name, (names.get(name) ?? 0) + 1)
    }
    // One was removed by a test before this one.
    expect(Object.fromEntries(names)).toEqual({ NoSuchKey: 99, SlowDown: 6 })
  })
})
