import { afterAll, describe, it } from 'vitest'
import { startGcsServer } from '../../../test/services/gcs-server.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { gcsSettings } from './config.ts'
import { createGcsStore } from './gcs-store.ts'

const server = await startGcsServer()

if ('missing' in server) {
  describe('object store contract: gcs', () => {
    it.skip(`all of it [skipped: ${server.missing}]`)
  })
} else {
  const settings = gcsSettings.parse({
    endpoint: server.endpoint,
    projectId: server.projectId,
    deletes: 'by-generation',
    capabilities: { conditionalPut: true, conditionalDelete: true, reportedDigests: ['crc32c', 'md5'] },
  })
  afterAll(server.stop)

  describeObjectStore({
    name: 'gcs (fake-gcs-server)',
    keepsEveryKey: false,
    newStore: async () => ({
      store: createGcsStore({ name: 'fake', settings, credentials: null }),
      dispose: async () => undefined,
    }),
  })

  describeObjectStore({
    name: 'gcs (fake-gcs-server, with resumable uploads in the smallest chunks)',
    keepsEveryKey: false,
    newStore: async () => ({
      store: createGcsStore({
        name: 'fake',
        settings: { ...settings, uploadChunkBytes: 256 * 1024 },
        credentials: null,
      }),
      dispose: async () => undefined,
    }),
  })

  describeObjectStore({
    name: 'gcs (fake-gcs-server, with nothing found out about it)',
    keepsEveryKey: false,
    newStore: async () => ({
      store: createGcsStore({ name: 'fake', settings: { ...settings, capabilities: {} }, credentials: null }),
      dispose: async () => undefined,
    }),
  })
}
