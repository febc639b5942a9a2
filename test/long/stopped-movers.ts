import path from 'node:path'
import { concludeFalls, type FallsResult, fallAgain } from '../chaos/fall-again.ts'
import { STOPPING_POINTS } from '../chaos/killed-movers.ts'
import type { LongTest } from './long-test.ts'

/** Movers in processes of their own, stopped 200 times past their lease, between real servers. */
const STOPS = 200
const PIECES = 5

export const test: LongTest = {
  pieces: Array.from({ length: PIECES }, (_, index) => `stops ${index + 1}`),

  runPiece: (_, { folder }): Promise<FallsResult> =>
    fallAgain({
      boundaries: STOPPING_POINTS,
      signal: 'SIGSTOP',
      times: STOPS / PIECES,
      folder: path.join(folder, 'database'),
    }),

  conclude: pieces => concludeFalls(pieces as FallsResult[]),
}
