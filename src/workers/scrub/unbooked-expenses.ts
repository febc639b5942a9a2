import type { ScrubExpenses } from '../../domain/scrub.ts'
import type { ScrubLedger } from './scrub-ledger.ts'

/**
 * What this process read and paid for, and no day's account has yet: looks that failed, and results that could
 * not be noted. What cannot be booked now is kept for the next time; a process that is killed forgets it.
 */
export class UnbookedExpenses {
  #bytesRead = 0
  #usd = 0

  add({ bytesRead, usd }: ScrubExpenses): void {
    this.#bytesRead += bytesRead
    this.#usd += usd
  }

  /** Puts all of it on the present day's account. */
  async book(ledger: Pick<ScrubLedger, 'noteExpenses'>): Promise<void> {
    const owed = { bytesRead: this.#bytesRead, usd: this.#usd }
    if (owed.bytesRead === 0 && owed.usd === 0) return
    this.#bytesRead = 0
    this.#usd = 0
    try {
      await ledger.noteExpenses(owed)
    } catch (error) {
      this.add(owed)
      throw error
    }
  }
}
