import { DAY, HOUR, SECOND } from '../../domain/duration.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import {
  type Condemnation,
  type CopyToScrub,
  isBadVerdict,
  type ScrubExpenses,
  type ScrubResult,
} from '../../domain/scrub.ts'
import { deadlineMs } from '../../migration/backoff.ts'
import { StoreError } from '../../stores/object-store.ts'
import { boundedSignal } from '../bounded-request.ts'
import type { Loop } from '../loop.ts'
import { systemTimers } from '../timers.ts'
import { type Closeness, type CopyCheck, checkCopy, type Seen } from './check-copy.ts'
import { type BadCopy, condemnCopy, LOCK_WAIT_MS_MAX } from './condemn-copy.ts'
import { FailedLooks } from './failed-looks.ts'
import { KnownBad } from './known-bad.ts'
import { Pace } from './pace.ts'
import type { ScrubParts } from './scrub-parts.ts'
import { UnbookedExpenses } from './unbooked-expenses.ts'

/** How many copies one step looks at. */
const COPIES_PER_STEP_MAX = 100
/** How many are looked at at once. */
const LOOKS_AT_ONCE = 4
/** How many bad copies that have no repair yet get one per step. */
const REPAIRS_PER_STEP_MAX = 100
/** How many copies a day may be too short for before it ends for all others, too. */
const DEAR_MAX = 10_000
/** How long a suspect copy is left alone of which nothing more could be found out, in wall milliseconds. */
const SUSPECT_REST_MS = HOUR
const IDLE_MS = 5 * SECOND
/** How much longer than other requests a reading at the scrubber's pace may take. */
const PACE_FACTOR = 2

/**
 * The loop that compares complete copies with the catalog's digests for ever, the one that nobody proved for
 * the longest time first, within a budget of dollars per day and of bytes per second. Where it is, is in the
 * copies themselves: a scrubber that is killed goes on where it was. A copy that two looks find bad becomes
 * suspect and is repaired from a proven one before anything else; it waits for one that cannot be read at present, and
 * without any the object is quarantined. Primary
 * copies that movers found bad are treated so, too, where there is another copy, and before all others. Which
 * looks failed is known to the process only: one that starts anew counts from nothing.
 */
export function createScrubber(parts: ScrubParts): Loop {
  const failed = new FailedLooks()
  const known = new KnownBad()
  const unbooked = new UnbookedExpenses()
  let dear: DearCopies = { day: '', copyIds: new Set() }
  const { timers = systemTimers, settings, wallClock: clock } = parts
  const pace = new Pace({ bytesPerSecond: settings.bytesPerSecond, clock, timers })
  return {
    name: 'scrub-copies',
    idleMs: IDLE_MS,
    async step(signal) {
      // What is owed counts against the day before anything else is read.
      await unbooked.book(parts.ledger)
      const turn = await parts.ledger.takeTurn()
      if (turn === null) return 0
      if (turn.day !== dear.day) dear = { day: turn.day, copyIds: new Set() }
      const repairs = await parts.ledger.planRepairs(REPAIRS_PER_STEP_MAX)
      const resting = failed.resting(clock.now())
      const suspects = await parts.ledger.listSuspectPrimaries({
        limit: COPIES_PER_STEP_MAX,
        exceptCopyIds: resting,
      })
      const copies = await parts.ledger.listCopiesToScrub({
        limit: COPIES_PER_STEP_MAX,
        before: parts.modelClock.now() - settings.intervalDays * DAY,
        exceptCopyIds: [...resting, ...dear.copyIds],
      })
      const round = new Round(parts, { pace, failed, known, unbooked, dear, signal, spentUsd: turn.spentUsd })
      await round.scrub([...suspects, ...copies])
      return repairs + round.looks
    },
  }
}

/** Copies whose reading costs more than is left of a day's budget: they come first on the next day. */
interface DearCopies {
  readonly day: string
  readonly copyIds: Set<Uuid>
}

