import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { Sha256 } from '@aws-crypto/sha256-js'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import {
  startTestGateway,
  TEST_ACCESS_KEY,
  TEST_SECRET,
  type TestGateway,
} from '../../../test/builders/gateway.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'

const Bucket = 'interrupted'

/** A store that can be told to fail after it did what was asked, as when the way back is cut. */
function forgetfulStore(): ObjectStore & { failAfterPut: boolean; down: boolean } {
  const inner = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
  const lost = (operation: string, retry: 'yes' | 'unknown-outcome') =>
    new StoreError({ kind: 'unreachable', retry, store: 'hot', operation, message: 'the test cut the wire' })
  const store = {
    ...inner,
    failAfterPut: false,
    down: false,
    async put(...args: Parameters<ObjectStore['put']>) {
      const result = await inner.put(...args)
      if (store.failAfterPut) throw lost('put', 'unknown-outcome')
      return result
    },
    async get(...args: Parameters<ObjectStore['get']>) {
      if (store.down) throw lost('get', 'yes')
      return inner.get(...args)
    },
  }
  return store
}

describe('interrupted writes and reads', () => {
  let testDatabase: TestDatabase
  let door: TestGateway
  let bucketId: string
  const store = forgetfulStore()

  beforeAll(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 12 })
    door = await startTestGateway({
      database: testDatabase.database,
      store,
      limits: { intentAgeMs: 0, inMemoryBytesMax: 1_000_000 },
    })
    bucketId = (await door.addBucket(Bucket)).id
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const put = (Key: string, Body: string) => door.client.send(new PutObjectCommand({ Bucket, Key, Body }))
  const read = async (Key: string) =>
    (await door.client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString()
  const openIntents = async () =>
    (await testDatabase.database.query('select id from write_intent')).rows.length

  async function rawPut(
    key: string,
    facts: { headers: Record<string, string>; body: string; contentLength?: number },
  ): Promise<string> {
    const host = `127.0.0.1:${door.server.port}`
    const signer = new SignatureV4({
      service: 's3',
      region: 'us-east-1',
      sha256: Sha256,
      uriEscapePath: false,
      credentials: { accessKeyId: TEST_ACCESS_KEY, secretAccessKey: TEST_SECRET },
    })
    const request = await signer.sign({
      method: 'PUT',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: `/${Bucket}/${key}`,
      headers: { host, ...facts.headers },
    })
    const length = facts.contentLength ?? Buffer.byteLength(facts.body)
    const head = Object.entries({ ...request.headers, 'content-length': String(length) })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')
    return new Promise((resolve, reject) => {
      const socket = connect(door.server.port, '127.0.0.1')
      let answer = ''
      socket.on('data', data => {
        answer += data.toString()
        socket.end()
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
      socket.write(`PUT /${Bucket}/${key} HTTP/1.1\r\n${head}\r\n${facts.body}`)
      if (facts.contentLength !== undefined) socket.end()
    })
  }

  it.each([1_000, 3_000_000])('shows nothing of a body of %i bytes that breaks off', async size => {
    await rawPut(`cut-${size}`, {
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      body: 'x'.repeat(size / 2),
      contentLength: size,
    })
    await expect.poll(openIntents).toBe(0)
    await expect(read(`cut-${size}`)).rejects.toMatchObject({ name: 'NoSuchKey' })
    const native = await store.list(door.location.container)
    expect(native.objects.map(object => object.key)).not.toContain(`cut-${size}`)
  })

  it('refuses a body that is not what was signed', async () => {
    const answer = await rawPut('forged', {
      headers: { 'x-amz-content-sha256': createHash('sha256').update('honest').digest('hex') },
      body: 'forged',
    })
    expect(answer).toContain('XAmzContentSHA256Mismatch')
    await expect(read('forged')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  it('refuses a chunk whose signature is wrong, and a trailer that does not fit', async () => {
    const chunked = await rawPut('chunked', {
      headers: {
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'x-amz-decoded-content-length': '5',
        'content-encoding': 'aws-chunked',
      },
      body: `5;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`,
    })
    expect(chunked).toContain('SignatureDoesNotMatch')
    const trailer = (checksum: string) =>
      rawPut('chunked', {
        headers: {
          'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
          'x-amz-decoded-content-length': '5',
          'x-amz-trailer': 'x-amz-checksum-crc32',
        },
        body: `5\r\nhello\r\n0\r\n${checksum}\r\n`,
      })
    expect(await trailer('x-amz-checksum-crc32:AAAAAA==\r\n')).toContain('BadDigest')
    expect(await trailer('')).toContain('InvalidRequest')
    await expect(read('chunked')).rejects.toMatchObject({ name: 'NoSuchKey' })
    expect(await trailer('x-amz-checksum-crc32:NhCmhg==\r\n')).toContain('200 OK')
    expect(await read('chunked')).toBe('hello')
  })

  it('rolls a write forward that was published but not committed, when it is read', async () => {
    await put('published', 'old')
    store.failAfterPut = true
    await expect(put('published', 'new')).rejects.toMatchObject({ name: 'InternalError' })
    store.failAfterPut = false
    expect(await openIntents()).toBe(1)
    expect(await read('published')).toBe('new')
    expect(await openIntents()).toBe(0)
  })

  it('rolls forward after a restart, and drops what was never published', async () => {
    store.failAfterPut = true
    await expect(put('restart', 'content')).rejects.toMatchObject({ name: 'InternalError' })
    store.failAfterPut = false
    await testDatabase.database.query(
      `insert into write_intent (id, object_id, bucket_id, key, copy_id, location_id, native_key, version,
                                 state, boot_id, principal)
       select gen_random_uuid(), $1, bucket_id, 'never', gen_random_uuid(), location_id, 'never', version,
              'open', boot_id, principal
       from write_intent`,
      [objectIdOf(bucketId, 'never')],
    )
    const successor = await startTestGateway({
      database: testDatabase.database,
      successorOf: door,
      limits: { intentAgeMs: 0 },
    })
    expect(await successor.gateway.recoverIntents()).toEqual({ rolledForward: 1, dropped: 1, left: 0 })
    await successor.close()
    expect(await read('restart')).toBe('content')
    await expect(read('never')).rejects.toMatchObject({ name: 'NoSuchKey' })
    expect(await openIntents()).toBe(0)
  })

  it('answers SlowDown, never 404, when the store is down, and reads another copy when there is one', async () => {
    await put('down', 'content')
    store.down = true
    await expect(read('down')).rejects.toMatchObject({
      name: 'SlowDown',
      $metadata: { httpStatusCode: 503 },
    })
    const other = await door.addLocation(
      'other',
      createMemoryStore({ name: 'other', settings: { capacityBytes: 2 ** 20 } }),
    )
    const { identity } = await other.store.put(other.container, 'down', Buffer.from('content'), { size: 7 })
    await testDatabase.database.query(
      `insert into copy (object_id, id, generation, location_id, state, is_primary, etag, version_id, size,
                         entered_ms, grace_until_ms, principal)
       values ($1, gen_random_uuid(), 1, $2, 'grace', false, $3, $4, 7, 0, 1, 'system:test')`,
      [objectIdOf(bucketId, 'down'), other.id, identity.etag, identity.versionId],
    )
    expect(await read('down')).toBe('content')
    store.down = false
  })

  it('is linearizable per key while many write and read it', async () => {
    const values = Array.from({ length: 24 }, (_, index) => `value-${index}`.padEnd(2_000, '.'))
    await put('contended', values[0]!)
    const seen = new Set<string>()
    const readers = Array.from({ length: 4 }, async () => {
      for (let turn = 0; turn < 15; turn++) seen.add(await read('contended'))
    })
    await Promise.all([...values.map(value => put('contended', value)), ...readers])
    for (const value of seen) expect(values).toContain(value)
    const { rows } = await testDatabase.database.query(
      `select o.generation, (select count(*)::integer from copy c where c.object_id = o.id) as copies
       from object o where o.id = $1`,
      [objectIdOf(bucketId, 'contended')],
    )
    expect(rows[0]).toEqual({ generation: values.length + 1, copies: 1 })
    const listed = await door.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'contended' }))
    const last = await read('contended')
    expect(listed.Contents?.[0]?.ETag).toBe(`"${createHash('md5').update(last).digest('hex')}"`)
  })

  it('counts the bytes that left when the client hangs up', async () => {
    await put('hang-up', 'x'.repeat(900_000))
    door.events.length = 0
    const controller = new AbortController()
    const found = await door.client.send(new GetObjectCommand({ Bucket, Key: 'hang-up' }), {
      abortSignal: controller.signal,
    })
    controller.abort()
    ;(found.Body as { destroy?(): void }).destroy?.()
    await expect.poll(() => door.events.length).toBe(1)
    expect(door.events[0]).toMatchObject({ operation: 'read' })
    expect(door.events[0]!.bytes).toBeLessThanOrEqual(900_000)
  })
})
