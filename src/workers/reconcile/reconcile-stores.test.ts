import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createMovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import { reconcilingWorld } from '../../../test/builders/reconciling-world.ts'
import { startAzurite } from '../../../test/services/azurite.ts'
import { startGcsServer } from '../../../test/services/gcs-server.ts'
import { startS3Server } from '../../../test/services/s3-server.ts'
import { GIB } from '../../domain/bytes.ts'
import { DAY } from '../../domain/duration.ts'
import { createAzureBlobStore } from '../../stores/azure-blob/azure-blob-store.ts'
import { azureBlobCredentials, azureBlobSettings } from '../../stores/azure-blob/config.ts'
import { createFilesystemStore } from '../../stores/filesystem/filesystem-store.ts'
import { gcsSettings } from '../../stores/gcs/config.ts'
import { createGcsStore } from '../../stores/gcs/gcs-store.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../../stores/s3/config.ts'
import { createS3Store } from '../../stores/s3/s3-store.ts'

const s3 = await startS3Server()
const azurite = await startAzurite()
const gcs = await startGcsServer()
const folder = await mkdtemp(path.join(tmpdir(), 'dim-reconcile-'))
const name = 'cold-store'

/** A store per kind of real server, or why there is none. */
const STORES: readonly (readonly [string, (() => ObjectStore) | string])[] = [
  ['folder', () => createFilesystemStore({ name, settings: { root: folder, durability: 'none' } })],
  [
    'S3 server',
    'missing' in s3
      ? s3.missing
      : () =>
          createS3Store({
            name,
            settings: s3Settings.parse({
              endpoint: s3.endpoint,
              capabilities: { conditionalPut: true, conditionalDelete: true },
            }),
            credentials: s3Credentials.parse({
              accessKeyId: s3.accessKeyId,
              secretAccessKey: s3.secretAccessKey,
            }),
          }),
  ],
  [
    'Azure server',
    'missing' in azurite
      ? azurite.missing
      : () =>
          createAzureBlobStore({
            name,
            settings: azureBlobSettings.parse({ account: azurite.account, endpoint: azurite.endpoint }),
            credentials: azureBlobCredentials.parse({ accountKey: azurite.accountKey }),
          }),
  ],
  [
    "server of Google's API",
    'missing' in gcs
      ? gcs.missing
      : () =>
          createGcsStore({
            name,
            settings: gcsSettings.parse({
              endpoint: gcs.endpoint,
              projectId: gcs.projectId,
              deletes: 'by-generation',
              capabilities: { conditionalPut: true, conditionalDelete: true, reportedDigests: ['crc32c'] },
            }),
            credentials: null,
          }),
  ],
]

afterAll(async () => {
  for (const server of [s3, azurite, gcs]) if (!('missing' in server)) await server.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('comparing a container with the catalog', () => {
  for (const [kind, open] of STORES) {
    if (typeof open === 'string') it.skip(`of a ${kind} [skipped: ${open}]`)
    else
      it(`of a ${kind} finds what differs, deletes only what is ours, and leaves no drift`, async () => {
        const cold = open()
        const hot = createMemoryStore({ name: 'hot-store', settings: { capacityBytes: GIB } })
        const world = await createMovingWorld({ stores: { hot, cold } })
        const { clock, keysAt, leaveLateBytes, put, ...here } = reconcilingWorld(world)
        try {
          for (const key of ['moved', 'ä 😀/lost', 'left']) await world.addObject(key, sampleOf(3_000, key))
          for (const key of ['moved', 'ä 😀/lost']) await world.plan(key, { graceMs: 0 })
          for (let round = 0; round < 6; round++) {
            await world.work()
            world.endGrace()
            await world.letTimePass()
          }
          await leaveLateBytes('left')
          await put('foreign', Buffer.from('not ours'), {}, 'cold')
          const deletes = { deletes: true, deletedShareMax: 1 }
          const first = await here.reconcile({ at: 'cold', settings: deletes })
          expect(first).toMatchObject({ state: 'done', error: null, counts: { listed: 4, known: 2 } })
          expect(await here.findings(first)).toEqual(['dark foreign', 'forgotten left'])
          clock.now += DAY
          await cold.delete('data', 'ä 😀/lost')
          const second = await here.reconcile({ at: 'cold', settings: deletes })
          expect(await here.findings(second)).toEqual(['dark foreign', 'forgotten left', 'missing ä 😀/lost'])
          expect(second.counts).toMatchObject({ deleted: 1, deletedBytes: 3_000 })
          expect(await keysAt('cold')).toEqual(['foreign', 'moved'])
          expect(await world.copies('ä 😀/lost')).toMatchObject([{ state: 'suspect' }])
          expect(await world.read('moved')).toEqual(sampleOf(3_000, 'moved'))
          expect(await world.read('left')).toEqual(sampleOf(3_000, 'left'))
          const third = await here.reconcile({ at: 'cold', settings: deletes })
          expect(third.counts).toMatchObject({ known: 1, dark: 1, forgotten: 0, deleted: 0 })
        } finally {
          await cold.close()
          await world.dispose()
        }
      })
  }
})
