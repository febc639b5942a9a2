import { afterAll, describe, expect, it } from 'vitest'
import { startS3Server } from '../../../test/services/s3-server.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { expectFailure } from '../contract/samples.ts'
import { s3Credentials, s3Settings } from './config.ts'
import { probeS3Capabilities } from './probe-capabilities.ts'
import { createS3Store } from './s3-store.ts'

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

  describe('probing an s3 server', () => {
    it('finds out what it does and leaves nothing behind', async () => {
      const store = createS3Store({ name: 'versitygw', settings, credentials })
      await store.ensureContainer('probed')
      const unknown = { ...settings, capabilities: {} }
      const found = await probeS3Capabilities({
        name: 'p',
        settings: unknown,
        credentials,
        container: 'probed',
      })
      expect(found.capabilities).toEqual(settings.capabilities)
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
