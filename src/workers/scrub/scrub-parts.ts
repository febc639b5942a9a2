import type { Clock } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Condemnation, CopyToScrub, ScrubExpenses, ScrubResult } from '../../domain/scrub.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Timers } from '../timers.ts'
import type { Closeness } from './check-copy.ts'
import type { ScrubLedger } from './scrub-ledger.ts'

/** What people set. */
export interface ScrubSettings {
  /** `bytes` reads every copy to its end; `facts` believes digests that its store can be trusted with. */
  readonly closeness: Closeness
  /** Days after which a copy is looked at again. */
  readonly intervalDays: number
  /** Of all that is read. Range: above 0. */
  readonly bytesPerSecond: number
  /** What looking and reading may cost in a day, at list prices. */
  readonly usdPerDay: number
}

/** What the scrubber needs. */
export interface ScrubParts {
  readonly ledger: ScrubLedger
  readonly settings: ScrubSettings
  /** The open store with this id. Rejects with a `StoreError`. */
  readonly openStore: (storeId: Uuid) => Promise<ObjectStore>
  /**
   * What a look at this copy costs, in dollars. Infinite for bytes that must be restored before they can be
   * read.
   */
  readonly costOf: (found: CopyToScrub, closeness: Closeness) => Promise<number>
  readonly modelClock: Clock
  readonly wallClock: Clock
  /** Default: the machine's. */
  readonly timers?: Timers
  /** Default: a random one. */
  readonly newId?: () => Uuid
  readonly log: Logger
  readonly onResult?: (result: Pick<ScrubResult, 'copy' | 'verdict' | 'bytesRead'>) => void
  /** Told of each look, whatever becomes of it. */
  readonly onPaid?: (expenses: ScrubExpenses) => void
  readonly onCondemned?: (condemnation: Condemnation) => void
}
