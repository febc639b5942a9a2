import { MINUTE } from '../../domain/duration.ts'

/** S3 servers bear a quarter of an hour; what is less than this is never why they refuse. */
const DIFFERENCE_MS_MIN = 5 * MINUTE

/**
 * The server's time, by which requests have to be signed: ours, until a refusal shows that it differs by more
 * than five minutes. Many refusals say no more than 403, as those of HEAD; their `Date` tells the reason.
 */
export class ServerClock {
  readonly #now: () => number
  #offsetMs = 0

  /** `now` is ours, in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  now(): Date {
    return new Date(this.#now() + this.#offsetMs)
  }

  /**
   * Whether the answer to a request signed for `signedFor` refuses it for its time; from then on the server's is
   * that of the answer.
   */
  learnFrom(
    { headers, status }: { status: number; headers: Readonly<Record<string, string>> },
    signedFor: Date,
  ): boolean {
    if (status !== 403 && status !== 400) return false
    const serversMs = Date.parse(headers.date ?? '')
    if (!(Math.abs(serversMs - signedFor.getTime()) >= DIFFERENCE_MS_MIN)) return false
    this.#offsetMs = serversMs - this.#now()
    return true
  }
}
