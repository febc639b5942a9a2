import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { seededRandom } from '../../src/simulator/traffic/random.ts'
import { killDemo, type PartOfStory } from '../end-to-end/kill-demo.ts'
import { type DemoRecovery, recoverDemo } from '../end-to-end/recover-demo.ts'
import type { LongTest } from './long-test.ts'

/**
 * SIGKILL of the demo's whole process tree, with its database, at twenty seeded moments: five lives of a data
 * folder, each begun anew, killed in each part of the story in turn and gone on with after each kill.
 */
const LIVES = 5
const OBJECTS = 800
/** The product's default. */
const LEASE_SECONDS = 30
const SLACK_SECONDS = 10
/** A kill comes up to so many seconds after its part of the story began. */
const DELAY_SECONDS_MAX: Readonly<Record<PartOfStory, number>> = {
  'set-up': 4,
  import: 1.5,
  traffic: 12,
  moves: 8,
  burst: 6,
}
/** How often a kill is tried again when the demo came to its end before. */
const ATTEMPTS_MAX = 4

interface KillResult extends DemoRecovery {
  readonly part: PartOfStory
  readonly delayMs: number
  readonly processes: number
}

export const test: LongTest = {
  pieces: Array.from({ length: LIVES }, (_, index) => `life ${index + 1}`),

  async runPiece(piece, { folder, seed, say }) {
    const random = seededRandom(`${seed}/${piece}`)
    const life = Number(piece.split(' ')[1])
    const dataFolder = path.join(folder, `life-${life}-${Date.now()}`)
    await mkdir(folder, { recursive: true })
    const parts: readonly PartOfStory[] = [life % 2 === 0 ? 'import' : 'set-up', 'traffic', 'moves', 'burst']
    const results: KillResult[] = []
    for (const part of parts) {
      const delayMs = Math.round(random.next() * DELAY_SECONDS_MAX[part] * 1_000)
      const result = await killAndRecover({ folder: dataFolder, part, delayMs, resume: results.length > 0 })
      say(JSON.stringify(result))
      results.push(result)
    }
    return results
  },

  conclude(pieces) {
    const results = (pieces as KillResult[][]).flat()
    const largest = (of: (result: KillResult) => number) => Math.max(...results.map(of))
    const summary = {
      kills: results.length,
      objects: OBJECTS,
      leaseSeconds: LEASE_SECONDS,
      lost: results.reduce((sum, result) => sum + result.lost.length, 0),
      wrong: results.reduce((sum, result) => sum + result.wrong.length, 0),
      stuck: results.reduce((sum, result) => sum + result.stuck.length, 0),
      quarantined: results.reduce((sum, result) => sum + result.quarantined, 0),
      unfinishedAtKills: results.reduce((sum, result) => sum + result.unfinished, 0),
      startSecondsMax: largest(result => result.startSeconds),
      recoverySecondsMax: largest(result => result.recoverySeconds),
      recoverySecondsPermitted: LEASE_SECONDS + SLACK_SECONDS,
    }
    const passed =
      summary.lost + summary.wrong + summary.stuck + summary.quarantined === 0 &&
      summary.recoverySecondsMax <= summary.recoverySecondsPermitted
    return { passed, summary }
  },
}

async function killAndRecover(options: {
  folder: string
  part: PartOfStory
  delayMs: number
  resume: boolean
}): Promise<KillResult> {
  const { folder, part } = options
  let { delayMs, resume } = options
  for (let attempt = 1; ; attempt++) {
    const settings = { folder, objects: OBJECTS, leaseSeconds: LEASE_SECONDS }
    const killed = await killDemo({ ...settings, resume, part, delayMs })
    if (killed !== null) {
      const isImported = /imported \d+ objects/.test(killed.story) || options.resume
      const recovery = await recoverDemo({ ...settings, isImported })
      return { part, delayMs, processes: killed.processes, ...recovery }
    }
    if (attempt === ATTEMPTS_MAX) throw new Error(`the demo always ended before its kill in "${part}"`)
    delayMs = Math.round(delayMs / 2)
    resume = true
  }
}
