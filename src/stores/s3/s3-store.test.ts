import { describe, it } from 'vitest'
import { startS3Server } from '../../../test/services/s3-server.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { s3Credentials, s3Settings } from './config.ts'
import { createS3Store } from './s3-store.ts'

const server = await startS3Server()

if ('missing' in server) {
  describe('object store contract: s3', () => {
    it.skip(`all of it [skipped: ${server.missing}]`)
  })
} else {
  describeObjectStore({
    name: 's3 (versitygw)',
    keepsEveryKey: false,
    newStore: async () => ({
      store: createS3Store({
        name: 'versitygw',
        settings: s3Settings.parse({
          endpoint: server.endpoint,
          keys: 'paths',
          reservedPrefixes: ['.sgwtmp'],
          capabilities: {
            conditionalPut: true,
            conditionalDelete: true,
            conditionalRead: true,
            reportedDigests: ['sha256', 'crc64nvme'],
          },
        }),
        credentials: s3Credentials.parse({
          accessKeyId: server.accessKeyId,
          secretAccessKey: server.secretAccessKey,
        }),
      }),
      dispose: server.stop,
    }),
  })
}
