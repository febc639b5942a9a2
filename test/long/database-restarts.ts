import path from 'node:path'
import { damageOf, moveThroughRestarts, type RestartsResult } from '../chaos/database-restarts.ts'
import type { LongTest } from './long-test.ts'

/** A PostgreSQL server that is stopped and started a hundred times while objects are moved. */
const PIECES = 5
const RESTARTS_PER_PIECE = 20
const RESUME_SECONDS_PERMITTED = 15

export const test: LongTest = {
  pieces: Array.from({ length: PIECES }, (_, index) => `restarts ${index + 1}`),

  runPiece(piece, { folder, seed }): Promise<RestartsResult> {
    const restarts = RESTARTS_PER_PIECE
    return moveThroughRestarts({ restarts, folder: path.join(folder, piece), seed: `${seed} ${piece}` })
  },

  conclude(pieces) {
    const results = pieces as RestartsResult[]
    const sum = (of: (result: RestartsResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    const summary = {
      restarts: sum(result => result.restarts),
      migrations: sum(result => result.migrations),
      lost: sum(result => result.lost),
      corrupt: sum(result => result.corrupt),
      unfinished: sum(result => result.unfinished),
      doubled: sum(result => result.doubled),
      resumeSecondsMax: Math.max(...results.map(result => result.resumeSecondsMax)),
      resumeSecondsPermitted: RESUME_SECONDS_PERMITTED,
    }
    const isInTime = summary.resumeSecondsMax <= RESUME_SECONDS_PERMITTED
    return { passed: isInTime && results.every(result => damageOf(result) === 0), summary }
  },
}
