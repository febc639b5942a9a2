import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { MIGRATION_KINDS } from '../domain/migration.ts'
import { brokenLaws } from '../migration/contract/life-laws.ts'
import { TRANSITIONS } from '../migration/transitions.ts'
import { effectMutants, guardMutants, type Mutant, mutated } from './mutate-life.ts'
import { createMutantTrial, NOTICED_IN_HISTORIES } from './noticed-mutants.ts'

const spec = await readFile(new URL('../migration/SPEC.md', import.meta.url), 'utf8')

const TEST_MS_MAX = 180_000

const isLawful = (mutant: Mutant) =>
  brokenLaws(mutant.kind, mutated(TRANSITIONS[mutant.kind], mutant), spec).length === 0
const ALL = MIGRATION_KINDS.flatMap(kind => effectMutants(kind))
const namesOf = (mutants: readonly Mutant[]) => mutants.map(mutant => mutant.name)

describe('a life-cycle table with one mistake', () => {
  it.each(MIGRATION_KINDS)(
    'of %s breaks a law where a guard is missing, too strict, or leads elsewhere',
    kind => {
      expect(guardMutants(kind).length).toBeGreaterThan(3_000)
      expect(namesOf(guardMutants(kind).filter(isLawful))).toEqual([])
    },
  )

  it.each(MIGRATION_KINDS)(
    'of %s breaks a law where an effect is missing, or done to the other copy',
    kind => {
      expect(effectMutants(kind).length).toBeGreaterThan(25)
      expect(namesOf(effectMutants(kind).filter(isLawful))).toEqual([])
    },
  )

  it(
    'breaks a promise in a simulated history where nothing else makes up for it',
    async () => {
      const firstBrokenSeed = createMutantTrial()
      const unnoticed: string[] = []
      for (const mutant of ALL.filter(({ name }) => NOTICED_IN_HISTORIES.includes(name))) {
        if ((await firstBrokenSeed(mutant)) === null) unnoticed.push(mutant.name)
      }
      expect(unnoticed).toEqual([])
    },
    TEST_MS_MAX,
  )

  it('is named as it is made', () => {
    const names = namesOf(ALL)
    expect(NOTICED_IN_HISTORIES.filter(name => !names.includes(name))).toEqual([])
  })
})
