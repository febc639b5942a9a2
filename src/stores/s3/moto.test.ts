import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, describe, expect, it } from 'vitest'
import { startMoto } from '../../../test/services/s3-server.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { expectFailure, readObject, sampleBytes } from '../contract/samples.ts'
import { s3Credentials, s3Settings } from './config.ts'
import { probeS3Capabilities } from './probe-capabilities.ts'
import { createS3Store } from './s3-store.ts'

const server = await startMoto()

if ('missing' in server) {
  describe('object store contract: s3 (moto)', () => {
    it.skip(`all of it [skipped: ${server.missing}]`)
  })
} else {
  const { endpoint, stop, ...keys } = server
  const credentials = s3Credentials.parse(keys)
  const settings = s3Settings.parse({
    endpoint,
    capabilities: {
      conditionalPut: true,
      conditionalDelete: true,
      conditionalRead: true,
      reportedDigests: [],
      serverSideCopy: true,
      multipartDigests: true,
      storageClasses: ['STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'GLACIER'],
      tags: true,
      encryption: 'on-request',
    },
  })
  afterAll(stop)

  describeObjectStore({
    name: 's3 (moto)',
    keepsEveryKey: false,
    skip: [
      {
        reason: 'moto 5.2.5 answers 404 to keys with a line break instead of refusing them',
        tests: ['keeps keys with control characters, or refuses them'],
      },
      {
        reason: 'moto ignores x-amz-copy-source-if-match; the probe therefore finds no copies there',
        tests: [
          'copies only the bytes with the given identity',
          'changes no storage class of other bytes, nor to one it does not have',
        ],
      },
      {
        reason:
          'moto ignores If-Match of a completion; the probe therefore finds no conditional writes there',
        tests: [
          'copies only where the condition holds',
          'completes only over the bytes with the given identity',
        ],
      },
      {
        reason:
          'moto answers 500 for uploads that are not there, and takes parts for other keys than the upload’s',
        tests: [
          'forgets an aborted upload',
          'completes an upload once',
          'refuses uploads for keys, uploads and containers that are not there',
        ],
      },
      {
        reason: 'moto compares and writes in two steps, so that several of many writers win',
        tests: ['lets one of many writers win where nothing was'],
      },
      {
        reason: 'moto says of every upload that it began in 2010',
        tests: ['lists the uploads at a key until they end'],
      },
    ],
    newStore: async () => ({
      store: createS3Store({ name: 'moto', settings, credentials }),
      dispose: async () => undefined,
    }),
  })

  it('is found out by a probe, which leaves nothing behind', async () => {
    const store = createS3Store({ name: 'moto', settings, credentials })
    await store.ensureContainer('probed')
    const unknown = s3Settings.parse({ endpoint })
    const found = await probeS3Capabilities({
      name: 'p',
      settings: unknown,
      credentials,
      container: 'probed',
    })
    expect(found).toMatchObject({
      vendor: null,
      settings: {
        keys: 'opaque',
        incompleteBodies: 'refused',
        capabilities: {
          conditionalPut: false,
          conditionalDelete: true,
          conditionalRead: true,
          // It takes wrong checksums.
          reportedDigests: [],
          serverSideCopy: false,
          archiveClasses: ['GLACIER', 'DEEP_ARCHIVE'],
          tags: true,
          encryption: 'on-request',
        },
      },
    })
    expect((await store.list('probed')).objects).toEqual([])
    await store.close()
  })

  it('deletes a former version by its name, and nothing else', async () => {
    const client = new S3Client({
      endpoint,
      region: settings.region,
      forcePathStyle: true,
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    })
    await client.send(new CreateBucketCommand({ Bucket: 'versioned' }))
    await client.send(
      new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration: { Status: 'Enabled' } }),
    )
    const capabilities = { ...settings.capabilities, versions: true }
    const store = createS3Store({ name: 'moto', settings: { ...settings, capabilities }, credentials })
    const bytes = sampleBytes(10)
    const { identity: former } = await store.put('versioned', 'k', bytes, { size: 10 })
    const changed = await store.changeStorageClass!('versioned', 'k', 'STANDARD_IA', { onlyIf: former })
    expect(changed.identity.versionId).not.toBe(former.versionId)
    for (let time = 0; time < 2; time++)
      await store.delete('versioned', 'k', { onlyIf: former, isFormer: true })
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: 'versioned' }))
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual([changed.identity.versionId])
    expect(await readObject(store, 'versioned', 'k')).toEqual(bytes)
    client.destroy()
    await store.close()
  })

  it('keeps locks, and says what they hold instead of that a right is missing', async () => {
    const client = new S3Client({
      endpoint,
      region: settings.region,
      forcePathStyle: true,
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    })
    await client.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }))
    client.destroy()
    const capabilities = { ...settings.capabilities, versions: true, objectLock: true }
    const store = createS3Store({ name: 'moto', settings: { ...settings, capabilities }, credentials })
    const until = Math.floor(Date.now() / 1_000) * 1_000 + 86_400_000
    const lock = { retention: { mode: 'governance', until }, legalHold: true } as const
    const { identity } = await store.put('locked', 'k', sampleBytes(10), { size: 10, lock })
    expect((await store.head('locked', 'k')).lock).toEqual(lock)
    await expectFailure(store.delete('locked', 'k', { onlyIf: identity }), 'locked')
    const change = store.changeStorageClass!('locked', 'k', 'STANDARD_IA', { onlyIf: identity })
    await expectFailure(change, 'locked')
    await store.close()
  })
}
