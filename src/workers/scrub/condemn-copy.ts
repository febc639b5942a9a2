import type { PlacedCopy } from '../../database/catalog/copies.ts'
import { newId } from '../../domain/identifiers.ts'
import type { Copy } from '../../domain/object.ts'
import { type BadVerdict, type Condemnation, type CopyToScrub, isBadVerdict } from '../../domain/scrub.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import { lookAt } from '../migrations/same-bytes.ts'
import type { CopyCheck, Seen } from './check-copy.ts'
import type { Pace } from './pace.ts'
import type { ScrubParts } from './scrub-parts.ts'

/** How long a verdict waits for a client's write of the same object, in milliseconds. */
export const LOCK_WAIT_MS_MAX = 5_000

/** A copy that two looks found bad. */
export interface BadCopy {
  readonly found: CopyToScrub
  readonly verdict: BadVerdict
  readonly pace: Pace
  readonly signalFor: (bytes: number) => AbortSignal
  /** Looks at a copy, and has it paid for. */
  readonly look: (check: CopyCheck) => Promise<Seen>
}

/**
 * Makes a bad copy suspect and sees to it that it is repaired: from the primary copy, or, when it was that
 * itself, from another complete one that is read to its end first. Rejects with a `StoreError` when a store
 * could not be asked, and then nothing is changed.
 */
export async function condemnCopy(parts: ScrubParts, bad: BadCopy): Promise<Condemnation> {
  const { copy } = bad.found
  const { ledger } = parts
  const placed = copy.isPrimary
    ? await ledger.withLockedObject(copy, LOCK_WAIT_MS_MAX, locked => locked.listPlacedCopies())
    : []
  // Read without the lock; the catalog then compares whether it is still the same copy.
  const successor = await findSuccessor(parts, placed, bad)
  return ledger.withLockedObject(copy, LOCK_WAIT_MS_MAX, async locked => {
    if (!(await isStillBad(parts, bad))) return 'moved-on'
    return locked.condemn(
      {
        copy,
        verdict: bad.verdict,
        successor,
        because: WORDS[bad.verdict],
        repairId: parts.newId?.() ?? newId(),
        repairCopyId: parts.newId?.() ?? newId(),
      },
      parts.modelClock.now(),
    )
  })
}

const WORDS: Readonly<Record<BadVerdict, string>> = {
  missing: 'The scrubber found no bytes where its last good copy was.',
  changed: 'The scrubber found other bytes where its last good copy was.',
  corrupt: 'The scrubber read its last good copy, and it is not what the catalog says.',
  unreadable: 'The scrubber could not read its last good copy, time after time.',
}

/**
 * A place may have been empty, or another, only while it was being written. Bytes that were read twice are
 * bad. Those that cannot be read must still be the copy's.
 */
async function isStillBad(parts: ScrubParts, { found, verdict, signalFor }: BadCopy): Promise<boolean> {
  if (verdict === 'corrupt') return true
  const store = await parts.openStore(found.place.storeId)
  const stored = await lookAt({ ...found.place, store }, signalFor(0))
  const isThere = stored !== null && isSameCopy(found.copy, stored)
  return verdict === 'unreadable' ? isThere : !isThere
}

/**
 * The first other complete copy of the same content that turns out right when it is read; null when none
 * does. Rejects with a `StoreError` when one could not be read and none of the others is right.
 */
async function findSuccessor(
  parts: ScrubParts,
  placed: readonly PlacedCopy[],
  bad: BadCopy,
): Promise<Copy | null> {
  const { found, look, pace, signalFor } = bad
  let unread: unknown = null
  for (const { copy, place } of placed) {
    const isOther = copy.id !== found.copy.id && copy.generation === found.copy.generation
    if (!isOther || copy.state !== 'complete') continue
    try {
      const store = await parts.openStore(place.storeId)
      const check = { store, found: { ...found, copy, place }, closeness: 'bytes', pace, signalFor } as const
      const { bytesRead, digests, error, verdict } = await look(check)
      // What a store reports of an archive is enough to keep a copy, and not to send readers there.
      if (bytesRead < copy.size && verdict !== 'unreadable' && !isBadVerdict(verdict)) {
        unread ??= archived(store, copy)
        continue
      }
      // A digest that is only now found out proves nothing about which of two copies is the right one.
      if (verdict === 'same' && digests === undefined) return copy
      unread ??= error ?? null
    } catch (error) {
      unread ??= error
    }
  }
  if (unread !== null) throw unread
  return null
}

function archived({ name }: ObjectStore, { nativeKey }: Copy): StoreError {
  const message = `${name}: a copy lies in an archive, and cannot be read now`
  const facts = { store: name, operation: 'get', key: nativeKey, message }
  return new StoreError({ kind: 'archived', retry: 'no', ...facts })
}
