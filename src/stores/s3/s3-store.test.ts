import { afterAll, describe, expect, it } from 'vitest'
import { startS3Server } from '../../../test/services/s3-server.ts'
import { MIB } from '../../domain/bytes.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { digestsOf, expectFailure, readObject, sampleBytes } from '../contract/samples.ts'
import { s3Credentials, s3Settings } from './config.ts'
import { copyInParts } from './copy-within.ts'
import { probeS3Capabilities } from './probe-capabilities.ts'
import { S3Connection } from './s3-connection.ts'
import { createS3Multipart } from './s3-multipart.ts'
import { createS3Store } from './s3-store.ts'
import { S3Wire } from './s3-wire.ts'

const server = await startS3Server()

if ('missing' in server) {
  describe('object store contract: s3', () => {
    it.skip(`all of it [skipped: ${server.missing}]`)
  })
} else {
  const credentials = s3Credentials.parse({
    accessKeyId: server.accessKeyId,
    secretAccessKey: server.secretAccessKey,
  })
  const settings = s3Settings.parse({
    endpoint: server.endpoint,
    keys: 'paths',
    reservedPrefixes: ['.sgwtmp'],
    capabilities: {
      conditionalPut: true,
      conditionalDelete: true,
      conditionalRead: true,
      reportedDigests: ['crc64nvme', 'sha256'],
      serverSideCopy: true,
      multipartDigests: true,
      tags: true,
      encryption: 'none',
    },
  })
  afterAll(server.stop)

  describeObjectStore({
    name: 's3 (versitygw)',
    keepsEveryKey: false,
    newStore: async () => ({
      store: createS3Store({ name: 'versitygw', settings, credentials }),
      dispose: async () => undefined,
    }),
  })

  describeObjectStore({
    name: 's3 (versitygw, with nothing found out about it)',
    keepsEveryKey: false,
    newStore: async () => ({
      store: createS3Store({ name: 'versitygw', settings: { ...settings, capabilities: {} }, credentials }),
      dispose: async () => undefined,
    }),
  })

  it('copies a large object inside the server in ranges', async () => {
    const connection = new S3Connection({ name: 'versitygw', settings, credentials })
    const wire = new S3Wire({ settings, credentials })
    const store = createS3Store({ name: 'versitygw', settings, credentials })
    const multipart = createS3Multipart(connection, wire, { wantsDigest: false })
    const parts = { connection, wire, multipart, head: store.head, put: store.put }
    await store.ensureContainer('copied')
    const bytes = sampleBytes(11 * MIB + 1)
    const { identity } = await store.put('copied', 'a', bytes, { size: bytes.length })
    const from = { container: 'copied', key: 'a', identity }
    const to = { container: 'copied', key: 'b' }
    const facts = { headers: { contentType: 'text/x' }, metadata: { a: 'ü' }, tags: { t: 'v' } }
    const copied = await copyInParts(parts, from, to, { size: bytes.length, ...facts }, 5 * MIB)
    expect(copied.digests).toEqual({ crc64nvme: (await digestsOf(bytes)).crc64nvme })
    expect(await store.head('copied', 'b', { withTags: true })).toMatchObject(facts)
    expect((await readObject(store, 'copied', 'b')).equals(bytes)).toBe(true)
    const strange = { ...from, identity: { etag: 'nope', versionId: null } }
    const refused = copyInParts(parts, strange, to, { size: bytes.length }, 5 * MIB)
    await expectFailure(refused, 'precondition-failed')
    expect(await store.multipart!.list!('copied', 'b')).toEqual([])
    connection.close()
    await wire.close()
    await store.close()
  })

  describe('probing an s3 server', () => {
    it('finds out what it does and leaves nothing behind', async () => {
      const store = createS3Store({ name: 'versitygw', settings, credentials })
      await store.ensureContainer('probed')
      const unknown = s3Settings.parse({ endpoint: server.endpoint })
      const found = await probeS3Capabilities({
        name: 'p',
        settings: unknown,
        credentials,
        container: 'probed',
      })
      expect(found.vendor).toBe('versitygw')
      expect(found.settings).toEqual({
        keys: 'paths',
        incompleteBodies: 'kept',
        reservedPrefixes: ['.sgwtmp'],
        capabilities: {
          ...settings.capabilities,
          conditionalCopy: false,
          storageClasses: [],
          versions: false,
          objectLock: false,
        },
      })
      expect((await store.list('probed')).objects).toEqual([])
      await store.close()
    })

    it('fails for a bucket that is not there', async () => {
      const probe = probeS3Capabilities({ name: 'p', settings, credentials, container: 'not-there' })
      await expectFailure(probe, 'container-not-found')
    })

    it('tells wrong credentials', async () => {
      const wrong = s3Credentials.parse({ accessKeyId: server.accessKeyId, secretAccessKey: 'wrong' })
      const store = createS3Store({ name: 'versitygw', settings, credentials: wrong })
      await expectFailure(store.list('probed'), 'access-denied')
      await expectFailure(store.head('probed', 'k'), 'access-denied')
      await store.close()
    })
  })
}
