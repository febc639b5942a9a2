import type { Instant } from '../domain/clock.ts'
import { DAY, HOUR, MINUTE } from '../domain/duration.ts'
import type { RestoreWait } from '../domain/migration.ts'
import { doubledMs } from './backoff.ts'

/** For how many days a restored copy is asked for: the longest bulk restore, and a full queue behind it. */
export const RESTORED_DAYS = 3

/** A restore that takes longer than this will not come: the slowest one sold takes two days. */
const RESTORE_MS_MAX = 7 * DAY
/** A store that took the request and says after so long that nothing is under way is asked once more. */
const ASKED_AGAIN_AFTER_MS = 12 * HOUR
/** How often one migration asks its store at most: each time is paid for. */
const REQUESTS_MAX = 8
/** So often a store may fail to say how far it is, or refuse to be asked, before a person has to look. */
const FAILURES_MAX = 8

/** Between two looks: an archive takes minutes at its fastest, and hours as a rule. */
const RESTS = { first: MINUTE, longest: HOUR } as const

/** How a store says an object of an archive is; null when it can be read like any other. */
type ArchiveKind = 'archived' | 'restoring' | 'restored' | null

/** What a look at a source that is waited for means. */
export type RestoreVerdict = 'readable' | 'ask' | 'wait' | 'overdue'

/** The wait for a restore that begins now, by the ledger's clock. */
export function beginRestoreWait(now: Instant): RestoreWait {
  return { since: now, requests: 0, requestedAt: null, isTaken: false, looks: 0, failures: 0 }
}

/**
 * What to do after a look. The store is asked only while it says that nothing is under way: a request that was
 * written down and not answered may not have been sent, so the next look tells; one that was taken is believed for
 * half a day. What was restored and has expired unread is asked for anew.
 */
export function judgeRestore(wait: RestoreWait, archive: ArchiveKind, now: Instant): RestoreVerdict {
  switch (archive) {
    case null:
    case 'restored':
      return 'readable'
    case 'restoring':
      return isRestoreOverdue(wait, now) ? 'overdue' : 'wait'
    case 'archived': {
      const isBelieved = wait.isTaken && now - lastAskedAt(wait) < ASKED_AGAIN_AFTER_MS
      if (isBelieved) return 'wait'
      return wait.requests < REQUESTS_MAX ? 'ask' : 'overdue'
    }
    default:
      throw new Error(`unknown archive state ${archive satisfies never}`)
  }
}

/** Whether a restore is waited for no longer: a week after it was asked for last. */
export function isRestoreOverdue(wait: RestoreWait, now: Instant): boolean {
  return now - lastAskedAt(wait) > RESTORE_MS_MAX
}

/** Others may have asked before us: then the wait itself counts. */
function lastAskedAt({ requestedAt, since }: RestoreWait): Instant {
  return requestedAt ?? since
}

/** Whether a store failed so often at it that a person has to look. */
export function hasRestoreFailed({ failures }: RestoreWait): boolean {
  return failures >= FAILURES_MAX
}

/**
 * How long a migration rests between two looks: doubles from a minute to an hour, the upper half of it by chance.
 *
 * `random` is from [0, 1). Units: wall milliseconds. Range: 30,000 to 3,600,000.
 */
export function restoreRestMs({ looks, failures }: RestoreWait, random: number): number {
  return doubledMs(Math.max(looks, failures), RESTS, random)
}
