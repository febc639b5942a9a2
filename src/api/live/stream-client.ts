import type { ActivityRow } from '../../database/people/activities.ts'
import type { OverviewTick } from '../schemas/overview.ts'

/** What the stream sends: an activity, a tick, or `reset` when too much was missed to be sent again. */
export type StreamMessage =
  | { readonly kind: 'activity'; readonly activity: ActivityRow }
  | { readonly kind: 'overview'; readonly tick: OverviewTick }
  | { readonly kind: 'reset' }

/** Activities that may wait for a slow client; one that is slower is cut off and resumes by its last id. */
const WAITING_MAX = 1_000

/**
 * What waits for one client of the stream. Activities queue up to a bound; of ticks only the newest waits,
 * because an old one is worth nothing.
 *
 * Ends when closed, or when the client is too slow. What must never hold: an activity is skipped and a later
 * one delivered.
 */
export class StreamClient {
  readonly #waiting: StreamMessage[] = []
  #tick: OverviewTick | null = null
  #closed = false
  #wake: (() => void) | null = null

  push(message: StreamMessage): void {
    if (this.#closed) return
    if (this.#waiting.length >= WAITING_MAX) {
      this.close()
      return
    }
    this.#waiting.push(message)
    this.#wake?.()
  }

  pushTick(tick: OverviewTick): void {
    this.#tick = tick
    this.#wake?.()
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  /** Messages as they come, until closed; what waits at that moment is not delivered. */
  async *messages(): AsyncGenerator<StreamMessage, void, void> {
    while (!this.#closed) {
      const message = this.#waiting.shift() ?? this.#takeTick()
      if (message !== null) yield message
      else await this.#somethingNew()
    }
  }

  #takeTick(): StreamMessage | null {
    const tick = this.#tick
    this.#tick = null
    return tick === null ? null : { kind: 'overview', tick }
  }

  #somethingNew(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = () => {
        this.#wake = null
        resolve()
      }
    })
  }
}
