import type { Uuid } from '../domain/identifiers.ts'
import type { Migration } from '../domain/migration.ts'
import type { NewMigration } from '../domain/migration-record.ts'

/** Where the copies of an object lie now. */
export interface PresentCopies {
  readonly generation: number
  readonly primary: PresentCopy
  /** The other complete ones. */
  readonly replicas: readonly PresentCopy[]
  /** What moves left behind: the store did not let it go, or it was found to be other bytes. */
  readonly left: readonly (PresentCopy & { readonly state: 'retained' | 'suspect' })[]
}

interface PresentCopy {
  readonly copyId: Uuid
  readonly locationId: Uuid
}

/**
 * What a reverse migration is about; null for a target copy that is to be written anew. `takesUp`: the target
 * copy was left behind, and has to be counted among the object's copies again before.
 */
export type Reversal = Pick<NewMigration, 'targetLocationId'> &
  Required<Pick<NewMigration, 'kind'>> & {
    readonly sourceCopyId: Uuid | null
    readonly targetCopyId: Uuid | null
    readonly takesUp?: true
  }

/**
 * The migration that undoes one whose grace is over, or in words why there is none: it did not end well, the
 * object was overwritten, or its copies were placed anew since.
 */
export function reverseOf(migration: Migration, now: PresentCopies): Reversal | string {
  const { kind, sourceLocationId, state, targetCopyId, targetLocationId } = migration
  if (state !== 'done' && state !== 'retained')
    return `it is ${state}: only what is done can be undone; in grace it can be rolled back`
  if (now.generation !== migration.generation) return 'the object was overwritten since'
  const placedAnew = 'the copies of the object were placed anew since'
  switch (kind) {
    case 'move':
      if (now.primary.copyId !== targetCopyId || now.primary.locationId !== targetLocationId)
        return placedAnew
      return reverseOfMove(migration, now)
    case 'add-copy': {
      if (!now.replicas.some(({ copyId }) => copyId === targetCopyId)) return placedAnew
      const { copyId, locationId } = now.primary
      return {
        kind: 'drop-copy',
        sourceCopyId: targetCopyId,
        targetCopyId: copyId,
        targetLocationId: locationId,
      }
    }
    case 'drop-copy':
      return { kind: 'add-copy', sourceCopyId: null, targetCopyId: null, targetLocationId: sourceLocationId }
    case 'reclassify': {
      const copy = [now.primary, ...now.replicas].find(({ copyId }) => copyId === targetCopyId)
      if (copy?.locationId !== targetLocationId) return placedAnew
      return {
        kind,
        sourceCopyId: copy.copyId,
        targetCopyId: copy.copyId,
        targetLocationId: sourceLocationId,
      }
    }
    case 'repair':
      return 'a repair put the right bytes where bad ones were: there is nothing to undo'
    default:
      return kind satisfies never
  }
}

/**
 * A move back, or, where the source was left in its place, no new copy beside it: that one is proven and becomes
 * primary, and the other is dropped.
 */
function reverseOfMove({ sourceLocationId }: Migration, { left, primary }: PresentCopies): Reversal | string {
  const there = left.filter(({ locationId }) => locationId === sourceLocationId)
  if (there.some(({ state }) => state === 'suspect'))
    return 'other bytes lie where it came from: look at them with dim orphan list --kind suspect, delete or move them away, and undo it then'
  const [retained] = there
  if (retained === undefined)
    return { kind: 'move', sourceCopyId: null, targetCopyId: null, targetLocationId: sourceLocationId }
  return {
    kind: 'drop-copy',
    sourceCopyId: primary.copyId,
    targetCopyId: retained.copyId,
    targetLocationId: sourceLocationId,
    takesUp: true,
  }
}
