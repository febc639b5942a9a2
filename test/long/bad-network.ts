import path from 'node:path'
import { cloneDatabase } from '../builders/cloned-database.ts'
import { startTestDatabaseServer } from '../builders/database-server.ts'
import { damageOf, moveThroughBadNetwork, type NetworkResult } from '../chaos/bad-network.ts'
import { startS3Server } from '../services/s3-server.ts'
import type { LongTest } from './long-test.ts'

/** Moves between two real S3 servers; every connection of the mover, also that to the database, may break. */
const PIECES = 10
const MOVES_PER_PIECE = 100

export const test: LongTest = {
  pieces: Array.from({ length: PIECES }, (_, index) => `moves ${index + 1}`),

  async runPiece(piece, { folder, seed }): Promise<NetworkResult> {
    const server = await startTestDatabaseServer(path.join(folder, 'database'))
    const [hot, cold] = [
      await startS3Server({ keepsConnections: true }),
      await startS3Server({ keepsConnections: true }),
    ]
    try {
      if ('missing' in hot) throw new Error(hot.missing)
      if ('missing' in cold) throw new Error(cold.missing)
      const test = await cloneDatabase(server.url, { connectionsMax: 24 })
      return await moveThroughBadNetwork({
        moves: MOVES_PER_PIECE,
        hot,
        cold,
        seed: `${seed} ${piece}`,
        test,
      })
    } finally {
      for (const one of [hot, cold]) if ('stop' in one) await one.stop()
      await server.stop()
      await server.forget()
    }
  },

  conclude(pieces) {
    const results = pieces as NetworkResult[]
    const sum = (of: (result: NetworkResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    const summary = {
      moves: sum(result => result.moves),
      faultyConnections: sum(result => result.faulty),
      lost: sum(result => result.lost),
      corrupt: sum(result => result.corrupt),
      notDone: sum(result => result.notDone),
      doubled: sum(result => result.doubled),
    }
    return { passed: results.every(result => damageOf(result) === 0), summary }
  },
}
