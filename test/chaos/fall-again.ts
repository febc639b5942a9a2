import type { Boundary } from '../../src/workers/migrations/migration-parts.ts'
import { cloneDatabase } from '../builders/cloned-database.ts'
import { startTestDatabaseServer } from '../builders/database-server.ts'
import { CHAOS_SERVERS, type ChaosServer, type ChaosServerKind, startChaosServer } from './chaos-servers.ts'
import {
  boundariesOf,
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
/** Every write leaves a lease of at least this (`database/migrations/migration-steps.ts`). */
const LEASE_AFTER_WRITE_SECONDS = 10
/** What is left must be done so long after the lease ran out. */
const SLACK_SECONDS = 10

/** What many falls showed; `broken` must be empty. */
export interface FallsResult {
  readonly falls: number
  readonly broken: readonly (FallResult & { readonly boundary: Boundary; readonly kind: ChaosServerKind })[]
  readonly recoverySecondsMax: number
}

interface FallsAsked {
  readonly boundaries: readonly Boundary[]
  readonly signal: 'SIGKILL' | 'SIGSTOP'
}

/**
 * Lets a mover fall at each of these boundaries, between a real S3 server and a real S3, Azure and Google
 * server, which all three go on beside each other; others finish what they left.
 */
export async function fallAgain(options: FallsAsked & { readonly folder: string }): Promise<FallsResult> {
  const server = await startTestDatabaseServer(options.folder)
  try {
    const hot = await started('s3', 'hot-store')
    try {
      const results = await Promise.all(CHAOS_SERVERS.map(kind => fallTo(kind, { ...options, hot, server })))
      return {
        falls: results.reduce((sum, { falls }) => sum + falls, 0),
        broken: results.flatMap(({ broken }) => broken),
        recoverySecondsMax: Math.max(...results.map(result => result.recoverySecondsMax)),
      }
    } finally {
      await hot.stop()
    }
  } finally {
    await server.stop()
    await server.forget()
  }
}

/** The falls of movers to a server of this kind, in a database of their own. */
async function fallTo(
  kind: ChaosServerKind,
  options: FallsAsked & { readonly hot: ChaosServer; readonly server: { readonly url: string } },
): Promise<FallsResult> {
  const { boundaries, hot, server, signal } = options
  const broken: FallsResult['broken'][number][] = []
  let [recoverySecondsMax, falls] = [0, 0]
  const cold = await started(kind, 'cold-store')
  try {
    const test = await cloneDatabase(server.url, { connectionsMax: 24 })
    const falling = await createFallingWorld({ hot, cold, test })
    const possible = boundariesOf(kind)
      .filter(boundary => boundaries.includes(boundary))
      .flatMap(boundary => Array<Boundary>(timesAt(boundary, kind)).fill(boundary))
    for (const [index, boundary] of possible.entries()) {
      falls++
      const isLast = index === possible.length - 1
      const isSurvived = signal === 'SIGSTOP' || falls % KILLS_PER_SURVIVOR === 0 || isLast
      const result = await fall(falling, { boundary, signal, name: `${kind} ${index}`, isSurvived })
      if (result === null) continue
      recoverySecondsMax = Math.max(recoverySecondsMax, result.recoverySeconds)
      if (damageOf(result) > 0) broken.push({ boundary, kind, ...result })
      falling.expected.clear()
    }
    await falling.close()
  } finally {
    await cold.stop()
  }
  return { falls, broken, recoverySecondsMax }
}

/** Where a server has no uploads in parts, another one stands in for it: all boundaries see as many falls. */
function timesAt(boundary: Boundary, kind: ChaosServerKind): number {
  if (kind !== 's3') return 1
  return 1 + CHAOS_SERVERS.filter(other => !boundariesOf(other).includes(boundary)).length
}

async function fall(
  falling: FallingWorld,
  one: { boundary: Boundary; signal: 'SIGKILL' | 'SIGSTOP'; name: string; isSurvived: boolean },
): Promise<FallResult | null> {
  const { boundary, isSurvived, name, signal } = one
  const sizes = OF_UPLOADS.includes(boundary) ? SIZES : SIZES.slice(0, 1)
  const fallen = await letFall(falling, { boundary, signal, name, sizes })
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
  const recoverySecondsPermitted = Math.max(LEASE_MS / 1_000, LEASE_AFTER_WRITE_SECONDS) + SLACK_SECONDS
  return {
    passed: broken.length === 0 && recoverySecondsMax <= recoverySecondsPermitted,
    summary: {
      falls: results.reduce((sum, result) => sum + result.falls, 0),
      lost: total(result => result.lost),
      corrupt: total(result => result.corrupt),
      duplicates: total(result => result.duplicates),
      doubled: total(result => result.doubled),
      unfinished: total(result => result.unfinished),
      uploadsLeft: total(result => result.uploads),
      foreignAborted: total(result => result.foreignAborted),
      recoverySecondsMax,
      recoverySecondsPermitted,
    },
  }
}
