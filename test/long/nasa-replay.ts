import { existsSync } from 'node:fs'
import path from 'node:path'
import { NASA_LOG, NASA_LOG_MISSING } from '../end-to-end/nasa-log.ts'
import { type MovingReplay, replayWhileMoving } from '../end-to-end/replay-while-moving.ts'
import type { LongTest } from './long-test.ts'

/**
 * A whole day of a real web server, every request as a real GET, while its objects are moved round and round
 * between three locations.
 */
const MOVES_EACH_WAY_MIN = 200

export const test: LongTest = {
  pieces: ['the whole log'],

  async runPiece(_, { folder }) {
    if (!existsSync(NASA_LOG)) throw new Error(NASA_LOG_MISSING)
    return replayWhileMoving({
      folder: path.join(folder, 'data'),
      log: NASA_LOG,
      requestsMax: Number.POSITIVE_INFINITY,
    })
  },

  conclude([result]) {
    const replay = result as MovingReplay
    return {
      passed:
        replay.errors + replay.wrongBytes + Object.keys(replay.movesNotDone).length === 0 &&
        Math.min(replay.demotions, replay.promotions) >= MOVES_EACH_WAY_MIN,
      summary: { movesEachWayMin: MOVES_EACH_WAY_MIN },
    }
  },
}
