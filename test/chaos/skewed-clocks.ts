import { createHash } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../src/database/postgres.ts'
import type { Uuid } from '../../src/domain/identifiers.ts'
import { sampleOf } from '../builders/moving-world.ts'
import { clockOf, type FakeTime } from '../services/fake-time.ts'
import type { ChaosServer } from './chaos-servers.ts'
import { createFallingWorld, type FallingWorld, lookAt, startMover } from './killed-movers.ts'

/** The movers' clocks: one that is right until it is put back by ten minutes, and two that are an hour off. */
const OFFSETS = { right: '+0', fast: '+1h', slow: '-1h' } as const
const PUT_BACK = '-10m'
/** So many moves are planned at a time, one of them of a large object. */
const WAVE = 10
const WAVES_MIN = 6
/** Until each mover did some. */
const WAVES_MAX = 40
const OBJECT_BYTES = 20_000
const LARGE_BYTES = 9 * 2 ** 20
/** What is not done by then never will be; machines may be busy. */
const WAVE_MS_MAX = 30_000
const END_MS_MAX = 10_000

/** What wrong clocks did to moves. All but the first two must be 0. */
export interface SkewResult {
  readonly moves: number
  /** How many movers did some of them. */
  readonly movers: number
  /** Migrations that more than one mover worked on, although none of them died. */
  readonly stolen: number
  readonly lost: number
  readonly corrupt: number
  readonly duplicates: number
  readonly doubled: number
  readonly unfinished: number
}

/** What no clock may ever cause. */
export function damageOf({ corrupt, doubled, duplicates, lost, stolen, unfinished }: SkewResult): number {
  return corrupt + doubled + duplicates + lost + stolen + unfinished
}

/** Moves objects between two real servers with three movers at a time, whose clocks disagree. */
export async function moveWithSkewedClocks(options: {
  hot: ChaosServer
  cold: ChaosServer
  fakeTime: FakeTime
  /** Where the clocks are kept. */
  folder: string
}): Promise<SkewResult> {
  const { cold, fakeTime, folder, hot } = options
  const falling = await createFallingWorld({ hot, cold })
  const { task, world } = falling
  const { database } = world.test
  const clocks = await Promise.all(
    Object.entries(OFFSETS).map(([name, offset]) => clockOf(fakeTime, path.join(folder, name), offset)),
  )
  try {
    // Not due before the end: movers work until nothing is left.
    const lastId = await planMove(falling, 'last')
    await database.query(`update migration set not_before = 'infinity' where id = $1`, [lastId])
    const movers = clocks.map(({ environment }) =>
      startMover({ ...task, verification: 'reported' }, environment),
    )
    const ended = Promise.all(movers.map(mover => once(mover, 'exit')))
    let moves = 1
    for (let wave = 0; wave < WAVES_MAX; wave++) {
      const keys = Array.from({ length: WAVE }, (_, index) => `${wave}/${index}`)
      for (const key of keys) await planMove(falling, key)
      moves += keys.length
      if (wave === WAVES_MIN / 2) await clocks[0]!.set(PUT_BACK)
      await untilLeft(database, 1)
      if (wave >= WAVES_MIN && (await lookAtMovers(database)).movers === movers.length) break
    }
    await database.query('update migration set not_before = now() where id = $1', [lastId])
    await untilLeft(database, 0)
    await Promise.race([ended, delay(END_MS_MAX, undefined, { ref: false })])
    for (const mover of movers) if (mover.exitCode === null) mover.kill('SIGKILL')
    const { corrupt, doubled, duplicates, lost } = await lookAt(falling)
    return { moves, ...(await lookAtMovers(database)), lost, corrupt, duplicates, doubled }
  } finally {
    await falling.close()
  }
}

async function planMove({ expected, world }: FallingWorld, key: string): Promise<Uuid> {
  const bytes = sampleOf(key.endsWith('/0') ? LARGE_BYTES : OBJECT_BYTES, key)
  expected.set(key, bytes)
  await world.addObject(key, bytes, { sha256: createHash('sha256').update(bytes).digest('hex') })
  return world.plan(key, { graceMs: 0 })
}

async function lookAtMovers(database: Database) {
  const { rows } = await database.query<{ movers: number; stolen: number; unfinished: number }>(
    `select (select count(distinct worker)::int from migration_event where event = 'source-deleted') as movers,
            (select count(*)::int from (
               select 1 from migration_event where event <> 'planned'
               group by migration_id having count(distinct worker) > 1) as twice) as stolen,
            (select count(*)::int from migration where state <> 'done') as unfinished`,
  )
  return rows[0]!
}

/** Waits until no more than so many moves are left, or it takes too long. */
async function untilLeft(database: Database, count: number): Promise<void> {
  const until = performance.now() + WAVE_MS_MAX
  while (performance.now() < until && (await lookAtMovers(database)).unfinished > count) await delay(20)
}
