import { readFile } from 'node:fs/promises'
import { MIGRATION_KINDS, MIGRATION_STATES, type MigrationState } from '../../src/domain/migration.ts'
import { brokenLaws } from '../../src/migration/contract/life-laws.ts'
import { TRANSITIONS } from '../../src/migration/transitions.ts'
import { effectMutants, guardMutants, mutated } from '../../src/simulator/mutate-life.ts'
import {
  createMutantTrial,
  NOTICED_IN_HISTORIES,
  SEEDS_PER_MUTANT,
} from '../../src/simulator/noticed-mutants.ts'
import type { LongTest } from './long-test.ts'

/** Every single mistake in the life-cycle table, against the table's laws and against simulated histories. */
interface PieceResult {
  readonly mutants: number
  /** The mutants that break no law of the table, by name. */
  readonly lawful: readonly string[]
  /** The first history that breaks a promise, by the mutant's name; null where none does. */
  readonly seeds: Readonly<Record<string, string | null>>
}

const GUARDS = 'guards'

export const test: LongTest = {
  pieces: [GUARDS, ...MIGRATION_STATES],

  async runPiece(piece): Promise<PieceResult> {
    const spec = await readFile(new URL('../../src/migration/SPEC.md', import.meta.url), 'utf8')
    const mutants =
      piece === GUARDS
        ? MIGRATION_KINDS.flatMap(guardMutants)
        : MIGRATION_KINDS.flatMap(effectMutants).filter(({ state }) => state === (piece as MigrationState))
    const lawful = mutants.filter(
      mutant => brokenLaws(mutant.kind, mutated(TRANSITIONS[mutant.kind], mutant), spec).length === 0,
    )
    const firstBrokenSeed = createMutantTrial()
    const seeds: Record<string, string | null> = {}
    for (const mutant of piece === GUARDS ? [] : mutants) seeds[mutant.name] = await firstBrokenSeed(mutant)
    return { mutants: mutants.length, lawful: lawful.map(({ name }) => name), seeds }
  },

  conclude(pieces) {
    const results = pieces as PieceResult[]
    const mutants = results.reduce((total, result) => total + result.mutants, 0)
    const lawful = results.flatMap(result => result.lawful)
    const seeds = Object.entries(Object.assign({}, ...results.map(result => result.seeds)))
    const noticed = seeds.filter(([, seed]) => seed !== null).map(([name]) => name)
    const summary = {
      mutants,
      breakLaw: mutants - lawful.length,
      effectMutants: seeds.length,
      noticedInHistories: noticed.length,
      seedsPerMutant: SEEDS_PER_MUTANT,
    }
    const isComplete = NOTICED_IN_HISTORIES.every(name => noticed.includes(name))
    return { passed: isComplete && lawful.length === 0, summary }
  },
}
