import path from 'node:path'
import { concludeFalls, type FallsResult, fallAgain } from '../chaos/fall-again.ts'
import { STOPPING_POINTS } from '../chaos/killed-movers.ts'
import type { LongTest } from './long-test.ts'

/** In each round movers in processes of their own are stopped past their lease, twelve times: 204 in all. */
const ROUNDS = 17

export const test: LongTest = {
  pieces: Array.from({ length: ROUNDS }, (_, index) => `round ${index + 1}`),

  runPiece: (_, { folder }): Promise<FallsResult> =>
    fallAgain({ boundaries: STOPPING_POINTS, signal: 'SIGSTOP', folder: path.join(folder, 'database') }),

  conclude: pieces => concludeFalls(pieces as FallsResult[]),
}
