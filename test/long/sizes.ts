import { chmod, mkdir, rm } from 'node:fs/promises'
import { loadavg } from 'node:os'
import path from 'node:path'
import { GIB, KIB } from '../../src/domain/bytes.ts'
import { cloneDatabase } from '../builders/cloned-database.ts'
import { startTestDatabaseServer } from '../builders/database-server.ts'
import { isFlat, MEMORY_MIB_PERMITTED } from '../sizes/measured-move.ts'
import { moveOddKeys } from '../sizes/odd-keys.ts'
import { type CaseContext, type CaseResult, moveFile, moveImplied } from '../sizes/size-cases.ts'
import type { LongTest } from './long-test.ts'

/** Of an object that is computed and forgotten; `DIM_SIZES_GIB` asks for another size. */
const IMPLIED_GIB = Number(process.env.DIM_SIZES_GIB ?? 50)
const FILE_BYTES = 5 * GIB
/** With parts of at most this size an object of 4.9 GiB needs every part a store allows. */
const PART_BYTES = 512 * KIB
const PARTS = 10_000
/** The last part is shorter. */
const MISSING_BYTES = 12_345
const OBJECTS = 1_000_000
/** `DIM_SIZES_MOVED` asks for fewer, which takes less than the half hour of all of them. */
const MOVED_OBJECTS = Number(process.env.DIM_SIZES_MOVED ?? OBJECTS)
const OBJECT_BYTES = 256

const CASES: Readonly<Record<string, (context: CaseContext) => Promise<CaseResult>>> = {
  '10,000 parts': context =>
    moveImplied(context, {
      name: 'parts',
      count: 1,
      size: PARTS * PART_BYTES - MISSING_BYTES,
      limits: { partSizeMin: 1, partSizeMax: PART_BYTES, partsMax: PARTS },
    }),
  '0 bytes': context => moveImplied(context, { name: 'empty', count: 1_000, size: 0 }),
  'odd keys': context => moveOddKeys(context),
  [`${OBJECTS} objects in one container, ${MOVED_OBJECTS} of them moved`]: context =>
    moveImplied(context, { name: 'many', count: OBJECTS, size: OBJECT_BYTES, movedMax: MOVED_OBJECTS }),
  'a file of 5 GiB to a real S3 server': context => moveFile(context, FILE_BYTES),
  [`an implied object of ${IMPLIED_GIB} GiB`]: context =>
    moveImplied(context, { name: 'huge', count: 1, size: IMPLIED_GIB * GIB }),
}

/** From nothing to 50 GiB, from one object to a million: everything arrives, and memory does not grow. */
export const test: LongTest = {
  pieces: Object.keys(CASES),

  async runPiece(piece, { folder, seed, say }): Promise<CaseResult> {
    const home = path.join(folder, 'bytes')
    await mkdir(home, { recursive: true })
    await chmod(home, 0o755)
    const server = await startTestDatabaseServer(path.join(folder, 'database'))
    try {
      const test = await cloneDatabase(server.url)
      say(`load ${loadavg()[0]!.toFixed(1)}`)
      const result = await CASES[piece]!({ test, seed, folder: home })
      await test.drop()
      return result
    } finally {
      await server.stop()
      await server.forget()
      await rm(home, { recursive: true, force: true })
    }
  },

  conclude(pieces) {
    const results = pieces as CaseResult[]
    const summary = {
      memoryMibPermitted: MEMORY_MIB_PERMITTED,
      memoryMibMax: Math.max(...results.flatMap(result => [result.import, result.move]).map(peakOf)),
      bytes: results.reduce((sum, result) => sum + result.bytes, 0),
      moved: results.reduce((sum, result) => sum + result.moved, 0),
      notArrived: results.reduce((sum, result) => sum + result.notArrived, 0),
      different: results.reduce((sum, result) => sum + result.differences.length, 0),
      growing: results.filter(result => !isFlat(result.import) || !isFlat(result.move)).length,
    }
    const { notArrived, different, growing } = summary
    return { passed: notArrived + different + growing === 0, summary }
  },
}

function peakOf(phase: CaseResult['move']): number {
  return phase.memoryMibMax
}
