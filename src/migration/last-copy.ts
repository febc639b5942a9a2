import type { BucketMode } from '../domain/bucket.ts'

/**
 * What was found where the object's primary copy should lie. `sound`: its bytes, by identity and length.
 * `suspect`: the same, but its row says that they failed a check. `other`: other bytes. `gone`: nothing.
 * `unknown`: the catalog knows no primary copy.
 */
export type PrimaryFinding = 'sound' | 'suspect' | 'other' | 'gone' | 'unknown'

/**
 * What was found of a copy that is to be deleted. `proven`: its bytes are the object's present content, by a
 * digest or by a proof of this very identity. `unproven`: there are bytes, and nobody can say.
 */
export type LeftoverFinding = 'proven' | 'unproven' | 'gone'

/**
 * What becomes of a copy that is to be deleted. `delete`: its bytes go, if they may. `promote`: it becomes the
 * primary one. `keep`: a person has to look. `wait`: others changed the object; once the catalog has followed
 * them, this copy is a former content.
 */
export type LeftoverVerdict = 'delete' | 'promote' | 'keep' | 'wait'

/**
 * Judges a copy of the object's present content that is to be deleted: never the last good one. Where there
 * are no bytes of it, only its row goes. A bucket that is only observed is not judged: nothing is deleted
 * there.
 */
export function judgeLeftover(facts: {
  readonly mode: BucketMode
  readonly primary: PrimaryFinding
  readonly leftover: LeftoverFinding
}): LeftoverVerdict {
  const { leftover, mode, primary } = facts
  if (mode === 'observed' || primary === 'sound' || leftover === 'gone') return 'delete'
  if (mode === 'shared' && primary === 'other') return 'wait'
  return leftover === 'proven' ? 'promote' : 'keep'
}
