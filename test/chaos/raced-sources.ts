import { setTimeout as delay } from 'node:timers/promises'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import type { BucketMode } from '../../src/domain/bucket.ts'
import { SECOND } from '../../src/domain/duration.ts'
import { objectIdOf, type Uuid } from '../../src/domain/identifiers.ts'
import { seededRandom } from '../../src/simulator/traffic/random.ts'
import type { ListPage, ObjectStore } from '../../src/stores/object-store.ts'
import { BOUNDARIES } from '../../src/workers/migrations/migration-parts.ts'
import type { TestDatabase } from '../builders/cloned-database.ts'
import { type MovingGateway, startMovingGateway } from '../builders/moving-gateway.ts'

/** What happens to the source of a move while it is moved. */
export const RACES = ['client-overwrites', 'client-deletes', 'foreign-overwrites', 'foreign-deletes'] as const
export type Race = (typeof RACES)[number]

/** Objects that are moved together; a reader finds at most a hundred deleted by others in a short time. */
const GROUP = 26
/** A mover that waits for a race waits no longer: the race may need the lock that it holds. */
const HELD_MS_MAX = 40
/** A race that is not waited for begins within so long. */
const RACE_DELAY_MS_MAX = 15
const PUT_TRIES_MAX = 40
const ROUNDS_MAX = 60
/** Clients wait for an answer at most for so long. */
const LOCK_WAIT_MS = 10 * SECOND

/** What races did. All but the first two must be 0. */
export interface RacesResult {
  readonly races: number
  readonly ends: Readonly<Record<string, number>>
  /** Readers get what a client's later write replaced, or what it deleted. */
  readonly stale: number
  /** What others wrote is not in their store any more. */
  readonly newerDeleted: number
  /** Objects that are there for readers, and have no bytes. */
  readonly phantoms: number
  /** Objects that nobody deleted and that nobody can read. */
  readonly lost: number
  /** Bytes in the target's store that no object needs. */
  readonly leftovers: number
  /** Moves that are still under way. */
  readonly unfinished: number
}

/** What no race may ever cause. */
export function damageOf(result: RacesResult): number {
  const { leftovers, lost, newerDeleted, phantoms, stale, unfinished } = result
  return leftovers + lost + newerDeleted + phantoms + stale + unfinished
}

/**
 * Moves objects from `hot` to `cold` while their source is overwritten or deleted, through the gateway or behind its
 * back, at every boundary of the move in turn.
 */
export async function raceSources(options: {
  race: Race
  races: number
  hot: ObjectStore
  cold: ObjectStore
  seed: string
  test?: TestDatabase
}): Promise<RacesResult> {
  const { cold, hot, race, races } = options
  const mode: BucketMode = race.startsWith('foreign') ? 'shared' : 'exclusive'
  const gateway = await startMovingGateway({
    store: hot,
    coldStore: cold,
    mode,
    limits: { lockWaitMs: LOCK_WAIT_MS },
    ...(options.test === undefined ? {} : { test: options.test }),
  })
  try {
    const random = seededRandom(options.seed)
    const keys = Array.from({ length: races }, (_, index) => `${race}-${index}`)
    for (let first = 0; first < keys.length; first += GROUP) {
      await raceGroup(gateway, race, keys.slice(first, first + GROUP), () => random.next())
    }
    return await lookAt(gateway, race, keys)
  } finally {
    await gateway.close()
  }
}

async function raceGroup(
  gateway: MovingGateway,
  race: Race,
  keys: readonly string[],
  random: () => number,
): Promise<void> {
  const bucketId = await bucketIdOf(gateway)
  const racing = new Map<
    Uuid,
    { readonly key: string; readonly boundary: string; readonly isHeld: boolean }
  >()
  for (const [index, key] of keys.entries()) {
    await putUntilTaken(gateway, key, before(key))
    await gateway.plan(gateway.cold, key)
    const boundary = BOUNDARIES[index % BOUNDARIES.length]!
    racing.set(objectIdOf(bucketId, key), { key, boundary, isHeld: random() < 0.5 })
  }
  const begun: Promise<void>[] = []
  const begin = (objectId: Uuid, waitMs: number) => {
    const { key } = racing.get(objectId)!
    racing.delete(objectId)
    const over = delay(waitMs).then(() => interfere(gateway, race, key))
    begun.push(over)
    return over
  }
  await untilRest(gateway, {
    concurrency: 4,
    async atBoundary(boundary, { objectId }) {
      const one = racing.get(objectId)
      if (one?.boundary !== boundary) return
      const over = begin(objectId, one.isHeld ? 0 : random() * RACE_DELAY_MS_MAX)
      if (one.isHeld) await Promise.race([over, delay(HELD_MS_MAX)])
    },
  })
  // Some moves never come to their boundary: small objects go in one piece.
  for (const objectId of [...racing.keys()]) begin(objectId, 0)
  await Promise.all(begun)
  await untilRest(gateway, { concurrency: 4 })
}

