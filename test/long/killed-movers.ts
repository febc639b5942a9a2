import path from 'node:path'
import { BOUNDARIES, type Boundary } from '../../src/workers/migrations/migration-parts.ts'
import { cloneDatabase } from '../builders/cloned-database.ts'
import { startTestDatabaseServer } from '../builders/database-server.ts'
import {
  CHAOS_SERVERS,
  type ChaosServer,
  type ChaosServerKind,
  startChaosServer,
} from '../chaos/chaos-servers.ts'
import {
  createFallingWorld,
  damageOf,
  type FallResult,
  LEASE_MS,
  letFall,
  lookAt,
  OF_UPLOADS,
  STOPPING_POINTS,
  survive,
} from '../chaos/killed-movers.ts'
import type { LongTest } from './long-test.ts'

/**
 * Movers in processes of their own, killed 50 times at each boundary, and stopped 200 times past their lease, between a
 * real S3 server and real S3, Azure and Google servers in turn. Another mover finishes what they left.
 */
const KILLS_PER_BOUNDARY = 50
/** So many die one after the other, each taking up what the former ones left, before one survives. */
const KILLS_PER_SURVIVOR = 5
const STOPS = 200
const STOP_PIECES = 4
const SLACK_SECONDS = 10

interface PieceResult {
  readonly kills: number
  readonly stops: number
  readonly broken: readonly (FallResult & { readonly boundary: Boundary; readonly kind: ChaosServerKind })[]
  readonly recoverySecondsMax: number
}

const stopPieces = Array.from({ length: STOP_PIECES }, (_, index) => `stops ${index + 1}`)

export const test: LongTest = {
  pieces: [...BOUNDARIES, ...stopPieces],

  async runPiece(piece, { folder, say }): Promise<PieceResult> {
    const signal = stopPieces.includes(piece) ? 'SIGSTOP' : 'SIGKILL'
    const times = signal === 'SIGSTOP' ? STOPS / STOP_PIECES : KILLS_PER_BOUNDARY
    const kinds = CHAOS_SERVERS.filter(kind => kind !== 'gcs' || !OF_UPLOADS.includes(piece as Boundary))
    const broken: PieceResult['broken'][number][] = []
    let recoverySecondsMax = 0
    const server = await startTestDatabaseServer(path.join(folder, 'database'))
    const hot = await started('s3', 'hot-store')
    try {
      for (const [index, kind] of kinds.entries()) {
        const cold = await started(kind, 'cold-store')
        const database = await cloneDatabase(server.url, { connectionsMax: 24 })
        const falling = await createFallingWorld({ hot, cold, test: database })
        for (let time = index, sinceSurvivor = 1; time < times; time += kinds.length, sinceSurvivor++) {
          const boundary =
            signal === 'SIGKILL' ? (piece as Boundary) : STOPPING_POINTS[time % STOPPING_POINTS.length]!
          const sizes = signal === 'SIGSTOP' ? { sizes: [1_000] } : {}
          const fallen = await letFall(falling, {
            boundary,
            signal,
            name: `${signal} ${kind} ${time}`,
            ...sizes,
          })
          const isLast = time + kinds.length >= times
          if (signal === 'SIGKILL' && sinceSurvivor < KILLS_PER_SURVIVOR && !isLast) continue
          sinceSurvivor = 0
          let result = await survive(falling)
          if (signal === 'SIGSTOP') {
            fallen.child.kill('SIGCONT')
            await fallen.ended
            result = { ...result, ...(await lookAt(falling)) }
          }
          recoverySecondsMax = Math.max(recoverySecondsMax, result.recoverySeconds)
          if (damageOf(result) > 0) broken.push({ boundary, kind, ...result })
          falling.expected.clear()
        }
        say(`${piece}: ${kind} done`)
        await falling.close()
        await cold.stop()
      }
    } finally {
      await hot.stop()
      await server.stop()
      await server.forget()
    }
    const [kills, stops] = signal === 'SIGKILL' ? [times, 0] : [0, times]
    return { kills, stops, broken, recoverySecondsMax }
  },

  conclude(pieces) {
    const results = pieces as PieceResult[]
    const sum = (of: (result: PieceResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    const broken = results.flatMap(result => result.broken)
    const total = (of: (result: FallResult) => number) => broken.reduce((all, result) => all + of(result), 0)
    const recoverySecondsMax = Math.max(...results.map(result => result.recoverySecondsMax))
    const recoverySecondsPermitted = LEASE_MS / 1_000 + SLACK_SECONDS
    return {
      passed: broken.length === 0 && recoverySecondsMax <= recoverySecondsPermitted,
      summary: {
        boundaries: BOUNDARIES.length,
        kills: sum(result => result.kills),
        stops: sum(result => result.stops),
        lost: total(result => result.lost),
        corrupt: total(result => result.corrupt),
        duplicates: total(result => result.duplicates),
        doubled: total(result => result.doubled),
        unfinished: total(result => result.unfinished),
        recoverySecondsMax,
        recoverySecondsPermitted,
      },
    }
  },
}

async function started(kind: ChaosServerKind, name: string): Promise<ChaosServer> {
  const server = await startChaosServer(kind, name)
  if ('missing' in server) throw new Error(server.missing)
  return server
}
