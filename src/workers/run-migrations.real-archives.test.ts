import { createHash } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { createMovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { startAzurite } from '../../test/services/azurite.ts'
import { startMoto } from '../../test/services/s3-server.ts'
import { GIB } from '../domain/bytes.ts'
import { createAzureBlobStore } from '../stores/azure-blob/azure-blob-store.ts'
import { azureBlobCredentials, azureBlobSettings } from '../stores/azure-blob/config.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import { s3Credentials, s3Settings } from '../stores/s3/config.ts'
import { createS3Store } from '../stores/s3/s3-store.ts'

// Out of the archives of real protocols. Both servers refuse to hand out what is archived and have it there as soon as
// they are asked to restore it: the wait itself is in run-migrations.archived.test.ts.

const BYTES = sampleOf(70_000)
const SHA256 = createHash('sha256').update(BYTES).digest('hex')

const moto = await startMoto()
const azurite = await startAzurite()
afterAll(async () => {
  for (const server of [moto, azurite]) if ('stop' in server) await server.stop()
})

/** The archive, counting what it is asked. */
function counted(inner: ObjectStore) {
  const asked = { restore: 0, get: 0 }
  const store: ObjectStore = {
    ...inner,
    restore: (...given) => {
      asked.restore++
      return inner.restore!(...given)
    },
    get: (...given) => {
      asked.get++
      return inner.get(...given)
    },
  }
  return { asked, store }
}

async function moveOut(inner: ObjectStore, archiveClass: string) {
  const { asked, store } = counted(inner)
  const cold = createMemoryStore({ name: 'cold-store', settings: { capacityBytes: GIB } })
  const world = await createMovingWorld({ stores: { hot: store, cold }, hotClass: archiveClass })
  try {
    await world.addObject('k', BYTES, { sha256: SHA256 })
    await expect(inner.get('data', 'k')).rejects.toMatchObject({ kind: 'archived' })
    const id = await world.plan('k')
    for (let round = 0; round < 6 && (await world.migration(id)).finishedAt === null; round++) {
      await world.work()
      world.endGrace()
      await world.letTimePass()
    }
    const migration = await world.migration(id)
    expect(migration).toMatchObject({ state: 'done', evidence: { restore: { requests: 1 } } })
    expect(asked).toEqual({ restore: 1, get: 1 })
    expect((await world.read('k')).equals(BYTES)).toBe(true)
    await expect(inner.head('data', 'k')).rejects.toMatchObject({ kind: 'not-found' })
  } finally {
    await world.dispose()
    await inner.close()
  }
}

describe('a move out of a real archive', () => {
  it.skipIf('missing' in moto)(
    `of S3 restores it once and brings the same bytes${'missing' in moto ? ` [skipped: ${moto.missing}]` : ''}`,
    async () => {
      if ('missing' in moto) return
      const { endpoint, stop: _, ...keys } = moto
      const settings = s3Settings.parse({
        endpoint,
        capabilities: { conditionalDelete: true, storageClasses: ['STANDARD', 'GLACIER'] },
      })
      const store = createS3Store({ name: 'hot-store', settings, credentials: s3Credentials.parse(keys) })
      await moveOut(store, 'GLACIER')
    },
  )

  it.skipIf('missing' in azurite)(
    `of Azure takes it out of the archive tier and brings the same bytes${'missing' in azurite ? ` [skipped: ${azurite.missing}]` : ''}`,
    async () => {
      if ('missing' in azurite) return
      const { endpoint, account, accountKey } = azurite
      const store = createAzureBlobStore({
        name: 'hot-store',
        settings: azureBlobSettings.parse({ endpoint, account }),
        credentials: azureBlobCredentials.parse({ accountKey }),
      })
      await moveOut(store, 'Archive')
    },
  )
})
