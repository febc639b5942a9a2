import { SECOND } from '../../domain/duration.ts'
import {
  type AnnouncePublication,
  type PublicationAnnouncement,
  PublicationInFlight,
  type PublicationPlace,
  UNRENEWED_MS_MAX,
} from './publications-in-flight.ts'

/** How often an announcement is renewed while its request is under way, in wall milliseconds. */
const RENEWAL_MS = 3 * SECOND

/**
 * First the publication is announced, then the lock is confirmed, then `send` sends the bytes; see
 * deletions-in-flight for why that is enough. The announcement is short and renewed for as long as the request
 * takes, so that others wait for half a minute at most when its sender dies: whoever cannot renew it gives the
 * request up, by the signal, long before it lapses. It stays when what was sent may still land.
 */
export async function publishAnnounced<T>(
  options: {
    readonly announce: AnnouncePublication
    readonly place: PublicationPlace
    /** Rejects when the object's lock was lost. */
    readonly confirmLock: () => Promise<void>
    /** Wall milliseconds. */
    readonly now: () => number
    readonly timeoutSignal: (ms: number) => AbortSignal
    /** Whether bytes may still come to lie there although sending them failed like this. */
    readonly mayStillLand: (error: unknown) => boolean
  },
  send: (announced: AbortSignal) => Promise<T>,
): Promise<T> {
  const { announce, confirmLock, mayStillLand, now, place, timeoutSignal } = options
  const startedAt = now()
  const renewal = new Renewal(timeoutSignal)
  const announcement = await announce(place)
  let isOnItsWay = false
  try {
    await confirmLock()
    renewal.signal.throwIfAborted()
    // Who slept meanwhile may be told of the lock before the timers ring.
    if (now() - startedAt >= UNRENEWED_MS_MAX) throw new PublicationInFlight(place.objectId)
    renewal.begin(announcement)
    isOnItsWay = true
    const result = await send(renewal.signal)
    isOnItsWay = false
    return result
  } catch (error) {
    if (isOnItsWay) isOnItsWay = mayStillLand(error)
    if (isOnItsWay) await announceAnew(announcement, options)
    throw error
  } finally {
    renewal.end()
    if (!isOnItsWay) await announcement.withdraw().catch(() => 'it lapses by itself')
  }
}

/**
 * The time to land begins when a request is given up. Who slept while it was under way has kept the lock, and
 * finds the announcement lapsed.
 */
async function announceAnew(
  announcement: PublicationAnnouncement,
  { announce, place }: { readonly announce: AnnouncePublication; readonly place: PublicationPlace },
): Promise<void> {
  await announcement
    .renew()
    .catch(() => announce(place))
    .catch(() => 'others wait for what was announced before')
}

/** Renews one announcement until it ends. The signal aborts when that does not succeed in time. */
class Renewal {
  readonly #timeoutSignal: (ms: number) => AbortSignal
  readonly #cut = new AbortController()
  readonly #over = new AbortController()
  /** The time-out of the newest renewal that succeeded. */
  #limit: AbortSignal

  constructor(timeoutSignal: (ms: number) => AbortSignal) {
    this.#timeoutSignal = timeoutSignal
    this.#limit = this.#startLimit()
  }

  get signal(): AbortSignal {
    return this.#cut.signal
  }

  begin(announcement: PublicationAnnouncement): void {
    const next = () => {
      if (this.#over.signal.aborted || this.#cut.signal.aborted) return
      const limit = this.#startLimit()
      announcement
        .renew()
        .then(() => {
          this.#limit = limit
        })
        // The limit that counts goes on running.
        .catch(() => 'tried again')
        .finally(() => this.#later(next))
    }
    this.#later(next)
  }

  end(): void {
    this.#over.abort()
  }

  #later(next: () => void): void {
    if (!this.#over.signal.aborted) whenAborted(this.#timeoutSignal(RENEWAL_MS), next)
  }

  /** Its time begins before the database is asked: what the database counts ends later. */
  #startLimit(): AbortSignal {
    const limit = this.#timeoutSignal(UNRENEWED_MS_MAX)
    whenAborted(limit, () => {
      if (limit === this.#limit && !this.#over.signal.aborted) this.#cut.abort(limit.reason)
    })
    return limit
  }
}

function whenAborted(signal: AbortSignal, tell: () => void): void {
  signal.addEventListener('abort', tell, { once: true })
}