/** What all looks for one copy read and cost so far. */
type Account = { -readonly [Part in keyof ScrubExpenses]: ScrubExpenses[Part] }

type Conviction = Pick<BadCopy, 'found' | 'verdict' | 'isKnown' | 'look'>

const OUTCOME_WORDS: Readonly<Record<Exclude<Condemnation, 'moved-on'>, string>> = {
  repairing: 'a copy is bad, and another one takes its place',
  'rolling-back': 'a copy is bad, and another one takes its place',
  'awaiting-copy': 'a primary copy is bad, and no other one can be read now; a person should look',
  quarantined: 'an object has no good copy left; nothing of it is deleted, and a person must look',
}

/** Some copies that are looked at in one step. */
class Round {
  readonly #parts: ScrubParts
  readonly #pace: Pace
  readonly #failed: FailedLooks
  readonly #known: KnownBad
  readonly #unbooked: UnbookedExpenses
  readonly #dear: DearCopies
  readonly #signal: AbortSignal
  readonly #results: ScrubResult[] = []
  #spentUsd: number
  looks = 0

  constructor(
    parts: ScrubParts,
    step: {
      pace: Pace
      failed: FailedLooks
      known: KnownBad
      unbooked: UnbookedExpenses
      dear: DearCopies
      signal: AbortSignal
      spentUsd: number
    },
  ) {
    this.#parts = parts
    this.#pace = step.pace
    this.#failed = step.failed
    this.#known = step.known
    this.#unbooked = step.unbooked
    this.#dear = step.dear
    this.#signal = step.signal
    this.#spentUsd = step.spentUsd
  }

  async scrub(copies: readonly CopyToScrub[]): Promise<void> {
    const queue = [...copies]
    const lookers = Array.from({ length: LOOKS_AT_ONCE }, async () => {
      for (let next = queue.shift(); next !== undefined && !this.#signal.aborted; next = queue.shift()) {
        if (!(await this.#tryCopy(next))) queue.length = 0
      }
    })
    try {
      await Promise.all(lookers)
    } finally {
      await this.#noteResults()
    }
  }

  async #noteResults(): Promise<void> {
    const { ledger, modelClock, wallClock } = this.#parts
    try {
      await ledger.noteResults(this.#results, modelClock.now())
    } catch (error) {
      for (const result of this.#results) {
        this.#unbooked.add(result)
        this.#failed.rest(result.copy.id, wallClock.now())
      }
      throw error
    } finally {
      await this.#unbooked.book(ledger)
    }
  }

  /** Resolves to false when the day's budget is used up. */
  async #tryCopy(found: CopyToScrub): Promise<boolean> {
    const closeness = await this.#affordable(found)
    if (closeness === null) return false
    if (closeness === 'another day') {
      this.#dear.copyIds.add(found.copy.id)
      return this.#dear.copyIds.size < DEAR_MAX
    }
    const account = { bytesRead: 0, usd: 0 }
    let isNoted = false
    try {
      isNoted = await this.#look(found, closeness, account)
    } catch (error) {
      if (this.#signal.aborted) return false
      this.#failed.rest(found.copy.id, this.#parts.wallClock.now())
      const level = error instanceof StoreError ? 'debug' : 'warn'
      this.#parts.log[level]({ error, copyId: found.copy.id }, 'a copy could not be scrubbed just now')
    } finally {
      if (!isNoted) this.#unbooked.add(account)
    }
    return true
  }

  /** Resolves to whether there is a result, which has the account in it. */
  async #look(found: CopyToScrub, closeness: Closeness, account: Account): Promise<boolean> {
    const { openStore, wallClock } = this.#parts
    const look = (check: CopyCheck) => this.#paidLook(check, account)
    const known = this.#known.recall(found, wallClock.now())
    if (known !== null) {
      await this.#condemn({ found, verdict: known, isKnown: true, look })
      return false
    }
    const store = await openStore(found.place.storeId)
    const check = { store, found, closeness, pace: this.#pace, signalFor: this.#signalFor }
    let seen = await look(check)
    if (isBadVerdict(seen.verdict) && seen.verdict !== 'unreadable') seen = await lookAgain(look, check, seen)
    const isUnreadableStill = this.#known.wasUnreadable(found)
    if (seen.verdict === 'unreadable' && !isUnreadableStill && !this.#isUnreadable(found, seen)) return false
    const { digests, verdict } = seen
    if (seen.bytesRead > 0 && verdict !== 'unreadable')
      this.#failed.noteRead(found.place.storeId, wallClock.now())
    this.looks++
    this.#parts.onResult?.({ copy: found.copy, verdict, bytesRead: account.bytesRead })
    if (isBadVerdict(verdict)) await this.#condemn({ found, verdict, isKnown: false, look })
    else if (isSuspect(found)) await this.#acquit(found, seen)
    else this.#failed.forget(found.copy.id)
    this.#results.push({
      copy: found.copy,
      verdict,
      ...account,
      ...(digests === undefined ? {} : { digests }),
    })
    return true
  }

  /** A look that costs what its request does and its share of a whole reading, also when it fails. */
  async #paidLook(check: CopyCheck, account: Account): Promise<Seen> {
    const { costOf, onPaid } = this.#parts
    const { closeness, found } = check
    const requestUsd = await costOf(found, 'facts')
    const wholeUsd = closeness === 'bytes' ? await costOf(found, 'bytes') : requestUsd
    let bytesRead = 0
    try {
      return await checkCopy({
        ...check,
        onBytes: bytes => {
          bytesRead += bytes
        },
      })
    } finally {
      const share = Math.min(1, bytesRead / Math.max(1, found.copy.size))
      // What has to be restored first has no price here, and is read only once somebody paid for that.
      const readUsd = Number.isFinite(wholeUsd) ? (wholeUsd - requestUsd) * share : 0
      const paid = { bytesRead, usd: requestUsd + Math.max(0, readUsd) }
      // The first look was taken from the day's budget before it began.
      if (account.usd > 0 || isSuspect(found)) this.#spentUsd += paid.usd
      account.bytesRead += paid.bytesRead
      account.usd += paid.usd
      onPaid?.(paid)
    }
  }

