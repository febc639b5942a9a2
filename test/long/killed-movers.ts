import path from 'node:path'
import { BOUNDARIES } from '../../src/workers/migrations/migration-parts.ts'
import { concludeFalls, type FallsResult, fallAgain } from '../chaos/fall-again.ts'
import type { LongTest } from './long-test.ts'

/**
 * In each round movers in processes of their own are killed at every boundary with every server: about 50
 * times each.
 */
const ROUNDS = 17

export const test: LongTest = {
  pieces: Array.from({ length: ROUNDS }, (_, index) => `round ${index + 1}`),

  runPiece: (_, { folder }): Promise<FallsResult> =>
    fallAgain({ boundaries: BOUNDARIES, signal: 'SIGKILL', folder: path.join(folder, 'database') }),

  conclude: pieces => concludeFalls(pieces as FallsResult[]),
}
