import { describe, expect, it } from 'vitest'
import { runSeed } from './run-seed.ts'
import { runSeeds } from './run-seeds.ts'

/** Enough for every run of the tests; `npm run test:long -- simulate-migrations` lives through 10,000. */
const SEEDS = 200
/** Five seconds of one free core; the machine may be busy with other tests. */
const TEST_MS_MAX = 180_000
/** The last lines of a broken history that are shown. */
const LINES = 60

/** Histories that once showed an error in the mover, the sweeper or the gateway's rules. */
const ONCE_BROKEN = [
  // A deletion that was cut off and done again was forgotten, and its first try landed on new bytes.
  '36',
  '47',
  // The row that led the sweeper to an upload went when another move published in its place.
  '142',
  // Bytes of one leftover were taken for those of another in the same place, and nobody swept them any more.
  '1775',
  '2481',
  // A read-back was answered with the bytes of the try before.
  '428',
  // A leftover became primary as the bytes of the try before, which a look showed.
  '5313',
  // One leftover took another's bytes for its own, changed.
  '438',
  // A deletion that landed unanswered was forgotten, although a second one was on its way.
  '738',
  // What a failed move left, and its store did not let go of, was read without a proof.
  '6148',
] as const

describe('a simulated history of moves', () => {
  it(
    `keeps every invariant in ${SEEDS} histories`,
    async () => {
      const { broken, ends } = await runSeeds(1, SEEDS)
      const [first] = broken
      if (first !== undefined) {
        const { lines, violation } = await runSeed(first.seed)
        const replay = `SIMULATE_SEED=${first.seed} npx vitest run src/simulator/run-seed.test.ts`
        throw new Error(
          `seed ${first.seed} breaks ${violation?.invariant}: ${violation?.message}\nreplay: ${replay}\n${lines.slice(-LINES).join('\n')}`,
        )
      }
      expect(ends.done).toBeGreaterThan(SEEDS)
      // Everything a move can come to is met.
      expect(Object.keys(ends).sort()).toEqual(['aborted', 'done', 'quarantined', 'retained', 'rolled-back'])
    },
    TEST_MS_MAX,
  )

  const chosen = process.env.SIMULATE_SEED
  it.runIf(chosen !== undefined)('keeps every invariant in the chosen history', async () => {
    const { lines, violation } = await runSeed(chosen!)
    expect(violation, lines.slice(-LINES).join('\n')).toBeNull()
  })

  it.each(ONCE_BROKEN)('stays whole in the history of seed %s', async seed => {
    expect((await runSeed(seed)).violation).toBeNull()
  })

  it('waits for what lies in an archive, and moves it on', async () => {
    const { ends, lines, violation } = await runSeed('11')
    expect(violation).toBeNull()
    const restores = lines.filter(line => line.includes('to restore'))
    expect(restores.length).toBeGreaterThan(0)
    expect(ends.done).toBeGreaterThan(5)
  })

  it('replays exactly', async () => {
    const [first, again] = [await runSeed('7'), await runSeed('7')]
    expect(again).toEqual(first)
    expect((await runSeed('8')).digest).not.toBe(first.digest)
  })
})
