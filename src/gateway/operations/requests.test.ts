import { createHash } from 'node:crypto'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetObjectTorrentCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, TEST_SECRET, type TestGateway } from '../../../test/builders/gateway.ts'

const Bucket = 'requests'

describe('requests through the AWS SDK', () => {
  let testDatabase: TestDatabase
  let door: TestGateway

  beforeAll(async () => {
    testDatabase = await createTestDatabase({ connectionsMax: 12 })
    door = await startTestGateway({ database: testDatabase.database })
    await door.addBucket(Bucket)
  })
  afterAll(async () => {
    await door.close()
    await testDatabase.drop()
  })

  const put = (Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) =>
    door.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
  const read = async (Key: string, more: object = {}) =>
    (await door.client.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body!.transformToString()
  const md5 = (text: string) => createHash('md5').update(text).digest('hex')

  it('makes, shows and removes buckets', async () => {
    await door.client.send(new CreateBucketCommand({ Bucket: 'made-here' }))
    await expect(door.client.send(new CreateBucketCommand({ Bucket: 'made-here' }))).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    })
    await expect(door.client.send(new CreateBucketCommand({ Bucket: 'No_Name' }))).rejects.toMatchObject({
      name: 'InvalidBucketName',
    })
    const listed = await door.client.send(new ListBucketsCommand({}))
    expect(listed.Buckets?.map(bucket => bucket.Name)).toEqual(['made-here', Bucket])
    await door.client.send(new HeadBucketCommand({ Bucket: 'made-here' }))
    await door.client.send(new PutObjectCommand({ Bucket: 'made-here', Key: 'x', Body: 'x' }))
    await expect(door.client.send(new DeleteBucketCommand({ Bucket: 'made-here' }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    })
    await door.client.send(new DeleteObjectCommand({ Bucket: 'made-here', Key: 'x' }))
    // The bytes have not been swept away yet.
    await expect(door.client.send(new DeleteBucketCommand({ Bucket: 'made-here' }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    })
    await testDatabase.database.query(`delete from copy where state = 'deleting'`)
    await door.client.send(new DeleteBucketCommand({ Bucket: 'made-here' }))
    await expect(door.client.send(new HeadBucketCommand({ Bucket: 'made-here' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    })
  })

  it('keeps equal keys of two buckets of one container apart', async () => {
    await door.addBucket('neighbour')
    await put('same', 'mine')
    await door.client.send(new PutObjectCommand({ Bucket: 'neighbour', Key: 'same', Body: 'theirs' }))
    expect(await read('same')).toBe('mine')
    expect(await read('same', { Bucket: 'neighbour' })).toBe('theirs')
    await put('dim-bucket=neighbour/same', 'looks like theirs')
    expect(await read('same', { Bucket: 'neighbour' })).toBe('theirs')
    expect(await read('dim-bucket=neighbour/same')).toBe('looks like theirs')
  })

  it('answers questions about the bucket', async () => {
    expect(
      (await door.client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint,
    ).toBeUndefined()
    expect((await door.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined()
    expect((await door.client.send(new GetBucketAclCommand({ Bucket }))).Grants?.[0]?.Permission).toBe(
      'FULL_CONTROL',
    )
    await expect(door.client.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchBucketPolicy',
    })
    await expect(door.client.send(new GetBucketCorsCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchCORSConfiguration',
    })
    await put('acl', 'x')
    expect((await door.client.send(new GetObjectAclCommand({ Bucket, Key: 'acl' }))).Grants).toHaveLength(1)
    await expect(door.client.send(new GetObjectTorrentCommand({ Bucket, Key: 'acl' }))).rejects.toMatchObject(
      { name: 'NotImplemented' },
    )
    await expect(
      door.client.send(new ListObjectsV2Command({ Bucket: 'no-such-bucket' })),
    ).rejects.toMatchObject({ name: 'NoSuchBucket' })
  })

  it('judges the conditions of reads', async () => {
    await put('conditions', 'x')
    const ETag = `"${md5('x')}"`
    const past = new Date(Date.now() - 3_600_000)
    const future = new Date(Date.now() + 3_600_000)
    expect(await read('conditions', { IfMatch: ETag, IfUnmodifiedSince: past })).toBe('x')
    await expect(read('conditions', { IfMatch: '"no"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    await expect(read('conditions', { IfUnmodifiedSince: past })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    for (const condition of [{ IfNoneMatch: ETag }, { IfModifiedSince: future }]) {
      await expect(read('conditions', condition)).rejects.toMatchObject({
        $metadata: { httpStatusCode: 304 },
      })
    }
    expect(await read('conditions', { IfNoneMatch: '"no"', IfModifiedSince: future })).toBe('x')
  })

  it('judges the conditions of writes', async () => {
    await put('once', 'first', { IfNoneMatch: '*' })
    await expect(put('once', 'second', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    await expect(put('once', 'second', { IfMatch: '"no"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    await put('once', 'second', { IfMatch: `"${md5('first')}"` })
    expect(await read('once')).toBe('second')
    await expect(put('never', 'x', { IfMatch: '"any"' })).rejects.toMatchObject({ name: 'NoSuchKey' })
    await expect(
      door.client.send(new DeleteObjectCommand({ Bucket, Key: 'once', IfMatch: '"no"' })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' })
    expect(await read('once')).toBe('second')
  })

  it('refuses wrong digests and shows nothing of them', async () => {
    await expect(
      put('wrong', 'x', { ContentMD5: createHash('md5').update('y').digest('base64') }),
    ).rejects.toMatchObject({ name: 'BadDigest' })
    await expect(put('wrong', 'x', { ContentMD5: 'nonsense' })).rejects.toMatchObject({
      name: 'InvalidDigest',
    })
    await expect(put('wrong', 'x', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({
      name: 'BadDigest',
    })
    await expect(put('wrong', 'x', { ChecksumSHA256: 'bad' })).rejects.toMatchObject({
      name: 'InvalidRequest',
    })
    await expect(read('wrong')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'verifies %s and gives it back',
    async algorithm => {
      const written = await put(`sum-${algorithm}`, 'checked', { ChecksumAlgorithm: algorithm })
      expect(written[`Checksum${algorithm}`]).toEqual(expect.any(String))
      const head = await door.client.send(
        new HeadObjectCommand({ Bucket, Key: `sum-${algorithm}`, ChecksumMode: 'ENABLED' }),
      )
      expect(head.ChecksumSHA256).toBe(createHash('sha256').update('checked').digest('base64'))
      expect(head.ChecksumType).toBe('FULL_OBJECT')
    },
  )

  it('lets a reader replace headers of one answer', async () => {
    await put('override', 'x', { ContentType: 'text/plain' })
    const found = await door.client.send(
      new GetObjectCommand({
        Bucket,
        Key: 'override',
        ResponseContentType: 'application/x-other',
        ResponseContentDisposition: 'attachment; filename="a b"',
      }),
    )
    await found.Body?.transformToByteArray()
    expect(found.ContentType).toBe('application/x-other')
    expect(found.ContentDisposition).toBe('attachment; filename="a b"')
  })

  it('copies with and without metadata, and over itself only with new metadata', async () => {
    await put('copy me/é', 'content', { Metadata: { a: '1' }, ContentType: 'text/x', Tagging: 't=1' })
    const CopySource = `${Bucket}/${encodeURIComponent('copy me/é')}`
    await door.client.send(new CopyObjectCommand({ Bucket, Key: 'kept', CopySource }))
    const kept = await door.client.send(new HeadObjectCommand({ Bucket, Key: 'kept' }))
    expect(kept).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/x', TagCount: 1 })
    await door.client.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'replaced',
        CopySource,
        MetadataDirective: 'REPLACE',
        Metadata: { b: '2' },
      }),
    )
    const replaced = await door.client.send(new HeadObjectCommand({ Bucket, Key: 'replaced' }))
    expect(replaced.Metadata).toEqual({ b: '2' })
    const self = { Bucket, Key: 'copy me/é', CopySource }
    await expect(door.client.send(new CopyObjectCommand(self))).rejects.toMatchObject({
      name: 'InvalidRequest',
    })
    await door.client.send(
      new CopyObjectCommand({ ...self, MetadataDirective: 'REPLACE', Metadata: { c: '3' } }),
    )
    expect((await door.client.send(new HeadObjectCommand(self))).Metadata).toEqual({ c: '3' })
    expect(await read('copy me/é')).toBe('content')
    await expect(
      door.client.send(new CopyObjectCommand({ Bucket, Key: 'no', CopySource, CopySourceIfMatch: '"no"' })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' })
    await expect(
      door.client.send(new CopyObjectCommand({ Bucket, Key: 'no', CopySource: `${Bucket}/nothing` })),
    ).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  it('keeps tags apart from content', async () => {
    await put('tagged', 'x')
    const before = await door.client.send(new HeadObjectCommand({ Bucket, Key: 'tagged' }))
    const TagSet = [{ Key: 'k & <', Value: 'v "é"' }]
    await door.client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging: { TagSet } }))
    const tags = await door.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' }))
    expect(tags.TagSet).toEqual(TagSet)
    const after = await door.client.send(new HeadObjectCommand({ Bucket, Key: 'tagged' }))
    expect(after.LastModified).toEqual(before.LastModified)
    await door.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' }))
    expect((await door.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' }))).TagSet).toEqual(
      [],
    )
  })

  it('deletes many, each with its outcome', async () => {
    await put('many/ a', 'x')
    await put('many/<b>', 'x')
    const done = await door.client.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: {
          Objects: [{ Key: 'many/ a' }, { Key: 'many/<b>' }, { Key: 'many/none' }, { Key: 'k'.repeat(1025) }],
        },
      }),
    )
    expect(done.Deleted?.map(entry => entry.Key)).toEqual(['many/ a', 'many/<b>', 'many/none'])
    expect(done.Errors?.[0]?.Code).toBe('KeyTooLongError')
    expect(
      (await door.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'many/' }))).Contents,
    ).toBeUndefined()
  })

  it('lists versions and both kinds of listing with url encoding', async () => {
    await put('list/a b', 'x')
    await put('list/sub/c', 'x')
    const versions = await door.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'list/' }))
    expect(versions.Versions?.map(version => [version.Key, version.VersionId, version.IsLatest])).toEqual([
      ['list/a b', 'null', true],
      ['list/sub/c', 'null', true],
    ])
    const first = await door.client.send(
      new ListObjectsCommand({ Bucket, Prefix: 'list/', Delimiter: '/', EncodingType: 'url' }),
    )
    expect(first.Contents?.[0]?.Key).toBe('list/a%20b')
    expect(first.CommonPrefixes).toEqual([{ Prefix: 'list/sub/' }])
  })

  it('serves presigned addresses', async () => {
    const url = await getSignedUrl(
      door.client,
      new PutObjectCommand({ Bucket, Key: 'signed é', ContentType: 'text/x' }),
      { expiresIn: 60 },
    )
    const written = await fetch(url, {
      method: 'PUT',
      body: 'by address',
      headers: { 'content-type': 'text/x' },
    })
    expect(written.status).toBe(200)
    const readUrl = await getSignedUrl(door.client, new GetObjectCommand({ Bucket, Key: 'signed é' }), {
      expiresIn: 60,
    })
    expect(await (await fetch(readUrl)).text()).toBe('by address')
    expect((await fetch(readUrl.replace('signed', 'other'))).status).toBe(403)
  })

  it('finds the bucket in the host name', async () => {
    await put('virtual', 'hosted')
    const client = door.clientWith({ forcePathStyle: false, endpoint: `http://s3.test:${door.server.port}` })
    client.middlewareStack.add(
      next => args => {
        // The name does not resolve; the connection goes where the gateway listens.
        const request = args.request as { hostname: string }
        request.hostname = '127.0.0.1'
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    const found = await client.send(new GetObjectCommand({ Bucket, Key: 'virtual' }))
    expect(await found.Body?.transformToString()).toBe('hosted')
  })

  it('holds access keys to their buckets and rights', async () => {
    const other = await door.addBucket('other-bucket')
    await door.addAccessKey({ id: 'ONLYOTHER', bucketIds: [other.id] })
    await door.addAccessKey({ id: 'READSONLY', mayWrite: false })
    await put('guarded', 'x')
    const as = (accessKeyId: string) =>
      door.clientWith({ credentials: { accessKeyId, secretAccessKey: TEST_SECRET } })
    const denied = { name: 'AccessDenied' }
    const limited = as('ONLYOTHER')
    await expect(limited.send(new GetObjectCommand({ Bucket, Key: 'guarded' }))).rejects.toMatchObject(denied)
    await expect(
      limited.send(
        new CopyObjectCommand({ Bucket: 'other-bucket', Key: 'x', CopySource: `${Bucket}/guarded` }),
      ),
    ).rejects.toMatchObject(denied)
    const listed = await limited.send(new ListBucketsCommand({}))
    expect(listed.Buckets?.map(bucket => bucket.Name)).toEqual(['other-bucket'])
    const reader = as('READSONLY')
    await expect(
      reader.send(new PutObjectCommand({ Bucket, Key: 'guarded', Body: 'y' })),
    ).rejects.toMatchObject(denied)
    const found = await reader.send(new GetObjectCommand({ Bucket, Key: 'guarded' }))
    expect(await found.Body?.transformToString()).toBe('x')
    await door.addBucket('watched', { mode: 'observed' })
    await expect(
      door.client.send(new PutObjectCommand({ Bucket: 'watched', Key: 'x', Body: 'y' })),
    ).rejects.toMatchObject(denied)
  })

  it('leaves an access event for each read and write', async () => {
    door.events.length = 0
    await put('heard', '0123456789')
    await read('heard', { Range: 'bytes=0-3' })
    await door.client.send(new HeadObjectCommand({ Bucket, Key: 'heard' }))
    await door.client.send(new DeleteObjectCommand({ Bucket, Key: 'heard' }))
    expect(door.events.map(event => [event.operation, event.bytes, event.readerClass])).toEqual([
      ['write', 10, 'application'],
      ['read', 4, 'application'],
      ['head', 0, 'application'],
      ['delete', 0, 'application'],
    ])
    expect(door.events[1]?.locationId).toBe(door.location.id)
  })
})
