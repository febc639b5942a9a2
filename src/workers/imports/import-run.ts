import type { ImportJob } from '../../database/imports/import-jobs.ts'
import type { Database } from '../../database/postgres.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { mayWorkLater } from '../bounded-request.ts'
import { systemTimers, type Timers } from '../timers.ts'

/** How often a store is asked again before the import is left interrupted. */
const ATTEMPTS_MAX = 6
const BACKOFF_MS_MIN = 250

/** What imports need. */
export interface ImportParts {
  readonly database: Database
  /** Model time, for the arrival of copies. */
  readonly clock: Clock
  readonly storeOf: (storeId: Uuid) => Promise<ObjectStore>
  readonly log: Logger
  readonly principal: Principal
  /** Who holds leases: unique per process. */
  readonly owner: string
  /** Keys asked for at a time. Range: 1 to 1,000. Default: 1,000. */
  readonly pageKeys?: number
  /** Default: the machine's. */
  readonly timers?: Timers
}

/** One import in the hands of a worker. */
export interface ImportRun extends ImportParts {
  readonly job: ImportJob
  readonly lease: { readonly owner: string; readonly seconds: number }
  readonly signal: AbortSignal
}

/**
 * Asks a store; while it is away, waits longer each time. The call is told which attempt
 * it is, from 1.
 */
export async function askPatiently<T>(run: ImportRun, ask: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(attempt)
    } catch (error) {
      const mayHelp = error instanceof StoreError && mayWorkLater(error)
      if (!mayHelp || attempt === ATTEMPTS_MAX || run.signal.aborted) throw error
      run.log.info({ error, importId: run.job.id, attempt }, 'a store did not answer an import, asking again')
      await (run.timers ?? systemTimers).sleep(BACKOFF_MS_MIN * 2 ** (attempt - 1), run.signal)
    }
  }
}
