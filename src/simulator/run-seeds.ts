import { runSeed, type SimulatedHistory } from './run-seed.ts'

/** What many histories showed together. */
export interface SeedsResult {
  readonly seeds: number
  readonly turns: number
  readonly modelMs: number
  /** How migrations ended, by state. */
  readonly ends: Readonly<Record<string, number>>
  /** Without their lines; a seed replays exactly. */
  readonly broken: readonly Omit<SimulatedHistory, 'lines'>[]
}

/** Lives through `count` histories, those with the seeds from `from` on. */
export async function runSeeds(from: number, count: number): Promise<SeedsResult> {
  const ends: Record<string, number> = {}
  const broken: Omit<SimulatedHistory, 'lines'>[] = []
  let turns = 0
  let modelMs = 0
  for (let seed = from; seed < from + count; seed++) {
    const { lines: _, ...history } = await runSeed(String(seed))
    turns += history.turns
    modelMs += history.modelMs
    for (const [state, migrations] of Object.entries(history.ends)) {
      ends[state] = (ends[state] ?? 0) + migrations
    }
    if (history.violation !== null) broken.push(history)
  }
  return { seeds: count, turns, modelMs, ends, broken }
}
