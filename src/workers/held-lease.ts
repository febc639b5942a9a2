import { joinSignals } from '../domain/join-signals.ts'
import { systemTimers, type Timers } from './timers.ts'

/** A lease that is renewed while somebody works. */
export interface RenewedLease {
  /** How long it lasts from each renewal. */
  readonly seconds: number
  /** Makes it last from now on. Rejects when it cannot be renewed now, or is no longer ours. */
  readonly renew: () => Promise<void>
  /** Whether a rejection says that it is no longer ours; else it is renewed again later. */
  readonly isLost: (error: unknown) => boolean
  /** Default: the machine's. */
  readonly timers?: Timers | undefined
}

/** A lease is renewed so many times while it lasts, so that one renewal that fails takes nothing away. */
const RENEWALS = 3

/**
 * Works while a lease is held, however long that takes: a store may let each request wait for its budget. When
 * the lease was lost the work's signal aborts, and what is rejected with says so. Resolves and rejects as the
 * work does otherwise, once the renewals have ended; what it left under way is aborted then.
 */
export async function whileHeld<T>(
  lease: RenewedLease,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController()
  const ended = new AbortController()
  const renewing = renewAgain(lease, lost, ended.signal)
  try {
    return await work(joinSignals([signal, lost.signal, ended.signal]))
  } catch (error) {
    throw lost.signal.aborted ? lost.signal.reason : error
  } finally {
    ended.abort()
    await renewing
  }
}

async function renewAgain(lease: RenewedLease, lost: AbortController, signal: AbortSignal): Promise<void> {
  const { isLost, renew, seconds, timers = systemTimers } = lease
  for (;;) {
    await timers.sleep((seconds * 1_000) / RENEWALS, signal)
    if (signal.aborted) return
    try {
      await renew()
    } catch (error) {
      if (isLost(error)) return lost.abort(error)
    }
  }
}
