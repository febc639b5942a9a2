import { startDim } from '../builders/dim-process.ts'
import { isAlive, killTree } from '../builders/process-tree.ts'

/** Parts of the demo's story in which it may be killed, and what it says when each begins. */
const PARTS = {
  'set-up': /files, .* lie on-prem/,
  import: /two clouds answer/,
  traffic: /imported \d+ objects/,
  moves: /the plan of \d+ objects was approved|a burst: somebody reads/,
  burst: /a burst: somebody reads/,
} as const
export type PartOfStory = keyof typeof PARTS

/** A demo that was killed, with what it had told before. */
export interface KilledDemo {
  /** SIGKILL was sent to so many processes. */
  readonly processes: number
  readonly story: string
}

/** So few reads that most objects are cold, so many writes that some are always under way. */
const OBJECTS_PER_REQUEST_PER_SECOND = 50
const WRITE_SHARE = 0.4
const PART_BEGINS_MS_MAX = 240_000

/**
 * Starts (or, with `resume`, goes on with) a demo that checks itself, and kills its whole process tree with
 * its database `delayMs` after a part of its story began. Resolves to null when the demo ended before that;
 * rejects when it ended with an error that is not ours.
 */
export async function killDemo(options: {
  folder: string
  objects: number
  leaseSeconds: number
  resume: boolean
  part: PartOfStory
  delayMs: number
}): Promise<KilledDemo | null> {
  const demo = startDim(
    [
      'demo',
      '--check',
      ...(options.resume ? ['--resume'] : []),
      '--objects',
      String(options.objects),
      '--rate',
      String(options.objects / OBJECTS_PER_REQUEST_PER_SECOND),
      '--writes',
      String(WRITE_SHARE),
      '--data-dir',
      options.folder,
    ],
    { DIM_MIGRATOR_LEASE_SECONDS: String(options.leaseSeconds) },
  )
  const begins = await demo.tells(PARTS[options.part], PART_BEGINS_MS_MAX)
  const timer = new Promise<void>(resolve => setTimeout(resolve, options.delayMs))
  if (begins) await Promise.race([timer, demo.ended])
  const pids = await killTree({ pid: demo.pid, dataFolder: options.folder })
  const { code } = await demo.ended
  await allGone(pids)
  if (!begins && code === null)
    throw new Error(`the demo did not come to "${options.part}":\n${demo.stderr()}`)
  if (code !== null && code !== 0) throw new Error(`the demo failed by itself:\n${demo.stderr()}`)
  return code === 0 ? null : { processes: pids.length, story: demo.stderr() }
}

/** What was killed is gone for good only when its parent, or the system, has taken note. */
async function allGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 10_000
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) throw new Error('killed processes are still there')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
