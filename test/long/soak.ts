import path from 'node:path'
import { damageOf, type SoakResult, soak } from '../end-to-end/soak.ts'
import type { LongTest } from './long-test.ts'

/** The whole product with 100,000 objects at three stores, of whose requests one in twenty goes wrong. */
const OBJECTS = 100_000
const MINUTES = Number(process.env.DIM_SOAK_MINUTES ?? 120)
/** What the collector leaves more or less at a time. */
const MEMORY_MIB_MORE_MAX = 24

export const test: LongTest = {
  pieces: [`${MINUTES} minutes`],

  runPiece: (_, { folder, say }): Promise<SoakResult> =>
    soak({ folder: path.join(folder, 'data'), objects: OBJECTS, minutes: MINUTES, say }),

  conclude([result]) {
    const run = result as SoakResult
    const [, second = 0, , last = 0] = run.memoryMibOfQuarters
    const summary = { damage: damageOf(run), memoryMibMoreMax: MEMORY_MIB_MORE_MAX }
    return { passed: summary.damage === 0 && last - second <= MEMORY_MIB_MORE_MAX, summary }
  },
}
