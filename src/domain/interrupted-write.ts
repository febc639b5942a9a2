import { currentCopyOf, type FoundBytes, isSameBytes } from './foreign-change.ts'
import type { Copy } from './object.ts'

/**
 * Everything that says what becomes of a write whose bytes were published and not committed, seen while the
 * object is locked. No date is among it: clocks differ, and writes wait for their turn.
 */
export interface InterruptedWriteFacts {
  /** The object's generation as the write found it under the lock, before it published. */
  readonly baseGeneration: number
  readonly object: {
    readonly generation: number
    readonly isPresent: boolean
  }
  readonly isBucketThere: boolean
  /** The write completes a client's upload, and the catalog knows the object it became. */
  readonly isUploadCompleted: boolean
  /** The bytes the write published, as they lie in their place now. */
  readonly found: Pick<FoundBytes, 'size' | 'identity'>
  /** The object's copies, in any state and of any generation. */
  readonly copies: readonly { readonly copy: Copy; readonly isThere: boolean }[]
}

/**
 * What becomes of it. `roll-forward`: it is the object's next generation. `as-known`: the catalog knows these
 * very bytes. `delete`: a later write or deletion was committed, and nobody needs these bytes.
 */
export type InterruptedWriteVerdict = 'roll-forward' | 'as-known' | 'delete'

/**
 * Judges an interrupted write. It comes next if nothing was committed since it found the object. It also does
 * when it took the place of the only bytes of the present content, as on a store that cannot compare: those
 * are gone, and a write that was never answered may happen at any time. Pure.
 */
export function judgeInterruptedWrite(facts: InterruptedWriteFacts): InterruptedWriteVerdict {
  const { copies, found, object } = facts
  if (facts.isUploadCompleted) return 'as-known'
  if (!facts.isBucketThere) return 'delete'
  if (facts.baseGeneration === object.generation) return 'roll-forward'
  const copiesThere = copies.filter(({ isThere }) => isThere).map(({ copy }) => copy)
  const isElsewhere = copies.some(
    ({ copy, isThere }) => !isThere && copy.generation === object.generation && isWhole(copy),
  )
  const current = currentCopyOf({ copiesThere, object })
  if (current?.isPrimary === true && !isElsewhere) return 'roll-forward'
  return copiesThere.some(copy => mayBeThese(copy, found)) ? 'as-known' : 'delete'
}

/**
 * A copy of which no identity is known may be any bytes in its place; one that is being written is none yet.
 */
function mayBeThese(copy: Copy, found: InterruptedWriteFacts['found']): boolean {
  const { etag, versionId } = copy.identity
  if (etag === null && versionId === null) return copy.state !== 'staging'
  return isSameBytes(copy, found)
}

function isWhole(copy: Copy): boolean {
  return copy.state === 'complete' || copy.state === 'grace' || copy.state === 'retained'
}
