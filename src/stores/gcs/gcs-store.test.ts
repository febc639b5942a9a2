import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGcsServer } from '../../../test/services/gcs-server.ts'
import { MIB } from '../../domain/bytes.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import {
  chunked,
  digestsOf,
  expectFailure,
  putBytes,
  readAll,
  readObject,
  sampleBytes,
} from '../contract/samples.ts'
import { gcsSettings } from './config.ts'
import { createGcsStore } from './gcs-store.ts'
import { probeGcsCapabilities } from './probe-capabilities.ts'

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
    capabilities: {
      conditionalPut: true,
      conditionalDelete: true,
      reportedDigests: ['crc32c', 'md5'],
      serverSideCopy: false,
    },
  })
  const copying = { ...settings.capabilities, serverSideCopy: true, storageClasses: ['STANDARD', 'NEARLINE'] }
  afterAll(server.stop)

  describeObjectStore({
    name: 'gcs (fake-gcs-server)',
    keepsEveryKey: false,
    skip: [
      {
        reason:
          'fake-gcs-server 1.56.1 ignores ifGenerationMatch and the storage class of a rewrite, and keeps headers it is not told; the probe therefore finds no copies there',
        tests: [
          'gives the copy the facts it is told, or refuses',
          'copies only where the condition holds',
          'changes a storage class where the object lies',
        ],
      },
    ],
    newStore: async () => ({
      store: createGcsStore({
        name: 'fake',
        settings: { ...settings, capabilities: copying },
        credentials: null,
      }),
      dispose: async () => undefined,
    }),
  })

  describeObjectStore({
    name: 'gcs (fake-gcs-server, with uploads in parts)',
    keepsEveryKey: false,
    skip: [
      {
        reason:
          'fake-gcs-server ignores ifGenerationMatch of a composition, which is why it has none by default',
        tests: [
          'completes under a condition and stays open when it fails',
          'completes only over the bytes with the given identity',
        ],
      },
    ],
    newStore: async () => ({
      store: createGcsStore({
        name: 'fake',
        settings: { ...settings, uploadsInParts: 'composed' },
        credentials: null,
      }),
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

  describe('a gcs store', () => {
    const store = createGcsStore({ name: 'fake', settings, credentials: null })
    const container = 'own-tests'
    beforeAll(() => store.ensureContainer(container))
    afterAll(() => store.close())

    it('gives back packed bytes as they are stored, whole and in ranges', async () => {
      const packed = gzipSync(Buffer.from('packed '.repeat(1_000)))
      const headers = { contentEncoding: 'gzip', contentType: 'text/plain' }
      await store.put(container, 'packed', packed, { size: packed.length, headers })
      const got = await store.get(container, 'packed')
      expect(got).toMatchObject({ size: packed.length, bodySize: packed.length, headers })
      expect((await readAll(got.body)).equals(packed)).toBe(true)
      const part = await store.get(container, 'packed', { range: { start: 3, end: 20 } })
      expect((await readAll(part.body)).equals(packed.subarray(3, 21))).toBe(true)
    })

    it('names bytes by their generation, and finds those a listing named by their ETag', async () => {
      const { identity } = await putBytes(store, container, 'named', sampleBytes(10, 'a'))
      expect(identity.versionId).toMatch(/^\d+$/)
      const listed = { etag: identity.etag, versionId: null }
      expect((await store.head(container, 'named', { onlyIf: listed })).identity).toEqual(identity)
      const condition = { kind: 'identity', identity: listed } as const
      await store.put(container, 'named', sampleBytes(10, 'b'), { size: 10, condition })
      await expectFailure(store.delete(container, 'named', { onlyIf: listed }), 'precondition-failed')
      await expectFailure(store.get(container, 'named', { onlyIf: listed }), 'precondition-failed')
      await expectFailure(
        store.put(container, 'named', sampleBytes(10), { size: 10, condition }),
        'precondition-failed',
      )
    })

    it('keeps metadata of names that mean something to JavaScript', async () => {
      const metadata = JSON.parse('{"__proto__":"a","constructor":"b","tostring":"c"}')
      await store.put(container, 'names', sampleBytes(1), { size: 1, metadata })
      const kept = (await store.head(container, 'names')).metadata
      expect(Object.entries(kept).sort()).toEqual(Object.entries(metadata).sort())
    })

    it('puts into a storage class and tells it', async () => {
      await store.put(container, 'cold', sampleBytes(10), { size: 10, storageClass: 'COLDLINE' })
      expect(await store.head(container, 'cold')).toMatchObject({ storageClass: 'COLDLINE' })
      const { objects } = await store.list(container, { prefix: 'cold' })
      expect(objects).toMatchObject([{ storageClass: 'COLDLINE' }])
    })

    it('reports the CRC-32C of every object, also one that came by a resumable upload', async () => {
      const bytes = sampleBytes(9 * MIB)
      const { crc32c } = await digestsOf(bytes)
      const put = await store.put(container, 'large', chunked(bytes), { size: bytes.length })
      expect(put.digests).toMatchObject({ crc32c })
      expect((await store.head(container, 'large')).digests).toMatchObject({ crc32c })
    })

    it('puts together more parts than Google takes at once, and leaves none of them behind', async () => {
      const parted = createGcsStore({
        name: 'fake',
        settings: { ...settings, uploadsInParts: 'composed' },
        credentials: null,
      })
      const multipart = parted.multipart!
      const { uploadId } = await multipart.create(container, 'many', { metadata: { a: 'ü' } })
      const pieces = Array.from({ length: 70 }, (_, index) => sampleBytes(1_000 + index, `part ${index}`))
      const parts = await Promise.all(
        pieces.map(async (bytes, index) => {
          const options = { size: bytes.length }
          const sent = await multipart.putPart(container, 'many', uploadId, index + 1, bytes, options)
          return { partNumber: index + 1, ...sent }
        }),
      )
      const { digests } = await multipart.complete(container, 'many', uploadId, parts)
      const whole = Buffer.concat(pieces)
      expect(digests?.crc32c).toBe((await digestsOf(whole)).crc32c)
      expect((await readObject(parted, container, 'many')).equals(whole)).toBe(true)
      expect((await parted.head(container, 'many')).metadata).toEqual({ a: 'ü' })
      const sweep = { unmodifiedSince: Date.now() + 60_000, neededUploads: async () => new Set<string>() }
      expect(await parted.sweepLeftovers!(container, sweep)).toMatchObject({ removed: 0 })
      await parted.close()
    })

    it('refuses names that Google does not take', async () => {
      for (const key of [
        '.',
        '..',
        'line\nbreak',
        'return\rhere',
        '.well-known/acme-challenge/x',
        '.data-in-motion/uploads/x',
      ]) {
        await expectFailure(putBytes(store, container, key, sampleBytes(1)), 'invalid-key')
      }
    })

    it('makes no bucket without a project, and says so', async () => {
      const { projectId: _, ...rest } = settings
      const poor = createGcsStore({ name: 'poor', settings: rest, credentials: null })
      const error = await expectFailure(poor.ensureContainer('never-made'), 'container-not-found')
      expect(error.message).toContain('projectId')
      await poor.ensureContainer(container)
      await poor.close()
    })
  })

  describe('probing a gcs server', () => {
    it('finds out what it does and leaves nothing behind', async () => {
      const store = createGcsStore({ name: 'fake', settings, credentials: null })
      await store.ensureContainer('probed')
      const { deletes: _, ...rest } = settings
      const unknown = gcsSettings.parse({ ...rest, capabilities: {} })
      const probe = { name: 'p', settings: unknown, credentials: null }
      expect(await probeGcsCapabilities({ ...probe, container: 'probed' })).toEqual({
        capabilities: settings.capabilities,
        deletes: 'by-generation',
        interruptedUploads: 'given-up',
      })
      expect((await store.list('probed')).objects).toEqual([])
      await expectFailure(probeGcsCapabilities({ ...probe, container: 'not-there' }), 'container-not-found')
      await store.close()
    })
  })
}
