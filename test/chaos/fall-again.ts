import type { Boundary } from '../../src/workers/migrations/migration-parts.ts'
import { cloneDatabase } from '../builders/cloned-database.ts'
import { startTestDatabaseServer } from '../builders/database-server.ts'
import { CHAOS_SERVERS, type ChaosServer, type ChaosServerKind, startChaosServer } from './chaos-servers.ts'
import {
  createFallingWorld,
  damageOf,
  type FallingWorld,
  type FallResult,
  LEASE_MS,
  letFall,
  lookAt,
  OF_UPLOADS,
  SIZES,
  survive,
} from './killed-movers.ts'

/** So many die one after the other, each taking up what the former ones left, before one survives. */
const KILLS_PER_SURVIVOR = 5
/** One fall in so many is among objects in parts, too. */
const LARGE_EVERY = 5
/** What is left must be done so long after the lease ran out. */
const SLACK_SECONDS = 10

/** What many falls showed; `broken` must be empty. */
export interface FallsResult {
  readonly falls: number
  readonly broken: readonly (FallResult & { readonly boundary: Boundary; readonly kind: ChaosServerKind })[]
  readonly recoverySecondsMax: number
}

/**
 * Lets movers fall at these boundaries, in turn, between a real S3 server and real S3, Azure and Google servers,
 * in turn; others finish what they left.
 */
export async function fallAgain(options: {
  boundaries: readonly Boundary[]
  signal: 'SIGKILL' | 'SIGSTOP'
  times: number
  folder: string
}): Promise<FallsResult> {
  const { boundaries, signal, times } = options
  const broken: FallsResult['broken'][number][] = []
  let recoverySecondsMax = 0
  const server = await startTestDatabaseServer(options.folder)
  const hot = await started('s3', 'hot-store')
  try {
    for (const [index, kind] of CHAOS_SERVERS.entries()) {
      const cold = await started(kind, 'cold-store')
      const test = await cloneDatabase(server.url, { connectionsMax: 24 })
      const falling = await createFallingWorld({ hot, cold, test })
      const boundaryOf = (time: number) =>
        boundaries[Math.floor(time / CHAOS_SERVERS.length) % boundaries.length]!
      for (let time = index; time < times; time += CHAOS_SERVERS.length) {
        const boundary = boundaryOf(time)
        const isSurvived =
          signal === 'SIGSTOP' ||
          Math.floor(time / CHAOS_SERVERS.length) % KILLS_PER_SURVIVOR === 0 ||
          time + CHAOS_SERVERS.length >= times
        const result = await fall(falling, {
          boundary,
          signal,
          name: `${signal} ${kind} ${time}`,
          isSurvived,
        })
        if (result === null) continue
        recoverySecondsMax = Math.max(recoverySecondsMax, result.recoverySeconds)
        if (damageOf(result) > 0) broken.push({ boundary, kind, ...result })
        falling.expected.clear()
      }
      await falling.close()
      await cold.stop()
    }
  } finally {
    await hot.stop()
    await server.stop()
    await server.forget()
  }
  return { falls: times, broken, recoverySecondsMax }
}

let falls = 0

async function fall(
  falling: FallingWorld,
  one: { boundary: Boundary; signal: 'SIGKILL' | 'SIGSTOP'; name: string; isSurvived: boolean },
): Promise<FallResult | null> {
  const { boundary, isSurvived, name, signal } = one
  // A mover that sleeps must hold the lock of no other object: nobody could take that from it.
  const isLarge = signal === 'SIGKILL' && (OF_UPLOADS.includes(boundary) || falls++ % LARGE_EVERY === 0)
  const fallen = await letFall(falling, {
    boundary,
    signal,
    name,
    sizes: isLarge ? SIZES : SIZES.slice(0, 1),
  })
  if (!isSurvived) return null
  const result = await survive(falling)
  if (signal === 'SIGKILL') return result
  fallen.child.kill('SIGCONT')
  await fallen.ended
  return { ...result, ...(await lookAt(falling)) }
}

async function started(kind: ChaosServerKind, name: string): Promise<ChaosServer> {
  const server = await startChaosServer(kind, name)
  if ('missing' in server) throw new Error(server.missing)
  return server
}

/** What all falls show together, and whether that is as it must be. */
export function concludeFalls(results: readonly FallsResult[]) {
  const broken = results.flatMap(result => result.broken)
  const total = (of: (result: FallResult) => number) => broken.reduce((all, result) => all + of(result), 0)
  const recoverySecondsMax = Math.max(...results.map(result => result.recoverySecondsMax))
  const recoverySecondsPermitted = LEASE_MS / 1_000 + SLACK_SECONDS
  return {
    passed: broken.length === 0 && recoverySecondsMax <= recoverySecondsPermitted,
    summary: {
      falls: results.reduce((sum, result) => sum + result.falls, 0),
      lost: total(result => result.lost),
      corrupt: total(result => result.corrupt),
      duplicates: total(result => result.duplicates),
      doubled: total(result => result.doubled),
      unfinished: total(result => result.unfinished),
      recoverySecondsMax,
      recoverySecondsPermitted,
    },
  }
}
