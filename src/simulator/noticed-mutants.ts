import { cellName, cellsSeenBy, livingAs, type Mutant } from './mutate-life.ts'
import { runSeed } from './run-seed.ts'

/** In how many histories a mutant has to show itself. */
export const SEEDS_PER_MUTANT = 150

/**
 * Mutants by which a simulated history breaks a promise, by name. The other effects are of two kinds. Some are
 * made up for: the sweeper takes staging copies of ended moves by itself, a publication retires both copies of
 * what it supersedes, a roll back that the ledger refuses changes nothing. Some are never reached: `verified`
 * and `switched` are passed within one record, no history has two stores that reach one place. What is announced,
 * counted and reviewed is no promise about bytes. Some show themselves in one history of fifty, and are not named
 * here. The laws of the table hold all of them.
 */
export const NOTICED_IN_HISTORIES: readonly string[] = [
  'move planned taken-up without intend-target',
  'add-copy planned taken-up without intend-target',
  'repair planned taken-up without intend-target',
  'move copying copied without note-target',
  'move copying copied without keep-digests',
  'add-copy copying copied without note-target',
  'reclassify copying copied without relocate-copy',
  'repair copying copied without note-target',
  'move verifying verified without complete-target',
  'move verified switch-won without switch-primary',
  'move verified switch-won switch-back for switch-primary',
  'add-copy verified joined switch-primary for join-target',
  'repair verified joined switch-primary for join-target',
  'move grace rolled-back without switch-back',
  'move grace rolled-back without discard-target',
  'move grace rolled-back discard-source for discard-target',
  'move deleting-source source-deleted without drop-source',
  'move deleting-source source-deleted drop-target for drop-source',
  'move deleting-source delete-refused without retain-source',
  'move deleting-source primary-lost without switch-back',
  'drop-copy verifying switch-won without switch-primary',
  'drop-copy deleting-source source-deleted without drop-source',
  'drop-copy deleting-source source-deleted drop-target for drop-source',
]

/**
 * Finds the first history in which a mutant breaks a promise; null where none does. A history in which the real
 * table's cell was never looked at is the same with the mutant, and is not lived through again.
 */
export function createMutantTrial(): (mutant: Mutant) => Promise<string | null> {
  const seenBySeed = new Map<string, Promise<ReadonlySet<string>>>()
  const seenIn = (seed: string) => {
    const known = seenBySeed.get(seed) ?? cellsSeenBy(() => runSeed(seed))
    seenBySeed.set(seed, known)
    return known
  }
  return async mutant => {
    for (let seed = 1; seed <= SEEDS_PER_MUTANT; seed++) {
      const seen = await seenIn(String(seed))
      if (!seen.has(cellName(mutant))) continue
      const { violation } = await livingAs(mutant, () => runSeed(String(seed)))
      if (violation !== null) return String(seed)
    }
    return null
  }
}
