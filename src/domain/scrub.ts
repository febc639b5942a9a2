import type { BucketMode } from './bucket.ts'
import type { Uuid } from './identifiers.ts'
import type { NativePlace } from './migration-record.ts'
import type { Copy, Digests } from './object.ts'

/** Verdicts of copies that are not what their rows say. */
export const BAD_VERDICTS = ['missing', 'changed', 'corrupt', 'unreadable'] as const
export type BadVerdict = (typeof BAD_VERDICTS)[number]

/**
 * What the scrubber found of a copy. `same`: a digest proves that it holds the object's content. `unproven`: it has
 * the right identity and length, and nothing better was looked at. `missing`: the store has nothing there.
 * `changed`: other bytes lie there, by identity or length. `corrupt`: the same identity and other content.
 * `unreadable`: the same identity, and its bytes cannot be had.
 */
export const SCRUB_VERDICTS = ['same', 'unproven', ...BAD_VERDICTS] as const
export type ScrubVerdict = (typeof SCRUB_VERDICTS)[number]

export function isBadVerdict(verdict: ScrubVerdict): verdict is BadVerdict {
  return verdict !== 'same' && verdict !== 'unproven'
}

/** A complete copy of present content that is to be compared with the catalog. */
export interface CopyToScrub {
  readonly copy: Copy
  readonly place: NativePlace
  readonly bucket: { readonly name: string; readonly mode: BucketMode }
  readonly key: string
  readonly digests: Digests
}

/** What looks read and cost. */
export interface ScrubExpenses {
  readonly bytesRead: number
  /** At list prices: requests, retrieval and egress. */
  readonly usd: number
}

/** The outcome of one look at a copy, with all that was read for it: of copies that may take its place, too. */
export interface ScrubResult extends ScrubExpenses {
  readonly copy: Copy
  readonly verdict: ScrubVerdict
  /** Of content that was read to its end and had no digest in the catalog. */
  readonly digests?: { readonly sha256: string; readonly crc64nvme: string }
}

/**
 * What became of an object one of whose copies is not what its row says. `repairing`: a proven copy is or
 * became primary, and the bad one is being rebuilt from it. `rolling-back`: its move is undone at once,
 * because the former copy is still in grace. `awaiting-copy`: another copy may be good, and cannot be read at
 * present; it is tried again. `quarantined`: no proven copy is left; nothing of it is deleted anywhere.
 * `moved-on`: the copy was replaced or is another one by now.
 */
export const CONDEMNATIONS = [
  'repairing',
  'rolling-back',
  'awaiting-copy',
  'quarantined',
  'moved-on',
] as const
export type Condemnation = (typeof CONDEMNATIONS)[number]

/** A copy that is not what its row says, and what is known of the object's other copies. */
export interface Indictment {
  readonly copy: Copy
  readonly verdict: BadVerdict
  /** A complete copy that was proven just now and can be primary; null when there is none. */
  readonly successor: Copy | null
  /** Whether another copy may be good that could not be read: then nobody gives the object up. */
  readonly isAwaiting: boolean
  /** For people: what was found, in words. */
  readonly because: string
  readonly repairId: Uuid
  readonly repairCopyId: Uuid
}
