import { afterAll, describe, expect, it } from 'vitest'
import { startS3Server } from '../../test/services/s3-server.ts'
import { Redacted } from '../domain/redacted.ts'
import { StoreError } from '../stores/object-store.ts'
import { learnStore } from './learn-store.ts'
import { openStore } from './open-store.ts'

const server = await startS3Server()

if ('missing' in server) {
  it.skip(`learns about a store [skipped: ${server.missing}]`)
} else {
  afterAll(server.stop)
  const { endpoint, accessKeyId, secretAccessKey } = server
  const credentials = new Redacted(JSON.stringify({ accessKeyId, secretAccessKey }))
  const store = { name: 'lake', kind: 's3', settings: { endpoint } } as const

  describe('learning about a store', () => {
    it('gives settings with which the mover refuses keys the server rewrites', async () => {
      const unknown = openStore(store, credentials)
      await unknown.ensureContainer('lake')
      const put = (opened: typeof unknown) => opened.put('lake', 'x//y', Buffer.from('1'), { size: 1 })
      await put(unknown)
      await expect(unknown.list('lake')).resolves.toMatchObject({ objects: [{ key: 'x/y' }] })
      await unknown.delete('lake', 'x/y')
      const { settings, vendor } = await learnStore(store, credentials, 'lake')
      expect(vendor).toBe('versitygw')
      const known = openStore({ ...store, settings: { ...store.settings, ...settings } }, credentials)
      expect(known.capabilities).toMatchObject({ conditionalDelete: true, serverSideCopy: true, tags: true })
      await expect(put(known)).rejects.toMatchObject({ kind: 'invalid-key' })
      expect((await known.list('lake')).objects).toEqual([])
      await unknown.close()
      await known.close()
    })

    it('fails when the store cannot be asked', async () => {
      await expect(learnStore(store, credentials, 'not-there')).rejects.toBeInstanceOf(StoreError)
    })

    it('has nothing to learn about folders and memory', async () => {
      const nothing = { settings: {}, vendor: null, notes: [] }
      expect(await learnStore({ name: 'm', kind: 'memory', settings: {} }, null, 'c')).toEqual(nothing)
    })
  })
}
