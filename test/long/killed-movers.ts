import path from 'node:path'
import { BOUNDARIES, type Boundary } from '../../src/workers/migrations/migration-parts.ts'
import { concludeFalls, type FallsResult, fallAgain } from '../chaos/fall-again.ts'
import type { LongTest } from './long-test.ts'

/** Movers in processes of their own, killed 50 times at each boundary, between real servers. */
const KILLS_PER_BOUNDARY = 50

export const test: LongTest = {
  pieces: BOUNDARIES,

  runPiece: (piece, { folder }): Promise<FallsResult> =>
    fallAgain({
      boundaries: [piece as Boundary],
      signal: 'SIGKILL',
      times: KILLS_PER_BOUNDARY,
      folder: path.join(folder, 'database'),
    }),

  conclude: pieces => concludeFalls(pieces as FallsResult[]),
}
