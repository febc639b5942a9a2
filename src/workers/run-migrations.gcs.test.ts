import { createHash } from 'node:crypto'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { startGcsServer } from '../../test/services/gcs-server.ts'
import { GIB, MIB } from '../domain/bytes.ts'
import { gcsSettings } from '../stores/gcs/config.ts'
import { createGcsStore } from '../stores/gcs/gcs-store.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'

const server = await startGcsServer()

if ('missing' in server) {
  describe('migrations to Google', () => {
    it.skip(`all of it [skipped: ${server.missing}]`)
  })
} else {
  const { endpoint, projectId } = server
  let world: MovingWorld
  afterEach(async () => {
    await world.stores.cold.close()
    await world.dispose()
  })
  afterAll(server.stop)

  describe('migrations to Google', () => {
    it.each([
      ['0 bytes', 0, 'target-checksum'],
      ['100 KiB', 100 * 1024, 'target-checksum'],
      // Every object has a CRC-32C, however it came.
      ['20 MiB by a resumable upload', 20 * MIB + 7, 'target-checksum'],
    ])('move %s there and back, each copy proven', async (_name, size, verifiedBy) => {
      const cold = createGcsStore({
        name: 'cold-store',
        settings: gcsSettings.parse({
          endpoint,
          projectId,
          deletes: 'by-generation',
          capabilities: { conditionalPut: true, conditionalDelete: true, reportedDigests: ['crc32c'] },
        }),
        credentials: null,
      })
      const hot = createMemoryStore({ name: 'hot-store', settings: { capacityBytes: GIB } })
      world = await createMovingWorld({ stores: { hot, cold } })
      const key = `ä 😀/${size}`
      const bytes = sampleOf(size)
      await world.addObject(key, bytes)
      const { container } = (await world.parts.locationById(world.locationIds.cold))!
      await cold.ensureContainer(container)
      const there = await world.plan(key, { graceMs: 0 })
      await finish(there)
      expect(await world.migration(there)).toMatchObject({ state: 'done', evidence: { verifiedBy } })
      expect(sha256Of(await world.read(key))).toBe(sha256Of(bytes))
      await expect(hot.head(container, key)).rejects.toMatchObject({ kind: 'not-found' })
      const back = await world.plan(key, { graceMs: 0, targetLocationId: world.locationIds.hot })
      await finish(back)
      expect(await world.migration(back)).toMatchObject({ state: 'done' })
      expect(sha256Of(await world.read(key))).toBe(sha256Of(bytes))
      expect(await cold.list(container, { prefix: key })).toEqual({ objects: [], cursor: null })
    })
  })

  /** Works until nothing is due any more. */
  async function finish(id: string): Promise<void> {
    for (let round = 0; round < 20; round++) {
      await world.work()
      await world.sweep()
      if ((await world.migration(id)).state === 'done') return
      await world.letTimePass()
      world.endGrace()
    }
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
