import path from 'node:path'
import { BOUNDARIES } from '../../src/workers/migrations/migration-parts.ts'
import { CHAOS_SERVERS } from '../chaos/chaos-servers.ts'
import { concludeFalls, type FallsResult, fallAgain } from '../chaos/fall-again.ts'
import type { LongTest } from './long-test.ts'

/** Movers in processes of their own, killed at each boundary with each server in turn: 51 times each boundary. */
const ROUNDS = 17

export const test: LongTest = {
  pieces: Array.from({ length: ROUNDS }, (_, index) => `round ${index + 1}`),

  runPiece: (_, { folder }): Promise<FallsResult> =>
    fallAgain({
      boundaries: BOUNDARIES,
      signal: 'SIGKILL',
      times: BOUNDARIES.length * CHAOS_SERVERS.length,
      folder: path.join(folder, 'database'),
    }),

  conclude: pieces => concludeFalls(pieces as FallsResult[]),
}
