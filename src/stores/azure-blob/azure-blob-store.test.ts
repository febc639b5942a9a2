import { gzipSync } from 'node:zlib'
import { AccountSASPermissions, BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAzurite } from '../../../test/services/azurite.ts'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { digestsOf, expectFailure, listKeys, putBytes, readObject, sampleBytes } from '../contract/samples.ts'
import { createAzureBlobStore } from './azure-blob-store.ts'
import { azureBlobCredentials, azureBlobSettings } from './config.ts'
import { probeAzureCapabilities } from './probe-capabilities.ts'

const server = await startAzurite()

if ('missing' in server) {
  describe('object store contract: azure-blob', () => {
    it.skip(`all of it [skipped: ${server.missing}]`)
  })
} else {
  const credentials = azureBlobCredentials.parse({ accountKey: server.accountKey })
  const settings = azureBlobSettings.parse({ account: server.account, endpoint: server.endpoint })
  afterAll(server.stop)

  describeObjectStore({
    name: 'azure-blob (Azurite)',
    keepsEveryKey: false,
    skip: [
      {
        reason:
          'Azure forgets the parts that wait under a key when the key is written or deleted; completing is then refused, as tested below',
        tests: ['completes under a condition and stays open when it fails'],
      },
    ],
    newStore: async () => ({
      store: createAzureBlobStore({ name: 'azurite', settings, credentials }),
      dispose: async () => undefined,
    }),
  })

  describe('an azure-blob store', () => {
    const account = new BlobServiceClient(
      server.endpoint,
      new StorageSharedKeyCredential(server.account, server.accountKey),
    )
    const store = createAzureBlobStore({ name: 'azurite', settings, credentials })
    const container = 'own'
    beforeAll(() => store.ensureContainer(container))
    afterAll(() => store.close())

    const part = async (key: string, uploadId: string, partNumber: number, bytes: Uint8Array) => ({
      partNumber,
      ...(await store.multipart!.putPart(container, key, uploadId, partNumber, bytes, {
        size: bytes.byteLength,
      })),
    })

    it('keeps two uploads of one key apart: one is completed, the other refused', async () => {
      const multipart = store.multipart!
      const one = await multipart.create(container, 'twice', { metadata: { of: 'one' } })
      const other = await multipart.create(container, 'twice', { metadata: { of: 'other' } })
      const oneParts = [await part('twice', one.uploadId, 1, sampleBytes(50, 'one'))]
      const otherParts = [await part('twice', other.uploadId, 1, sampleBytes(60, 'other'))]
      await expectFailure(multipart.complete(container, 'twice', one.uploadId, otherParts), 'invalid-part')
      const { identity } = await multipart.complete(container, 'twice', one.uploadId, oneParts)
      const late = multipart.complete(container, 'twice', other.uploadId, otherParts)
      expect((await expectFailure(late, 'invalid-part')).message).toContain('Azure forgets')
      expect(await store.head(container, 'twice')).toMatchObject({ identity, metadata: { of: 'one' } })
      expect((await readObject(store, container, 'twice')).equals(sampleBytes(50, 'one'))).toBe(true)
    })

    it('keeps an upload open whose condition failed', async () => {
      const multipart = store.multipart!
      await putBytes(store, container, 'taken', sampleBytes(5))
      const { uploadId } = await multipart.create(container, 'taken', {})
      const parts = [await part('taken', uploadId, 1, sampleBytes(10))]
      const absent = { condition: { kind: 'absent' } as const }
      const { identity } = await store.head(container, 'taken')
      await expectFailure(
        multipart.complete(container, 'taken', uploadId, parts, absent),
        'precondition-failed',
      )
      await multipart.complete(container, 'taken', uploadId, parts, {
        condition: { kind: 'identity', identity },
      })
      expect((await store.head(container, 'taken')).size).toBe(10)
    })

    it('answers a completion again whose answer got lost', async () => {
      const multipart = store.multipart!
      const { uploadId } = await multipart.create(container, 'again', {})
      const parts = [await part('again', uploadId, 1, sampleBytes(10))]
      const absent = { condition: { kind: 'absent' } as const }
      const first = await multipart.complete(container, 'again', uploadId, parts, absent)
      expect(await multipart.complete(container, 'again', uploadId, parts, absent)).toEqual(first)
    })

    it('takes uploads of 0 bytes and parts sent by another process', async () => {
      const multipart = store.multipart!
      const { uploadId } = await multipart.create(container, 'nothing', { storageClass: 'Cool' })
      const elsewhere = createAzureBlobStore({ name: 'elsewhere', settings, credentials })
      const sent = await elsewhere.multipart!.putPart(container, 'nothing', uploadId, 1, new Uint8Array(), {
        size: 0,
      })
      await elsewhere.multipart!.complete(container, 'nothing', uploadId, [{ partNumber: 1, ...sent }])
      expect(await store.head(container, 'nothing')).toMatchObject({ size: 0, storageClass: 'Cool' })
      const late = store.multipart!.complete(container, 'nothing', uploadId, [{ partNumber: 1, ...sent }])
      await expectFailure(late, 'upload-not-found')
      await elsewhere.close()
    })

    it('hides its notes of uploads', async () => {
      await store.ensureContainer('notes')
      await store.multipart!.create('notes', 'k', {})
      expect(await store.list('notes')).toEqual({ objects: [], cursor: null })
      await expectFailure(store.head('notes', '.data-in-motion/uploads/x'), 'invalid-key')
    })

    it('claims a digest only where Azure computed it', async () => {
      const bytes = sampleBytes(1000)
      const { md5 } = await digestsOf(bytes)
      expect((await store.put(container, 'whole', bytes, { size: 1000 })).digests).toEqual({ md5 })
      expect((await store.head(container, 'whole')).digests).toEqual({ md5 })
      const got = await store.get(container, 'whole', { range: { start: 1, end: 9 } })
      got.body.destroy()
      expect(got.digests).toEqual({ md5 })
      const { uploadId } = await store.multipart!.create(container, 'parts', {})
      const parts = [await part('parts', uploadId, 1, bytes)]
      expect((await store.multipart!.complete(container, 'parts', uploadId, parts)).digests).toBeUndefined()
      expect((await store.head(container, 'parts')).digests).toEqual({})
    })

    it('gives bytes as they are stored, whatever encoding they have', async () => {
      const bytes = gzipSync(sampleBytes(5000))
      await store.put(container, 'zipped', bytes, {
        size: bytes.length,
        headers: { contentEncoding: 'gzip' },
      })
      expect((await readObject(store, container, 'zipped')).equals(bytes)).toBe(true)
    })

    it('keeps access tiers as storage classes and says what an archived blob needs', async () => {
      for (const storageClass of ['Hot', 'Cool', 'Cold', 'Archive']) {
        await store.put(container, storageClass, sampleBytes(10), { size: 10, storageClass })
        expect((await store.head(container, storageClass)).storageClass).toBe(storageClass)
      }
      const listed = (await store.list(container, { prefix: 'Cold' })).objects
      expect(listed).toMatchObject([{ key: 'Cold', storageClass: 'Cold' }])
      const failure = await expectFailure(store.get(container, 'Archive'), 'archived')
      expect(failure).toMatchObject({ retry: 'no', message: expect.stringContaining('archive tier') })
      const other = store.put(container, 'k', sampleBytes(1), { size: 1, storageClass: 'STANDARD_IA' })
      await expectFailure(other, 'unsupported')
    })

    it('calls leased bytes locked, not changed', async () => {
      const { identity } = await putBytes(store, container, 'leased', sampleBytes(10))
      await account
        .getContainerClient(container)
        .getBlobClient('leased')
        .getBlobLeaseClient()
        .acquireLease(-1)
      await expectFailure(store.delete(container, 'leased', { onlyIf: identity }), 'locked')
      await expectFailure(putBytes(store, container, 'leased', sampleBytes(5)), 'locked')
      expect((await store.head(container, 'leased')).identity).toEqual(identity)
    })

    it('refuses keys Azure does not promise to keep', async () => {
      for (const key of ['a.', 'a./b', '..', 'a\\b', 'a\u0081', '\ue000', '\ufffe', 'x/'.repeat(254)]) {
        await expectFailure(putBytes(store, container, key, sampleBytes(1)), 'invalid-key')
      }
      for (const key of ['a.b', '.a', 'a//b', '/a/', '\ufb01', '\u{20000}']) {
        await putBytes(store, container, key, sampleBytes(1))
        expect((await store.list(container, { prefix: key })).objects[0]!.key).toBe(key)
      }
    })

    it('lists in the order of bytes though the service orders by UTF-16', async () => {
      await store.ensureContainer('order')
      const keys = ['a', 'a\ufb01', 'a\uff21', 'a😀', 'a😀/\uff21', 'a😀/😀', 'b', '\ufb01', '😀']
      for (const key of keys) await putBytes(store, 'order', key, sampleBytes(1))
      for (const limit of [1, 2, 3, 4, 100]) expect(await listKeys(store, 'order', { limit })).toEqual(keys)
      expect(await listKeys(store, 'order', { limit: 2, startAfter: 'a\uff21' })).toEqual(keys.slice(3))
      expect(await listKeys(store, 'order', { limit: 1, prefix: 'a😀' })).toEqual(keys.slice(3, 6))
    })

    it('works with a shared access signature and nothing more', async () => {
      const signed = await account.generateAccountSasUrl(
        new Date(Date.now() + 3_600_000),
        AccountSASPermissions.parse('rwdlac'),
        'sco',
      )
      const sas = azureBlobCredentials.parse({ sasToken: new URL(signed).search })
      const bySas = createAzureBlobStore({ name: 'sas', settings, credentials: sas })
      await bySas.ensureContainer('by-sas')
      await putBytes(bySas, 'by-sas', 'é 1', sampleBytes(10))
      expect(await listKeys(bySas, 'by-sas')).toEqual(['é 1'])
      expect((await readObject(bySas, 'by-sas', 'é 1')).equals(sampleBytes(10))).toBe(true)
      await bySas.close()
    })

    it('finds out what the account does and leaves nothing behind', async () => {
      await store.ensureContainer('probed')
      const found = await probeAzureCapabilities({ name: 'p', settings, credentials, container: 'probed' })
      expect(found).toEqual({ tags: true, versions: false, immutability: false, listOrder: 'utf-16' })
      expect((await store.list('probed')).objects).toEqual([])
      const missing = { name: 'p', settings, credentials, container: 'not-there' }
      await expectFailure(probeAzureCapabilities(missing), 'container-not-found')
    })

    it('tells wrong credentials', async () => {
      const wrong = azureBlobCredentials.parse({ accountKey: Buffer.from('wrong').toString('base64') })
      const refused = createAzureBlobStore({ name: 'azurite', settings, credentials: wrong })
      await expectFailure(refused.list('container'), 'access-denied')
      await expectFailure(refused.head('container', 'k'), 'access-denied')
      await refused.close()
    })
  })
}
