import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startMoto, startS3Server } from '../../../test/services/s3-server.ts'
import { createVersionedBucket, type VersionedBucket } from '../../../test/services/versioned-bucket.ts'
import { expectFailure } from '../contract/samples.ts'
import type { ObjectStore } from '../object-store.ts'
import { s3Credentials, s3Settings } from './config.ts'
import { probeS3Capabilities } from './probe-capabilities.ts'
import { createS3Store } from './s3-store.ts'

const SERVERS = [
  ['versitygw', await startS3Server({ keepsVersions: true })],
  ['moto', await startMoto()],
] as const

/** A key that needs encoding, among others which begin like it. */
const KEY = 'folder/ä +&<1'

for (const [name, server] of SERVERS) {
  if ('missing' in server) {
    it.skip(`a version is deleted (${name}) [skipped: ${server.missing}]`)
    continue
  }

  describe(`the version that is shown is deleted: s3 (${name})`, () => {
    const { endpoint, stop, ...keys } = server
    const credentials = s3Credentials.parse(keys)
    const found = { conditionalDelete: true, conditionalRead: true, versions: true, objectLock: false }
    let container: string
    let bucket: VersionedBucket
    let store: ObjectStore
    const open = (capabilities: Partial<typeof found> = {}) =>
      createS3Store({
        name,
        settings: s3Settings.parse({ endpoint, capabilities: { ...found, ...capabilities } }),
        credentials,
      })
    beforeEach(async () => {
      container = `versions-${randomUUID()}`
      bucket = await createVersionedBucket(server, container)
      store = open()
    })
    afterEach(async () => {
      bucket.close()
      await store.close()
    })
    afterAll(stop)

    const shown = async () => (await store.head(container, KEY)).identity
    const isHidden = () => expectFailure(store.head(container, KEY), 'not-found')

    it('leaves nothing where it was the only one', async () => {
      await bucket.write(`${KEY}-other`, 'other')
      await bucket.write(KEY, 'one')
      await store.delete(container, KEY, { onlyIf: await shown() })
      await isHidden()
      expect(await bucket.history(KEY)).toEqual([])
    })

    it.each([true, false])('keeps the one before it, and does not show it: compares %s', async compares => {
      const former = await bucket.write(KEY, 'former')
      await bucket.write(`${KEY}-other`, 'other')
      await bucket.write(KEY, 'present')
      const identity = await shown()
      await store.close()
      store = open({ conditionalDelete: compares })
      await store.delete(container, KEY, { onlyIf: identity })
      await isHidden()
      expect(await bucket.history(KEY)).toEqual(['marker', former])
      // Once more, as after an answer that was lost.
      await store.delete(container, KEY, { onlyIf: identity })
      expect(await bucket.history(KEY)).toEqual(['marker', former])
    })

    it('needs no second marker where one is shown afterwards', async () => {
      const former = await bucket.write(KEY, 'former')
      await bucket.mark(KEY)
      await bucket.write(KEY, 'present')
      await store.delete(container, KEY, { onlyIf: await shown() })
      await isHidden()
      expect(await bucket.history(KEY)).toEqual(['marker', former])
    })

    it('finishes what was cut off after the marking', async () => {
      const former = await bucket.write(KEY, 'former')
      await bucket.write(KEY, 'present')
      const identity = await shown()
      await bucket.mark(KEY)
      expect((await store.head(container, KEY, { onlyIf: identity })).size).toBe(7)
      await store.delete(container, KEY, { onlyIf: identity })
      expect(await bucket.history(KEY)).toEqual(['marker', former])
      await expect(store.head(container, KEY, { onlyIf: identity })).rejects.toMatchObject({
        kind: expect.stringMatching(/^(not-found|precondition-failed)$/),
      })
    })

    it('leaves what others wrote since', async () => {
      await bucket.write(KEY, 'former')
      await bucket.write(KEY, 'present')
      const identity = await shown()
      const foreign = await bucket.write(KEY, 'of others')
      await expectFailure(store.delete(container, KEY, { onlyIf: identity }), 'precondition-failed')
      expect((await shown()).versionId).toBe(foreign)
      // What others wrote over is part of their history now.
      expect(await bucket.history(KEY)).toContain(identity.versionId)
      await store.delete(container, KEY, { onlyIf: identity, isFormer: true })
      expect(await bucket.history(KEY)).not.toContain(identity.versionId)
    })

    it('is refused where the bucket keeps no more versions: a marker could take one away', async () => {
      await bucket.write(KEY, 'former')
      const present = await bucket.write(KEY, 'present')
      const identity = await shown()
      await bucket.suspend()
      await expectFailure(store.delete(container, KEY, { onlyIf: identity }), 'unsupported')
      expect((await bucket.history(KEY))[0]).toBe(present)
    })

    it('is shown again when its store does not let it go', async () => {
      const locked = `locked-${randomUUID()}`
      const client = await createVersionedBucket(server, locked, { keepsLocks: true })
      await client.write(KEY, 'former')
      await store.close()
      store = open({ objectLock: true })
      const lock = { retention: null, legalHold: true }
      const { identity } = await store.put(locked, KEY, Buffer.from('held'), { size: 4, lock })
      await expectFailure(store.delete(locked, KEY, { onlyIf: identity }), 'locked', 'access-denied')
      expect((await store.head(locked, KEY)).identity).toEqual(identity)
      expect(await client.history(KEY)).toHaveLength(2)
      client.close()
    })

    it('is known by a probe to be followed by a write, or not', async () => {
      const settings = s3Settings.parse({ endpoint })
      const probed = await probeS3Capabilities({ name, settings, credentials, container })
      // versitygw refuses a write on condition that nothing is there where a marker is; moto completes regardless.
      expect(probed.settings.capabilities).toMatchObject({ versions: true, conditionalPut: false })
      expect(await bucket.history('dim-probe-')).toEqual([])
    })
  })
}
