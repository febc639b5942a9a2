import { createHash } from 'node:crypto'
import { MIB } from '../../src/domain/bytes.ts'
import type { FaultRule } from '../../src/domain/fault.ts'
import { seededRandom } from '../../src/simulator/traffic/random.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { faultyStore } from '../../src/stores/wrappers/faulty-store.ts'
import { noMigrationMetrics } from '../../src/workers/migrations/migration-parts.ts'
import type { TestDatabase } from '../builders/cloned-database.ts'
import { createMovingWorld, type MovingWorld, sampleOf } from '../builders/moving-world.ts'

/** The six lies of a store, and where they are told: at the source, at the target. */
export const LIES = {
  'bit flip': {
    source: [{ fault: 'flips', on: ['get'], probability: 0.3 }],
    target: [{ fault: 'flips', probability: 0.4 }],
  },
  truncation: {
    source: [{ fault: 'truncates', on: ['get'], probability: 0.3 }],
    target: [{ fault: 'truncates', probability: 0.4 }],
  },
  'lost write': {
    source: [{ fault: 'write-lost', on: ['delete'], probability: 0.3 }],
    target: [{ fault: 'write-lost', on: ['put', 'multipart.complete'], probability: 0.4 }],
  },
  'wrong digest': {
    source: [{ fault: 'wrong-digest', on: ['head', 'get'], probability: 0.4 }],
    target: [{ fault: 'wrong-digest', probability: 0.4 }],
  },
  'stale read': {
    source: [{ fault: 'stale', on: ['head', 'get'], probability: 0.4 }],
    target: [{ fault: 'stale', on: ['head', 'get'], probability: 0.4 }],
  },
  'error after the commit': {
    source: [{ fault: 'answer-lost', on: ['delete'], probability: 0.5 }],
    target: [{ fault: 'answer-lost', probability: 0.3 }],
  },
} as const satisfies Record<string, { source: readonly FaultRule[]; target: readonly FaultRule[] }>
export type Lie = keyof typeof LIES

/** What a lie did to migrations. All but the first five must be 0. */
export interface LieResult {
  readonly lie: Lie
  readonly migrations: number
  /** How often it was told. */
  readonly told: number
  /** How migrations ended. */
  readonly ends: Readonly<Record<string, number>>
  /** Proofs that failed. */
  readonly noticed: number
  /** Objects without a readable primary copy. */
  readonly lost: number
  /** Objects whose primary copy holds other bytes. */
  readonly corrupt: number
  /** Migrations that say they are done, with other bytes at the target. */
  readonly undetected: number
  /** Bytes that were deleted while the primary copy did not hold the object's bytes. */
  readonly deletesWithoutProof: number
  /** Migrations that came to no end. */
  readonly stuck: number
}

const ROUNDS_MAX = 40
/** From then on nobody lies any more. */
const LYING_ROUNDS = 15
/** One object in so many goes in parts. */
const LARGE_EVERY = 20
const LARGE_BYTES = 9 * MIB
const ATTEMPTS_MAX = 8

/** Moves so many objects between two stores that tell this lie, and looks at what became of them. */
export async function moveAmongLies(options: {
  lie: Lie
  migrations: number
  seed: string
  test?: TestDatabase
}): Promise<LieResult> {
  const { lie, migrations } = options
  const world = await createMovingWorld(options.test === undefined ? {} : { test: options.test })
  try {
    const objects = await addObjects(world, migrations, options.seed)
    const honest = { ...world.stores }
    const liar = { told: 0, isLying: true }
    let deletesWithoutProof = 0
    const random = seededRandom(options.seed)
    const lying = (store: ObjectStore, rules: readonly FaultRule[]) =>
      faultyStore(watched(store), {
        rules,
        random: () => random.next(),
        happened: () => {
          liar.told++
        },
        isActive: () => liar.isLying,
      })
    function watched(store: ObjectStore): ObjectStore {
      return {
        ...store,
        async delete(container, key, given) {
          const name = key.slice(key.indexOf(PREFIX))
          if (!(await holdsPrimary(world, honest, name, objects.get(name)!))) deletesWithoutProof++
          await store.delete(container, key, given)
        },
      }
    }
    world.stores.hot = lying(honest.hot, LIES[lie].source)
    world.stores.cold = lying(honest.cold, LIES[lie].target)
    const noticed = await workToTheEnd(world, liar)
    Object.assign(world.stores, honest)
    const { ends, stuck, done } = await endsOf(world)
    let [lost, corrupt, undetected] = [0, 0, 0]
    for (const [key, bytes] of objects) {
      const read = await world.read(key).catch(() => null)
      if (read === null) lost++
      else if (!read.equals(bytes)) {
        corrupt++
        if (done.has(key)) undetected++
      }
    }
    const counts = { lost, corrupt, undetected, deletesWithoutProof, stuck }
    return { lie, migrations, told: liar.told, ends, noticed, ...counts }
  } finally {
    await world.dispose()
  }
}

const PREFIX = 'object-'

async function addObjects(world: MovingWorld, count: number, seed: string): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>()
  for (let index = 0; index < count; index++) {
    const key = `${PREFIX}${index}`
    const bytes = sampleOf(index % LARGE_EVERY === 0 ? LARGE_BYTES : 500 + index, `${seed}/${key}`)
    objects.set(key, bytes)
    await world.addObject(key, bytes, { sha256: createHash('sha256').update(bytes).digest('hex') })
    await world.plan(key, { graceMs: 0, attemptsMax: ATTEMPTS_MAX })
  }
  return objects
}

/** Resolves to how many proofs failed. */
async function workToTheEnd(world: MovingWorld, liar: { isLying: boolean }): Promise<number> {
  let noticed = 0
  const metrics = {
    ...noMigrationMetrics(),
    verificationFailed: () => {
      noticed++
    },
  }
  for (let round = 0; round < ROUNDS_MAX; round++) {
    liar.isLying = round < LYING_ROUNDS
    world.endGrace()
    await world.letTimePass()
    const worked = await world.work({ metrics, verification: round % 2 === 0 ? 'reported' : 'read-back' })
    await world.sweep()
    if (worked === 0 && !liar.isLying) break
    if (worked === 0 && (await endsOf(world)).stuck === 0) liar.isLying = false
  }
  return noticed
}

async function endsOf(world: MovingWorld) {
  const { rows } = await world.test.database.query<{ key: string; state: string; isOver: boolean }>(
    `select o.key, m.state, m.finished_at is not null as "isOver"
     from migration m join object o on o.id = m.object_id`,
  )
  const ends: Record<string, number> = {}
  for (const { state } of rows) ends[state] = (ends[state] ?? 0) + 1
  return {
    ends,
    stuck: rows.filter(row => !row.isOver).length,
    done: new Set(rows.filter(row => row.state === 'done').map(row => row.key)),
  }
}

/** Whether the copy that readers are given now holds the object's bytes, whoever lies. */
async function holdsPrimary(
  world: MovingWorld,
  honest: { readonly hot: ObjectStore; readonly cold: ObjectStore },
  key: string,
  bytes: Buffer,
): Promise<boolean> {
  const copies = await world.copies(key)
  const primary = copies.find(copy => copy.isPrimary)
  if (primary === undefined) return false
  const store = primary.locationId === world.locationIds.hot ? honest.hot : honest.cold
  const { body } = await store.get('data', primary.nativeKey)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).equals(bytes)
}

/** What no lie may ever cause. */
export function damageOf(result: LieResult): number {
  return result.lost + result.corrupt + result.undetected + result.deletesWithoutProof + result.stuck
}
