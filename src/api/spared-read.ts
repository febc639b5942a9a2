import type { Clock } from '../domain/clock.ts'

/** At most this share of the time is spent on reading; what was read is told again until then. */
const BUSY_SHARE_MAX = 0.01
/** What is told is never older, however long reading takes. */
const AGE_MS_MAX = 5 * 60_000

/**
 * A read that costs the database more the more there is, however many ask for it: those who ask while it runs
 * are told its answer, and so are those who come within a hundred times the time it took. What is quickly read
 * is as good as new; what took 50 milliseconds is at most 5 seconds old. An error is told once, and not kept.
 */
export function spareRead<T>(wall: Clock, read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  let told: { readonly answer: T; readonly at: number; readonly until: number } | null = null
  return () => {
    const now = wall.now()
    // A wall clock may be set back.
    if (told !== null && now >= told.at && now < told.until) return Promise.resolve(told.answer)
    running ??= readAnew().finally(() => {
      running = null
    })
    return running
  }

  async function readAnew(): Promise<T> {
    const began = wall.now()
    const answer = await read()
    const ended = wall.now()
    told = { answer, at: ended, until: ended + Math.min(AGE_MS_MAX, (ended - began) / BUSY_SHARE_MAX) }
    return answer
  }
}
