import path from 'node:path'
import { cloneDatabase } from '../builders/cloned-database.ts'
import { startTestDatabaseServer } from '../builders/database-server.ts'
import { openChaosStore, startChaosServer } from '../chaos/chaos-servers.ts'
import { damageOf, type Race, type RacesResult, raceSources } from '../chaos/raced-sources.ts'
import type { LongTest } from './long-test.ts'

/** How often each happens; a bucket's readers take at most a hundred deletions by others in a short time. */
const RACES_PER_PIECE = 78
const PIECES: Readonly<Record<Race, number>> = {
  'client-overwrites': 13,
  'client-deletes': 4,
  'foreign-overwrites': 7,
  'foreign-deletes': 4,
}

/** Sources overwritten and deleted while they are moved between two real S3 servers. */
export const test: LongTest = {
  pieces: Object.entries(PIECES).flatMap(([race, pieces]) =>
    Array.from({ length: pieces }, (_, index) => `${race} ${index + 1}`),
  ),

  async runPiece(piece, { folder, seed }): Promise<RacesResult> {
    const server = await startTestDatabaseServer(path.join(folder, 'database'))
    const [hot, cold] = [await startChaosServer('s3', 'hot'), await startChaosServer('s3', 'cold')]
    try {
      if ('missing' in hot) throw new Error(hot.missing)
      if ('missing' in cold) throw new Error(cold.missing)
      const stores = { hot: openChaosStore(hot), cold: openChaosStore(cold) }
      try {
        const test = await cloneDatabase(server.url, { connectionsMax: 16 })
        const race = piece.split(' ')[0] as Race
        return await raceSources({ race, races: RACES_PER_PIECE, ...stores, seed: `${seed} ${piece}`, test })
      } finally {
        await Promise.all([stores.hot.close(), stores.cold.close()])
      }
    } finally {
      for (const one of [hot, cold]) if ('stop' in one) await one.stop()
      await server.stop()
      await server.forget()
    }
  },

  conclude(pieces) {
    const results = pieces as RacesResult[]
    const sum = (of: (result: RacesResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    const summary = {
      races: sum(result => result.races),
      stale: sum(result => result.stale),
      newerDeleted: sum(result => result.newerDeleted),
      phantoms: sum(result => result.phantoms),
      lost: sum(result => result.lost),
      leftovers: sum(result => result.leftovers),
      unfinished: sum(result => result.unfinished),
    }
    return { passed: results.every(result => damageOf(result) === 0), summary }
  },
}
