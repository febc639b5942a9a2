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
  /** Whether it is suspect by this verdict already, and another copy was not to be had last time. */
  readonly isKnown: boolean
  readonly pace: Pace
  readonly signalFor: (bytes: number) => AbortSignal
  /** Looks at a copy, and has it paid for. */
  readonly look: (check: CopyCheck) => Promise<Seen>
}

/**
 * Makes a bad copy suspect and sees to it that it is repaired: from the primary copy, or, when it was that
 * itself, from another complete one that is read to its end first. Where that one cannot be read at present,
 * the bad copy waits for it as a suspect one. Rejects with a `StoreError` when the copy's store could not be
 * asked, or the other copy of a known bad one still cannot be read; then nothing is changed.
 */
export async function condemnCopy(parts: ScrubParts, bad: BadCopy): Promise<Condemnation> {
  const { copy } = bad.found
  const { ledger } = parts
  const placed = copy.isPrimary
    ? await ledger.withLockedObject(copy, LOCK_WAIT_MS_MAX, locked => locked.listPlacedCopies())
    : []
  // Read without the lock; the catalog then compares whether it is still the same copy.
  const { successor, unread } = await findSuccessor(parts, placed, bad)
  if (bad.isKnown && successor === null && unread !== null) throw unread.error
  const awaited = successor === null ? unread : null
  return ledger.withLockedObject(copy, LOCK_WAIT_MS_MAX, async locked => {
    if (!(await isStillBad(parts, bad))) return 'moved-on'
    return locked.condemn(
      {
        copy,
        verdict: bad.verdict,
        successor,
        isAwaiting: awaited !== null,
        because: `${WORDS[bad.verdict]}${awaited === null ? '' : ` ${waitingWords(awaited)}`}`,
        repairId: parts.newId?.() ?? newId(),
        repairCopyId: parts.newId?.() ?? newId(),
      },
      parts.modelClock.now(),
    )
  })
}

const WORDS: Readonly<Record<BadVerdict, string>> = {
  missing: 'The scrubber found no bytes where its primary copy was.',
  changed: 'The scrubber found other bytes where its primary copy was.',
  corrupt: 'The scrubber read its primary copy, and it is not what the catalog says.',
  unreadable: 'The scrubber could not read its primary copy, time after time.',
}

/** A copy that may be good, and why it could not be read. */
interface Unread extends PlacedCopy {
  readonly error: unknown
}

function waitingWords({ error, place: { container, nativeKey } }: Unread): string {
  const store = error instanceof StoreError ? ` of ${error.store}` : ''
  const other = `Its other copy, ${nativeKey} in ${container}${store},`
  if (error instanceof StoreError && error.kind === 'archived')
    return `${other} lies in an archive: restore it there, and the scrubber takes it.`
  const why = error instanceof StoreError ? ` (${error.kind})` : ''
  return `${other} could not be read${why}: the scrubber tries again.`
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
 * does, with the first of those that could not be read.
 */
async function findSuccessor(
  parts: ScrubParts,
  placed: readonly PlacedCopy[],
  bad: BadCopy,
): Promise<{ readonly successor: Copy | null; readonly unread: Unread | null }> {
  const { found, look, pace, signalFor } = bad
  let unread: Unread | null = null
  for (const { copy, place } of placed) {
    const isOther = copy.id !== found.copy.id && copy.generation === found.copy.generation
    if (!isOther || copy.state !== 'complete') continue
    try {
      const store = await parts.openStore(place.storeId)
      const check = { store, found: { ...found, copy, place }, closeness: 'bytes', pace, signalFor } as const
      const { bytesRead, digests, error, verdict } = await look(check)
      // What a store reports of an archive is enough to keep a copy, and not to send readers there.
      if (bytesRead < copy.size && verdict !== 'unreadable' && !isBadVerdict(verdict)) {
        unread ??= { copy, place, error: archived(store, copy) }
        continue
      }
      // A digest that is only now found out proves nothing about which of two copies is the right one.
      if (verdict === 'same' && digests === undefined) return { successor: copy, unread: null }
      if (error !== undefined) unread ??= { copy, place, error }
    } catch (error) {
      unread ??= { copy, place, error }
    }
  }
  return { successor: null, unread }
}

function archived({ name }: ObjectStore, { nativeKey }: Copy): StoreError {
  const message = `${name}: a copy lies in an archive, and cannot be read now`
  const facts = { store: name, operation: 'get', key: nativeKey, message }
  return new StoreError({ kind: 'archived', retry: 'no', ...facts })
}
