import path from 'node:path'
import { cloneDatabase } from '../builders/cloned-database.ts'
import { startTestDatabaseServer } from '../builders/database-server.ts'
import { damageOf, LIES, type Lie, type LieResult, moveAmongLies } from '../chaos/lying-stores.ts'
import type { LongTest } from './long-test.ts'

/** Each lie of a store, told to 200 migrations at the source and at the target. */
const MIGRATIONS = 200

export const test: LongTest = {
  pieces: Object.keys(LIES),

  async runPiece(piece, { folder, seed }): Promise<LieResult> {
    const server = await startTestDatabaseServer(path.join(folder, 'database'))
    try {
      const database = await cloneDatabase(server.url, { connectionsMax: 24 })
      return await moveAmongLies({
        lie: piece as Lie,
        migrations: MIGRATIONS,
        seed: `${seed} ${piece}`,
        test: database,
      })
    } finally {
      await server.stop()
      await server.forget()
    }
  },

  conclude(pieces) {
    const results = pieces as LieResult[]
    const sum = (of: (result: LieResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    return {
      passed: results.every(result => damageOf(result) === 0),
      summary: {
        migrations: sum(result => result.migrations),
        liesTold: sum(result => result.told),
        lost: sum(result => result.lost),
        corrupt: sum(result => result.corrupt),
        undetected: sum(result => result.undetected),
        deletesWithoutProof: sum(result => result.deletesWithoutProof),
        stuck: sum(result => result.stuck),
      },
    }
  },
}
