import { createHash, randomBytes } from 'node:crypto'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'

const Bucket = 'things'

describe.each(['memory', 'filesystem'] as const)('objects through the AWS SDK, %s store', kind => {
  let testDatabase: TestDatabase
  let door: TestGateway

  beforeAll(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 12 })
    door = await startTestGateway({ database: testDatabase.database, kind })
    await door.addBucket(Bucket)
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const put = (Key: string, Body: Buffer | string, more: object = {}) =>
    door.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
  const get = (Key: string, more: object = {}) =>
    door.client.send(new GetObjectCommand({ Bucket, Key, ...more }))
  const read = async (Key: string, more: object = {}) =>
    Buffer.from(await (await get(Key, more)).Body!.transformToByteArray())

  it('gives back what was put, with its headers and metadata', async () => {
    const body = randomBytes(100_000)
    const written = await put('a/b.bin', body, {
      ContentType: 'image/x-test',
      CacheControl: 'max-age=5',
      Metadata: { Colour: 'blue', 'with-dash': 'x y' },
      Tagging: 'a=1&b=2',
    })
    const etag = `"${createHash('md5').update(body).digest('hex')}"`
    expect(written.ETag).toBe(etag)
    const found = await get('a/b.bin')
    expect(Buffer.from(await found.Body!.transformToByteArray()).equals(body)).toBe(true)
    expect(found).toMatchObject({
      ETag: etag,
      ContentType: 'image/x-test',
      CacheControl: 'max-age=5',
      ContentLength: body.length,
      Metadata: { colour: 'blue', 'with-dash': 'x y' },
      TagCount: 2,
    })
    expect(await door.client.send(new HeadObjectCommand({ Bucket, Key: 'a/b.bin' }))).toMatchObject({
      ETag: etag,
      ContentLength: body.length,
      ContentType: 'image/x-test',
    })
  })

  it.each([0, 1, 65_536, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 40_000_003])('keeps %i bytes', async size => {
    const body = randomBytes(size)
    await put(`size-${size}`, body)
    expect((await read(`size-${size}`)).equals(body)).toBe(true)
    const head = await door.client.send(new HeadObjectCommand({ Bucket, Key: `size-${size}` }))
    expect(head.ETag).toBe(`"${createHash('md5').update(body).digest('hex')}"`)
  })

  it('reads ranges', async () => {
    await put('range', '0123456789')
    expect((await read('range', { Range: 'bytes=2-4' })).toString()).toBe('234')
    expect((await read('range', { Range: 'bytes=-3' })).toString()).toBe('789')
    expect((await read('range', { Range: 'bytes=7-' })).toString()).toBe('789')
    expect((await read('range', { Range: 'bytes=0-1,4-5' })).toString()).toBe('0123456789')
    await expect(get('range', { Range: 'bytes=10-' })).rejects.toMatchObject({ name: 'InvalidRange' })
  })

  it('deletes, and says so', async () => {
    await put('gone', 'x')
    await door.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
    await expect(get('gone')).rejects.toMatchObject({ name: 'NoSuchKey' })
    await door.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
    await put('gone', 'y')
    expect((await read('gone')).toString()).toBe('y')
  })

  it.each(['a//b', '../up', './here', '/lead', 'trail/', 'snow☃/𝄞', 'sp ace+plus%25', 'é', "quote'(!)*"])(
    'keeps the key %s exactly',
    async key => {
      await put(key, key)
      expect((await read(key)).toString()).toBe(key)
      const listed = await door.client.send(new ListObjectsV2Command({ Bucket, Prefix: key }))
      expect(listed.Contents?.map(entry => entry.Key)).toContain(key)
    },
  )

  it('refuses a key of 1,025 bytes and takes one of 1,024', async () => {
    await put('k'.repeat(1024), 'x')
    expect((await read('k'.repeat(1024))).toString()).toBe('x')
    await expect(put('k'.repeat(1025), 'x')).rejects.toMatchObject({ name: 'KeyTooLongError' })
  })
})
