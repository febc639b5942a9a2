import type { Uuid } from '../../domain/identifiers.ts'
import type { LoggedAccess } from '../../events/access-event-source.ts'

/** The events of a stretch that were not applied before, and the new high-water mark of each producer. */
export interface FreshAccesses {
  readonly fresh: readonly LoggedAccess[]
  readonly repeated: number
  readonly marks: ReadonlyMap<Uuid, number>
}

/**
 * Leaves out events at or below their producer's mark. A producer's numbers rise along the log, and a
 * repeated append repeats numbers that are below the mark by then.
 */
export function dropRepetitions(
  accesses: readonly LoggedAccess[],
  marksBefore: ReadonlyMap<Uuid, number>,
): FreshAccesses {
  const marks = new Map<Uuid, number>()
  const fresh = accesses.filter(({ origin }) => {
    const mark = marks.get(origin.bootId) ?? marksBefore.get(origin.bootId) ?? 0
    if (origin.sequence <= mark) return false
    marks.set(origin.bootId, origin.sequence)
    return true
  })
  return { fresh, repeated: accesses.length - fresh.length, marks }
}
