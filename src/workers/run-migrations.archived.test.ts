import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../test/builders/moving-world.ts'
import { GIB } from '../domain/bytes.ts'
import { DAY, HOUR } from '../domain/duration.ts'
import type { Uuid } from '../domain/identifiers.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'
import { type ObjectStore, StoreError } from '../stores/object-store.ts'

// The source lies in an archive, by a clock that the tests move: a store in memory restores it five hours after it
// was asked. What it is asked is counted.

const BYTES = sampleOf(5_000)
const SHA256 = createHash('sha256').update(BYTES).digest('hex')
const ARCHIVE = 'DEEP_ARCHIVE'
const RESTORE_MS = 5 * HOUR

function refusal(kind: StoreError['kind'], operation: string): StoreError {
  return new StoreError({ kind, retry: 'no', store: 'hot-store', operation, message: `says ${kind}` })
}

describe('the mover, of a source in an archive', () => {
  let world: MovingWorld
  let clock: { at: number; now(): number }
  let asked: { restore: number; get: number }
  let archive: ObjectStore
  afterEach(() => world.dispose())

  /** The archive with some of its ways changed; asking and reading are counted all the same. */
  function behave(change: Partial<ObjectStore> = {}) {
    const counted: Partial<ObjectStore> = {
      restore: (...given) => {
        asked.restore++
        return (change.restore ?? archive.restore!)(...given)
      },
      get: (...given) => {
        asked.get++
        return (change.get ?? archive.get)(...given)
      },
    }
    const ways = { ...change, ...counted }
    world.stores.hot = new Proxy(archive, {
      get: (target, name) => Reflect.get(name in ways ? ways : target, name),
    })
  }

  async function newWorld(
    options: { restoreMs?: number; knowsClass?: boolean; change?: Partial<ObjectStore> } = {},
  ) {
    clock = { at: 1_000_000, now: () => clock.at }
    asked = { restore: 0, get: 0 }
    const { knowsClass = true, restoreMs = RESTORE_MS } = options
    archive = createMemoryStore({
      name: 'hot-store',
      settings: { capacityBytes: GIB },
      clock,
      archive: { classes: [ARCHIVE], restoreMs },
    })
    const cold = createMemoryStore({ name: 'cold-store', settings: { capacityBytes: GIB } })
    world = await createMovingWorld({
      stores: { hot: archive, cold },
      ...(knowsClass ? { hotClass: ARCHIVE } : {}),
    })
    behave(options.change)
    await world.addObject('k', BYTES, { sha256: SHA256, facts: { storageClass: ARCHIVE } })
  }

  /** So many looks, as if the rests between them were over. */
  async function look(times: number) {
    for (let time = 0; time < times; time++) {
      await world.letTimePass()
      await world.work()
    }
  }

  async function finish(id: Uuid) {
    for (let round = 0; round < 12; round++) {
      await world.work()
      if ((await world.migration(id)).finishedAt !== null) break
      world.endGrace()
      await world.letTimePass()
    }
    return world.migration(id)
  }

  /** What was written down of the wait, as if so much time had passed since by the database's clock. */
  async function age(id: Uuid, ms: number) {
    await world.test.database.query(
      `update migration set evidence = jsonb_set(jsonb_set(evidence,
         '{restore,since}', to_jsonb((evidence #>> '{restore,since}')::bigint - $2::bigint)),
         '{restore,requestedAt}', to_jsonb((evidence #>> '{restore,requestedAt}')::bigint - $2::bigint))
       where id = $1`,
      [id, ms],
    )
  }

  const bytesIn = async (location: 'hot' | 'cold') => {
    const chunks: Uint8Array[] = []
    for await (const chunk of (await world.stores[location].get('data', 'k')).body) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  it('asks an archive once, reads nothing before it is restored, and moves the same bytes', async () => {
    await newWorld()
    const id = await world.plan('k')
    await world.work()
    expect(await world.migration(id)).toMatchObject({
      state: 'waiting-restore',
      attempt: 0,
      leaseOwner: null,
      evidence: { restore: { requests: 1, isTaken: true, looks: 1, failures: 0 } },
    })
    await look(5)
    expect(asked).toEqual({ restore: 1, get: 0 })
    expect(await world.migration(id)).toMatchObject({ state: 'waiting-restore', attempt: 0 })
    clock.at += RESTORE_MS
    await world.letTimePass()
    expect(await finish(id)).toMatchObject({ state: 'done', evidence: { verifiedBy: 'target-checksum' } })
    expect(asked).toEqual({ restore: 1, get: 1 })
    expect((await bytesIn('cold')).equals(BYTES)).toBe(true)
    await expect(world.stores.hot.head('data', 'k')).rejects.toMatchObject({ kind: 'not-found' })
    expect((await world.timeline(id)).slice(0, 4)).toEqual([
      'planned',
      'taken-up',
      'restore-needed',
      'restored',
    ])
  })

  it('rests for minutes to an hour between two looks, and takes nobody’s place', async () => {
    await newWorld()
    const id = await world.plan('k')
    const restSeconds = async () => {
      const { rows } = await world.test.database.query<{ seconds: number }>(
        'select extract(epoch from not_before - now())::float8 as seconds from migration where id = $1',
        [id],
      )
      return rows[0]!.seconds
    }
    await world.work()
    const first = await restSeconds()
    expect(first).toBeGreaterThan(25)
    expect(first).toBeLessThan(60)
    // Nobody takes it up before its rest is over.
    await world.work()
    expect((await world.migration(id)).evidence.restore).toMatchObject({ looks: 1 })
    await look(9)
    expect(await restSeconds()).toBeGreaterThan(1_700)
  })

  it('goes on at once where the store restores at once, in the same try', async () => {
    await newWorld({ restoreMs: 0 })
    expect(await finish(await world.plan('k'))).toMatchObject({ state: 'done' })
    expect(asked).toEqual({ restore: 1, get: 1 })
  })

  it.each([
    ['before the store is asked', false, 2, 1],
    ['after the store was asked', true, 1, 1],
  ] as const)(
    'is seen through by another worker when its own dies %s',
    async (_name, isSent, calls, ongoing) => {
      let isKilled = false
      let sent = 0
      await newWorld({
        change: {
          restore: async (...given) => {
            if (isKilled || isSent) {
              sent++
              await archive.restore!(...given)
            }
            if (isKilled) return archive.head(given[0], given[1])
            isKilled = true
            throw new Error('the process is gone')
          },
        },
      })
      const id = await world.plan('k')
      await world.work()
      expect(await world.migration(id)).toMatchObject({
        state: 'waiting-restore',
        evidence: { restore: { requests: 1, isTaken: false } },
      })
      await look(3)
      expect([asked.restore, sent]).toEqual([calls, ongoing])
      clock.at += RESTORE_MS
      await world.letTimePass()
      expect(await finish(id)).toMatchObject({ state: 'done', evidence: { restore: { requests: calls } } })
      expect(asked.get).toBe(1)
    },
  )

  it('is cancelled while it waits, and its source stays as it was', async () => {
    await newWorld()
    const id = await world.plan('k')
    await world.work()
    await world.test.database.query('update migration set cancel_requested = true where id = $1', [id])
    await world.letTimePass()
    expect(await finish(id)).toMatchObject({ state: 'aborted' })
    await world.sweep()
    expect(await world.copies('k')).toMatchObject([{ isPrimary: true, state: 'complete' }])
    expect(asked).toEqual({ restore: 1, get: 0 })
  })

  it('ends when other bytes lie there, without having read them', async () => {
    await newWorld()
    const id = await world.plan('k')
    await world.work()
    await archive.put('data', 'k', sampleOf(7), { size: 7, storageClass: ARCHIVE })
    await world.letTimePass()
    expect(await finish(id)).toMatchObject({
      state: 'aborted',
      evidence: { error: { kind: 'source-other' } },
    })
    expect(asked).toEqual({ restore: 1, get: 0 })
  })

  it('gives up after a week, with what it asked, and loses nothing', async () => {
    await newWorld({ restoreMs: Number.POSITIVE_INFINITY })
    const id = await world.plan('k')
    await world.work()
    await age(id, 7 * DAY + HOUR)
    await look(1)
    expect(await world.migration(id)).toMatchObject({
      state: 'quarantined',
      evidence: {
        error: { kind: 'restore-overdue', message: expect.stringContaining('asked for 1 times') },
        restore: { requests: 1 },
      },
    })
    expect(asked).toEqual({ restore: 1, get: 0 })
    await world.sweep()
    expect(await world.copies('k')).toMatchObject([{ isPrimary: true, state: 'complete' }])
  })

  it('asks again when what was restored has expired before it was read', async () => {
    await newWorld()
    const id = await world.plan('k')
    await world.work()
    clock.at += RESTORE_MS + 4 * DAY
    await age(id, 4 * DAY)
    await look(2)
    expect(asked).toEqual({ restore: 2, get: 0 })
    clock.at += RESTORE_MS
    await world.letTimePass()
    expect(await finish(id)).toMatchObject({ state: 'done', evidence: { restore: { requests: 2 } } })
  })

  it('waits for what nobody knew to be archived, once its store refused to hand it out', async () => {
    await newWorld({ knowsClass: false })
    const id = await world.plan('k')
    await world.work()
    await look(4)
    expect(asked).toEqual({ restore: 1, get: 1 })
    clock.at += RESTORE_MS
    await world.letTimePass()
    expect(await finish(id)).toMatchObject({ state: 'done' })
    expect(asked).toEqual({ restore: 1, get: 2 })
  })

  it('waits through an outage of the archive', async () => {
    await newWorld()
    const id = await world.plan('k')
    await world.work()
    behave({ head: () => Promise.reject(refusal('unreachable', 'head')) })
    await look(20)
    expect(await world.migration(id)).toMatchObject({
      state: 'waiting-restore',
      attempt: 0,
      evidence: { error: { kind: 'unreachable' }, restore: { failures: 0 } },
    })
    behave()
    clock.at += RESTORE_MS
    await world.letTimePass()
    expect(await finish(id)).toMatchObject({ state: 'done' })
    expect(asked).toEqual({ restore: 1, get: 1 })
  })

  it('ends after eight refusals of a store that does not let us', async () => {
    await newWorld({ change: { restore: () => Promise.reject(refusal('access-denied', 'restore')) } })
    const id = await world.plan('k')
    await world.work()
    await look(10)
    expect(await world.migration(id)).toMatchObject({
      state: 'quarantined',
      evidence: { error: { kind: 'access-denied', message: 'says access-denied' } },
    })
    expect(asked).toEqual({ restore: 8, get: 0 })
  })

  it('reads what a store calls archived and knows no restore of, once', async () => {
    const restore = () => Promise.reject(refusal('unsupported', 'restore'))
    await newWorld({ change: { restore } })
    const refused = await world.plan('k')
    expect(await finish(refused)).toMatchObject({
      state: 'quarantined',
      evidence: { error: { kind: 'archived' } },
    })
    expect(asked).toEqual({ restore: 1, get: 1 })
    await world.dispose()

    await newWorld({ restoreMs: 0, change: { restore } })
    const { identity: onlyIf } = await archive.head('data', 'k')
    const handedOut = {
      restore,
      get: async (...given: Parameters<ObjectStore['get']>) => {
        await archive.restore!('data', 'k', { onlyIf, readableDays: 1 })
        return archive.get(...given)
      },
    }
    behave(handedOut)
    expect(await finish(await world.plan('k'))).toMatchObject({ state: 'done' })
    expect(asked).toEqual({ restore: 1, get: 1 })
  })

  it('waits anew after a retry by a person', async () => {
    await newWorld({ change: { restore: () => Promise.reject(refusal('locked', 'restore')) } })
    const id = await world.plan('k')
    expect(await finish(id)).toMatchObject({ state: 'quarantined' })
    await world.sweep()
    behave()
    const { retryMigration } = await import('../database/migrations/migration-commands.ts')
    const command = { id, principal: 'user:alice', permittedIn: ['quarantined'] } as const
    expect(await retryMigration(world.test.database, command)).toMatchObject({ kind: 'done' })
    await world.work()
    expect(await world.migration(id)).toMatchObject({
      state: 'waiting-restore',
      evidence: { restore: { requests: 1, failures: 0 } },
    })
  })

  it('makes a copy more of what an archive restores beside it', async () => {
    await newWorld()
    const id = await world.plan('k', { kind: 'add-copy' })
    await world.work()
    clock.at += RESTORE_MS
    await world.letTimePass()
    expect(await finish(id)).toMatchObject({ state: 'done' })
    expect((await world.copies('k')).map(copy => copy.state)).toEqual(['complete', 'complete'])
    expect(await archive.head('data', 'k')).toMatchObject({ storageClass: ARCHIVE })
  })

  it('does not take a copy out of the archive where it shall stay', async () => {
    await newWorld({
      change: { capabilities: { ...capabilitiesOf(), archiveRestore: 'leaves-archive' } },
    })
    const id = await world.plan('k', { kind: 'add-copy' })
    expect(await finish(id)).toMatchObject({
      state: 'quarantined',
      evidence: { error: { kind: 'leaves-archive', message: expect.stringContaining('move it instead') } },
    })
    expect(asked).toEqual({ restore: 0, get: 0 })
  })

  it('changes the class of what lies in an archive once it is restored', async () => {
    await newWorld()
    const [copy] = await world.copies('k')
    const id = await world.plan('k', {
      kind: 'reclassify',
      sourceCopyId: copy!.id,
      targetCopyId: copy!.id,
      targetLocationId: world.locationIds.infrequent,
    })
    await world.work()
    await look(2)
    expect(await world.migration(id)).toMatchObject({ state: 'waiting-restore', attempt: 0 })
    clock.at += RESTORE_MS
    await world.letTimePass()
    expect(await finish(id)).toMatchObject({ state: 'done' })
    expect(asked.restore).toBe(1)
    expect(await archive.head('data', 'k')).toMatchObject({ storageClass: 'STANDARD_IA', archive: null })
    expect((await world.read('k')).equals(BYTES)).toBe(true)
  })

  function capabilitiesOf() {
    const options = { name: 'any', settings: { capacityBytes: 1 } }
    return createMemoryStore({ ...options, archive: { classes: [ARCHIVE], restoreMs: 0 } }).capabilities
  }
})
