import type { PlacedCopy } from '../../database/catalog/copies.ts'
import type { Instant } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Copy } from '../../domain/object.ts'
import type { Condemnation, CopyToScrub, Indictment, ScrubExpenses, ScrubResult } from '../../domain/scrub.ts'

/** What the scrubber asks of the catalog. */
export interface ScrubLedger {
  /**
   * Takes or keeps the turn to scrub for a while. Resolves to the present day and what was spent on it, in
   * dollars; null while somebody paused the scrubber or another process has the turn.
   */
  takeTurn(): Promise<{ readonly day: string; readonly spentUsd: number } | null>
  /**
   * Complete copies of present content that nobody looked at or proved since `before`, the oldest look first
   * and those that nobody ever looked at before all.
   */
  listCopiesToScrub(options: {
    readonly limit: number
    readonly before: Instant
    readonly exceptCopyIds: readonly Uuid[]
  }): Promise<readonly CopyToScrub[]>
  /**
   * Primary copies of present content that are suspect while nothing is in flight and the object has another
   * complete copy, or one that was found bad after them: movers found them bad, or no other copy could be read.
   */
  listSuspectPrimaries(options: {
    readonly limit: number
    readonly exceptCopyIds: readonly Uuid[]
  }): Promise<readonly CopyToScrub[]>
  /**
   * Notes looks, with what they cost, on the present day's account. Copies that are others by now are left
   * out.
   */
  noteResults(results: readonly ScrubResult[], modelNow: Instant): Promise<void>
  /** Puts what was read without a result on the present day's account. */
  noteExpenses(expenses: ScrubExpenses): Promise<void>
  /** Runs `work` while nobody publishes, replaces or deletes bytes of the copy's object. */
  withLockedObject<T>(
    copy: Pick<Copy, 'id' | 'objectId'>,
    waitMsMax: number,
    work: (locked: LockedScrub) => Promise<T>,
  ): Promise<T>
  /** Plans repairs of bad copies that have none, most once an hour for each object. Resolves to how many. */
  planRepairs(limit: number): Promise<number>
}

/** The catalog's side of one object while it is locked. */
export interface LockedScrub {
  /** All copies of the object, in any state. */
  listPlacedCopies(): Promise<readonly PlacedCopy[]>
  /** Makes a suspect primary copy complete and proven, if it is still the one that was looked at. */
  acquit(copy: Copy, modelNow: Instant): Promise<void>
  /**
   * Makes the copy suspect, if it is still the one that was looked at; a suspect primary one stays so. Was it
   * primary, the successor takes its place; without one a move in grace ends at once, and otherwise people are
   * told and the object is quarantined, unless another copy is waited for.
   */
  condemn(indictment: Indictment, modelNow: Instant): Promise<Condemnation>
}
