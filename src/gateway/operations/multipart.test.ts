import { createHash, randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { BodyDigests } from '../body/digests.ts'

const Bucket = 'big-things'
const PART = 5 * 1024 * 1024

describe.each(['memory', 'filesystem'] as const)('multipart uploads through the AWS SDK, %s store', kind => {
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

  const create = async (Key: string, more: object = {}) =>
    (await door.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId!
  const part = async (Key: string, UploadId: string, PartNumber: number, Body: Buffer) =>
    (await door.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))).ETag!
  const complete = (Key: string, UploadId: string, parts: [number, string][], more: object = {}) =>
    door.client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: parts.map(([PartNumber, ETag]) => ({ PartNumber, ETag })) },
        ...more,
      }),
    )
  const read = async (Key: string, more: object = {}) => {
    const found = await door.client.send(new GetObjectCommand({ Bucket, Key, ...more }))
    return Buffer.from(await found.Body!.transformToByteArray())
  }

  it('makes one object of the parts, with the ETag of parts and a whole CRC', async () => {
    const bodies = [randomBytes(PART), randomBytes(PART + 7), randomBytes(11)]
    const id = await create('whole', { ContentType: 'video/x', Metadata: { a: 'b' } })
    const etags = await Promise.all(bodies.map((body, index) => part('whole', id, index + 1, body)))
    const listed = await door.client.send(
      new ListPartsCommand({ Bucket, Key: 'whole', UploadId: id, MaxParts: 2 }),
    )
    expect(listed.Parts?.map(found => found.Size)).toEqual([PART, PART + 7])
    expect(listed.IsTruncated).toBe(true)
    const uploads = await door.client.send(new ListMultipartUploadsCommand({ Bucket }))
    expect(uploads.Uploads?.map(upload => upload.UploadId)).toContain(id)

    const parts = etags.map((etag, index): [number, string] => [index + 1, etag])
    const done = await complete('whole', id, parts)
    const md5s = Buffer.concat(bodies.map(body => createHash('md5').update(body).digest()))
    expect(done.ETag).toBe(`"${createHash('md5').update(md5s).digest('hex')}-3"`)
    const whole = Buffer.concat(bodies)
    const crc = BodyDigests.start(['crc64nvme'])
    crc.update(whole)
    expect(done.ChecksumCRC64NVME).toBe(crc.finish().get('crc64nvme')!.toString('base64'))
    expect((await read('whole')).equals(whole)).toBe(true)
    expect((await read('whole', { PartNumber: 2 })).equals(bodies[1]!)).toBe(true)
    expect(
      await door.client.send(new HeadObjectCommand({ Bucket, Key: 'whole', PartNumber: 3 })),
    ).toMatchObject({
      PartsCount: 3,
      ContentLength: 11,
      ContentType: 'video/x',
      Metadata: { a: 'b' },
    })

    const again = await complete('whole', id, parts)
    expect(again.ETag).toBe(done.ETag)
    await expect(part('whole', id, 4, Buffer.from('x'))).rejects.toMatchObject({ name: 'NoSuchUpload' })
  })

  it('refuses small parts, unknown parts and parts out of order, and shows nothing', async () => {
    const id = await create('refused')
    const one = await part('refused', id, 1, Buffer.from('small'))
    const two = await part('refused', id, 2, Buffer.from('last'))
    await expect(
      complete('refused', id, [
        [1, one],
        [2, two],
      ]),
    ).rejects.toMatchObject({ name: 'EntityTooSmall' })
    await expect(
      complete('refused', id, [
        [2, two],
        [1, one],
      ]),
    ).rejects.toMatchObject({ name: 'InvalidPartOrder' })
    await expect(complete('refused', id, [[1, two]])).rejects.toMatchObject({ name: 'InvalidPart' })
    await expect(complete('refused', id, [[7, two]])).rejects.toMatchObject({ name: 'InvalidPart' })
    await expect(read('refused')).rejects.toMatchObject({ name: 'NoSuchKey' })
    await door.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'refused', UploadId: id }))
    await expect(complete('refused', id, [[1, one]])).rejects.toMatchObject({ name: 'NoSuchUpload' })
  })

  it('keeps the object when a conditional Complete comes too late', async () => {
    const id = await create('taken')
    const one = await part('taken', id, 1, Buffer.from('from parts'))
    await door.client.send(new PutObjectCommand({ Bucket, Key: 'taken', Body: 'first' }))
    await expect(complete('taken', id, [[1, one]], { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    expect((await read('taken')).toString()).toBe('first')
    await complete('taken', id, [[1, one]])
    expect((await read('taken')).toString()).toBe('from parts')
  })

  it('replaces a part that is sent again, and answers two Completes at once alike', async () => {
    const id = await create('twice')
    await part('twice', id, 1, Buffer.from('wrong'))
    const one = await part('twice', id, 1, Buffer.from('right'))
    const answers = await Promise.all([complete('twice', id, [[1, one]]), complete('twice', id, [[1, one]])])
    expect(answers[0].ETag).toBe(answers[1].ETag)
    expect((await read('twice')).toString()).toBe('right')
  })

  it('copies ranges of an object into parts', async () => {
    const body = randomBytes(PART * 2 + 100)
    await door.client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: body }))
    const id = await create('copied')
    const ranges = [`bytes=0-${PART - 1}`, `bytes=${PART}-${body.length - 1}`]
    const parts: [number, string][] = []
    for (const [index, CopySourceRange] of ranges.entries()) {
      const copied = await door.client.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: 'copied',
          UploadId: id,
          PartNumber: index + 1,
          CopySource: `${Bucket}/source`,
          CopySourceRange,
        }),
      )
      parts.push([index + 1, copied.CopyPartResult!.ETag!])
    }
    await complete('copied', id, parts)
    expect((await read('copied')).equals(body)).toBe(true)
    await expect(
      door.client.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: 'copied',
          UploadId: await create('copied'),
          PartNumber: 1,
          CopySource: `${Bucket}/source`,
          CopySourceRange: `bytes=0-${body.length}`,
        }),
      ),
    ).rejects.toMatchObject({ name: 'InvalidRange' })
  })

  it('takes what lib-storage streams', async () => {
    const body = randomBytes(PART * 3 + 5)
    await new Upload({ client: door.client, params: { Bucket, Key: 'streamed', Body: body } }).done()
    expect((await read('streamed')).equals(body)).toBe(true)
  })
})
