import { runSeeds, type SeedsResult } from '../../src/simulator/run-seeds.ts'
import type { LongTest } from './long-test.ts'

/**
 * 10,000 simulated histories of the mover, the sweeper, clients, people and strangers on model stores and a
 * virtual clock, with every fault of `src/simulator/chaos/`.
 */
const PIECES = 20
const SEEDS_PER_PIECE = 500

interface PieceResult extends SeedsResult {
  readonly seconds: number
}

export const test: LongTest = {
  pieces: Array.from(
    { length: PIECES },
    (_, index) => `seeds ${index * SEEDS_PER_PIECE + 1} to ${(index + 1) * SEEDS_PER_PIECE}`,
  ),

  async runPiece(piece): Promise<PieceResult> {
    const from = Number(piece.split(' ')[1])
    const startedAt = performance.now()
    const result = await runSeeds(from, SEEDS_PER_PIECE)
    return { ...result, seconds: (performance.now() - startedAt) / 1_000 }
  },

  conclude(pieces) {
    const results = pieces as PieceResult[]
    const sum = (of: (result: PieceResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    const broken = results.flatMap(result => result.broken)
    const states = [...new Set(results.flatMap(result => Object.keys(result.ends)))].sort()
    const summary = {
      seeds: sum(result => result.seeds),
      turns: sum(result => result.turns),
      modelHours: Math.round(sum(result => result.modelMs) / 3_600_000),
      seedsPerSecond: Math.round(sum(result => result.seeds) / sum(result => result.seconds)),
      ends: Object.fromEntries(states.map(state => [state, sum(result => result.ends[state] ?? 0)])),
      broken: broken.map(({ seed, violation }) => ({ seed, ...violation })),
    }
    return { passed: broken.length === 0, summary }
  },
}
