import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/builders/database.ts'
import { startTestGateway, type TestGateway } from '../../../test/builders/gateway.ts'
import { loseLockSessions } from '../../../test/builders/lock-sessions.ts'
import { wallClock } from '../../domain/clock.ts'
import { newId } from '../../domain/identifiers.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { gatewayLimits } from '../config.ts'
import { createServices, type GatewayServices } from '../services.ts'
import { recoverIntents } from './recover-intents.ts'

const Bucket = 'outdated'

/** A store without conditions, whose puts can be cut off and land later. */
function lateStore() {
  const inner = createMemoryStore({ name: 'hot', settings: { capacityBytes: 2 ** 28 } })
  const wire = { isCut: false, isDown: false, land: async (): Promise<unknown> => undefined }
  const lost = (operation: string, retry: 'yes' | 'unknown-outcome') =>
    new StoreError({ kind: 'unreachable', retry, store: 'hot', operation, message: 'the test cut the wire' })
  const store: ObjectStore = {
    ...inner,
    capabilities: { ...inner.capabilities, conditionalPut: false, conditionalDelete: false },
    async put(container, key, body, { signal: _, ...options }) {
      if (!wire.isCut) return inner.put(container, key, body, options)
      wire.land = () => inner.put(container, key, body, options)
      throw lost('put', 'unknown-outcome')
    },
    async head(...asked: Parameters<ObjectStore['head']>) {
      if (wire.isDown) throw lost('head', 'yes')
      return inner.head(...asked)
    },
  }
  return { store, wire }
}

describe('bytes of a write that a deletion outdated', () => {
  let test: TestDatabase
  let door: TestGateway
  let services: GatewayServices
  beforeEach(async () => {
    test = await createTestDatabase({ connectionsMax: 12 })
    const { store, wire } = lateStore()
    door = await startTestGateway({ database: test.database, store, limits: { intentAgeMs: 0 } })
    await door.addBucket(Bucket, { mode: 'exclusive' })
    services = createServices({
      database: test.database,
      modelClock: wallClock,
      wallClock,
      openStore: id => door.stores.get(id)!,
      unsealSecret: sealed => sealed.toString(),
      recordAccess: () => undefined,
      log: silentLogger,
      limits: { ...gatewayLimits.parse({}), intentAgeMs: 0 },
      bootId: newId(),
      region: 'us-east-1',
      baseHosts: [],
      defaultWriteLocation: 'hot',
    })
    await put('old')
    wire.isCut = true
    await put('late')
    wire.isCut = false
    wire.isDown = true
    await door.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    wire.isDown = false
    await wire.land()
    // As if so much time had passed that it cannot land any more.
    await test.database.query('delete from publication_in_flight')
  })
  afterEach(async () => {
    await services.intentDatabase.end()
    await door.close()
    await test.drop()
  })

  const put = (Body: string) =>
    door
      .clientWith({ maxAttempts: 1 })
      .send(new PutObjectCommand({ Bucket, Key: 'k', Body }))
      .then(
        () => 'taken',
        (error: Error) => error.name,
      )
  const announcements = async () => (await test.database.query('select copy_id from deletion_in_flight')).rows

  /** Recovers while something happens after the bytes were judged and before their deletion is announced. */
  const recoverWhile = (happens: () => Promise<unknown>) =>
    recoverIntents({
      ...services,
      announceDeletion: async copy => {
        await happens()
        return services.announceDeletion(copy)
      },
    })

  it('go with nothing that was acknowledged after the lock of their deletion was lost', async () => {
    const meanwhile: unknown[] = []
    const recovery = await recoverWhile(async () => {
      await loseLockSessions(test.database)
      meanwhile.push(await door.gateway.recoverIntents(), await put('acknowledged'))
    })
    expect(meanwhile).toEqual([{ rolledForward: 0, dropped: 1, left: 0 }, 'taken'])
    expect(recovery.left).toBe(1)
    const { Body } = await door.client.send(new GetObjectCommand({ Bucket, Key: 'k' }))
    expect(await Body!.transformToString()).toBe('acknowledged')
    expect(await announcements()).toEqual([])
  })

  it.each(['locked', 'access-denied'] as const)(
    'keep nobody away from their key when the store refuses to delete them: %s',
    async kind => {
      const { store } = door.location
      const inner = store.delete
      door.location.store.delete = () =>
        Promise.reject(
          new StoreError({ kind, retry: 'no', store: 'hot', operation: 'delete', message: 'held' }),
        )
      expect(await recoverWhile(async () => undefined)).toMatchObject({ left: 1 })
      expect(await announcements()).toEqual([])
      door.location.store.delete = inner
      expect(await recoverWhile(async () => undefined)).toMatchObject({ dropped: 1 })
    },
  )

  it('are kept away from when the store does not answer: they may still be deleted', async () => {
    door.location.store.delete = () =>
      Promise.reject(
        new StoreError({ kind: 'timeout', retry: 'yes', store: 'hot', operation: 'delete', message: 'late' }),
      )
    expect(await recoverWhile(async () => undefined)).toMatchObject({ left: 1 })
    expect(await announcements()).toHaveLength(1)
  })

  it('are not deleted where others put theirs since they were judged', async () => {
    const { container } = door.location
    const theirs = Buffer.from('theirs')
    const recovery = await recoverWhile(() =>
      door.location.store.put(container, 'k', theirs, { size: theirs.byteLength }),
    )
    expect(recovery).toEqual({ rolledForward: 0, dropped: 1, left: 0 })
    expect((await door.location.store.head(container, 'k')).size).toBe(theirs.byteLength)
    expect(await announcements()).toEqual([])
  })
})
