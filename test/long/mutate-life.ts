import { readFile } from 'node:fs/promises'
import { MIGRATION_KINDS, type MigrationState, WORKING_STATES } from '../../src/domain/migration.ts'
import { brokenLaws } from '../../src/migration/contract/life-laws.ts'
import { TRANSITIONS } from '../../src/migration/transitions.ts'
import { effectMutants, guardMutants, type Mutant, mutated } from '../../src/simulator/mutate-life.ts'
import {
  firstBrokenSeed,
  NOTICED_IN_HISTORIES,
  SEEDS_PER_MUTANT,
} from '../../src/simulator/noticed-mutants.ts'
import type { LongTest } from './long-test.ts'

/** Every single mistake in the life-cycle table, against the table's laws and against simulated histories. */
interface MutantResult {
  readonly name: string
  readonly breaksLaw: boolean
  /** The first history that breaks a promise; undefined where none was asked, null where none does. */
  readonly seed?: string | null
}

const GUARDS = 'guards'

export const test: LongTest = {
  pieces: [GUARDS, ...WORKING_STATES],

  async runPiece(piece): Promise<MutantResult[]> {
    const spec = await readFile(new URL('../../src/migration/SPEC.md', import.meta.url), 'utf8')
    const breaksLaw = (mutant: Mutant) =>
      brokenLaws(mutant.kind, mutated(TRANSITIONS[mutant.kind], mutant), spec).length > 0
    if (piece === GUARDS) {
      const mutants = MIGRATION_KINDS.flatMap(kind => guardMutants(kind))
      return mutants.map(mutant => ({ name: mutant.name, breaksLaw: breaksLaw(mutant) }))
    }
    const results: MutantResult[] = []
    for (const mutant of MIGRATION_KINDS.flatMap(kind => effectMutants(kind)).filter(
      ({ state }) => state === (piece as MigrationState),
    )) {
      results.push({
        name: mutant.name,
        breaksLaw: breaksLaw(mutant),
        seed: await firstBrokenSeed(mutant),
      })
    }
    return results
  },

  conclude(pieces) {
    const results = (pieces as MutantResult[][]).flat()
    const noticed = results.filter(({ seed }) => typeof seed === 'string').map(({ name }) => name)
    const summary = {
      mutants: results.length,
      breakLaw: results.filter(({ breaksLaw }) => breaksLaw).length,
      effectMutants: results.filter(({ seed }) => seed !== undefined).length,
      noticedInHistories: noticed,
      seedsPerMutant: SEEDS_PER_MUTANT,
    }
    const isComplete = NOTICED_IN_HISTORIES.every(name => noticed.includes(name))
    return { passed: isComplete && summary.breakLaw === summary.mutants, summary }
  },
}