  /** Whether a copy that could not be read this time failed often enough to be given up. */
  #isUnreadable({ copy, key, place }: CopyToScrub, { error }: Seen): boolean {
    const { log, wallClock } = this.#parts
    const kind = error?.kind ?? 'unexpected'
    const failure = { copyId: copy.id, storeId: place.storeId, kind, now: wallClock.now() }
    const { isGivenUp, rounds } = this.#failed.note(failure)
    const facts = { error, copyId: copy.id, objectId: copy.objectId, key, rounds }
    log.warn(facts, 'a copy cannot be read, though its store tells of it')
    return isGivenUp
  }

  /** A suspect copy that turns out right is complete again; one of which nothing is proven stays as it is. */
  async #acquit(found: CopyToScrub, { digests, verdict }: Seen): Promise<void> {
    const { ledger, log, modelClock } = this.#parts
    if (verdict !== 'same' || digests !== undefined) return this.#leave(found)
    await ledger.withLockedObject(found.copy, LOCK_WAIT_MS_MAX, locked =>
      locked.acquit(found.copy, modelClock.now()),
    )
    this.#failed.forget(found.copy.id)
    log.info({ copyId: found.copy.id, key: found.key }, 'a suspect copy was read, and it is right')
  }

  /** Looks at a suspect copy again later. */
  #leave(found: CopyToScrub): void {
    this.#known.forget(found.copy.id)
    this.#failed.forget(found.copy.id)
    if (isSuspect(found)) this.#failed.rest(found.copy.id, this.#parts.wallClock.now(), SUSPECT_REST_MS)
  }

  async #condemn(conviction: Conviction): Promise<void> {
    const { log, onCondemned, wallClock } = this.#parts
    const { found, verdict } = conviction
    const facts = { copyId: found.copy.id, objectId: found.copy.objectId, key: found.key, verdict }
    const isOfOthers = verdict === 'missing' || verdict === 'changed'
    if (isOfOthers && found.bucket.mode !== 'exclusive') {
      // Where others write, the catalog follows them: what they removed or overwrote is no damage.
      log.info(facts, 'a copy was changed by others; an import will follow them')
      this.#leave(found)
      return
    }
    const outcome = await this.#tryToCondemn(conviction, facts)
    onCondemned?.(outcome)
    if (outcome === 'moved-on') {
      this.#leave(found)
      return
    }
    this.#failed.forget(found.copy.id)
    this.#known.forget(found.copy.id)
    if (outcome === 'awaiting-copy') {
      this.#known.remember(found, verdict, wallClock.now())
      this.#failed.rest(found.copy.id, wallClock.now())
    }
    log.error({ ...facts, outcome }, OUTCOME_WORDS[outcome])
  }

  /** A verdict is not dropped in silence when nothing can be done about it just now. */
  async #tryToCondemn(conviction: Conviction, facts: object): Promise<Condemnation> {
    try {
      return await condemnCopy(this.#parts, { ...conviction, pace: this.#pace, signalFor: this.#signalFor })
    } catch (error) {
      if (!this.#signal.aborted)
        this.#parts.log.warn({ ...facts, error }, 'a copy is bad, and nothing could be done about it yet')
      throw error
    }
  }

  /**
   * How closely the budget lets a copy be looked at. `another day` when only a day that has begun anew can pay
   * for its reading; null when this one cannot even pay for a look at its facts.
   */
  async #affordable(found: CopyToScrub): Promise<Closeness | 'another day' | null> {
    const { costOf, log, settings } = this.#parts
    if (isSuspect(found)) return (await costOf(found, 'bytes')) < Number.POSITIVE_INFINITY ? 'bytes' : 'facts'
    const usd = settings.closeness === 'bytes' ? await costOf(found, 'bytes') : Number.POSITIVE_INFINITY
    if (this.#reserve(usd)) return 'bytes'
    const factsUsd = await costOf(found, 'facts')
    if (usd <= settings.usdPerDay)
      return this.#spentUsd + factsUsd > settings.usdPerDay ? null : 'another day'
    // Of what must be restored first, or costs more than a whole day may, only the facts can be seen.
    if (!this.#reserve(factsUsd)) return null
    if (Number.isFinite(usd)) {
      const facts = { copyId: found.copy.id, key: found.key, usd, usdPerDay: settings.usdPerDay }
      log.warn(facts, 'reading a copy costs more than the budget of a day; only its facts are looked at')
    }
    return 'facts'
  }

  /** Takes so much of the day's budget, if that much is left. */
  #reserve(usd: number): boolean {
    if (this.#spentUsd + usd > this.#parts.settings.usdPerDay) return false
    this.#spentUsd += usd
    return true
  }

  readonly #signalFor = (bytes: number): AbortSignal => {
    const { settings, timers = systemTimers } = this.#parts
    const paceMs = Math.ceil((bytes / settings.bytesPerSecond) * SECOND) * PACE_FACTOR * LOOKS_AT_ONCE
    return boundedSignal(this.#signal, deadlineMs(bytes) + paceMs, timers)
  }
}

/** Suspect copies are looked at for their repair, which waits for no budget. */
function isSuspect({ copy }: CopyToScrub): boolean {
  return copy.state === 'suspect'
}

/** The network lies more often than a disk. Rejects when two readings show different bytes. */
async function lookAgain(look: BadCopy['look'], check: CopyCheck, seen: Seen): Promise<Seen> {
  const closeness = seen.verdict === 'corrupt' ? check.closeness : 'facts'
  const again = await look({ ...check, closeness })
  if (seen.verdict === 'corrupt' && again.verdict === 'corrupt' && seen.content !== again.content)
    throw new Error('two readings of a copy differ: something on the way is broken, not the copy')
  return again
}