const before = (key: string) => `${key} before`
const after = (key: string) => `${key} after, longer`

async function interfere(gateway: MovingGateway, race: Race, key: string): Promise<void> {
  const { container, store } = gateway.door.location
  const bytes = Buffer.from(after(key))
  switch (race) {
    case 'client-overwrites':
      return putUntilTaken(gateway, key, after(key))
    case 'client-deletes':
      return deleteUntilTaken(gateway, key)
    case 'foreign-overwrites':
      return void (await store.put(container, key, bytes, { size: bytes.byteLength }))
    case 'foreign-deletes':
      return store.delete(container, key)
  }
}

async function putUntilTaken(gateway: MovingGateway, key: string, body: string): Promise<void> {
  for (let tries = 0; tries < PUT_TRIES_MAX; tries++) {
    if ((await gateway.put(body, key)) === 'taken') return
    await delay(50)
  }
  throw new Error(`no write of ${key} was taken`)
}

async function deleteUntilTaken({ door }: MovingGateway, Key: string): Promise<void> {
  for (let tries = 0; tries < PUT_TRIES_MAX; tries++) {
    const deleted = door.client.send(new DeleteObjectCommand({ Bucket: 'ours', Key }))
    if (
      await deleted.then(
        () => true,
        () => false,
      )
    )
      return
    await delay(50)
  }
  throw new Error(`no deletion of ${Key} was taken`)
}

/** Works and sweeps until there is nothing more to do. */
async function untilRest(
  gateway: MovingGateway,
  change: Parameters<MovingGateway['work']>[0],
): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await gateway.dueNow()
    const worked = await gateway.work(change)
    const swept = await gateway.sweep()
    if (worked + swept === 0) return
  }
}

async function lookAt(gateway: MovingGateway, race: Race, keys: readonly string[]): Promise<RacesResult> {
  const { container, store } = gateway.door.location
  let [stale, newerDeleted, phantoms, lost] = [0, 0, 0, 0]
  for (const key of keys) {
    const read = await gateway.read(key).catch((error: Error) => error.name)
    const isGone = read === 'NoSuchKey'
    const isOld = read === before(key)
    const isNew = read === after(key)
    switch (race) {
      case 'client-overwrites':
        if (isOld) stale++
        else if (!isNew) lost++
        break
      case 'client-deletes':
        if (isOld) stale++
        else if (!isGone) phantoms++
        break
      case 'foreign-overwrites':
        if (!isOld && !isNew) lost++
        if ((await textOf(store, container, key)) !== after(key)) newerDeleted++
        break
      case 'foreign-deletes':
        if (!isOld && !isGone) phantoms++
        break
    }
  }
  // A reader who finds what others wrote makes it the object: copies of what was there before go.
  await untilRest(gateway, { concurrency: 4 })
  const { rows } = await gateway.test.database.query<{ state: string; migrations: number }>(
    'select state, count(*)::int as migrations from migration group by state',
  )
  const ends = Object.fromEntries(rows.map(row => [row.state, row.migrations]))
  const ended = ['done', 'aborted', 'retained', 'rolled-back', 'quarantined']
  return {
    races: keys.length,
    ends,
    stale,
    newerDeleted,
    phantoms,
    lost,
    leftovers: await leftoversOf(gateway, race),
    unfinished: rows.reduce((sum, row) => sum + (ended.includes(row.state) ? 0 : row.migrations), 0),
  }
}

async function leftoversOf(gateway: MovingGateway, prefix: string): Promise<number> {
  const { container, id, store } = gateway.cold
  const { rows } = await gateway.test.database.query<{ native_key: string }>(
    `select coalesce(c.native_key, o.key) as native_key from copy c join object o on o.id = c.object_id
     where c.location_id = $1 and c.is_primary and o.is_present`,
    [id],
  )
  const needed = new Set(rows.map(row => row.native_key))
  let leftovers = 0
  let cursor: string | null = null
  do {
    const page: ListPage = await store.list(container, { prefix, ...(cursor === null ? {} : { cursor }) })
    leftovers += page.objects.filter(object => !needed.has(object.key)).length
    cursor = page.cursor
  } while (cursor !== null)
  return leftovers
}

async function textOf(store: ObjectStore, container: string, key: string): Promise<string | null> {
  try {
    const { body } = await store.get(container, key)
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  } catch {
    return null
  }
}

async function bucketIdOf({ test }: MovingGateway): Promise<Uuid> {
  const { rows } = await test.database.query<{ id: Uuid }>(`select id from bucket where name = 'ours'`)
  return rows[0]!.id
}
