import type { ContainerLocation } from '../../database/imports/catalog-import.ts'
import type { Database } from '../../database/postgres.ts'
import type { OrphanSum } from '../../database/upkeep/orphans.ts'
import type { ReconcileRun } from '../../database/upkeep/reconcile-runs.ts'
import type { AnnounceDeletion } from '../../database/writes/deletions-in-flight.ts'
import type { Bucket } from '../../domain/bucket.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { LocationPrice } from '../../domain/price.ts'
import type { Principal } from '../../domain/principal.ts'
import type { ReconcileCounts } from '../../domain/reconcile.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Timers } from '../timers.ts'

/** What comparing containers with the catalog needs. */
export interface ReconcileParts {
  readonly database: Database
  /** Holds objects' locks while stores are asked; see database/migrations/long-holds. */
  readonly lockDatabase: Database
  /** The open store with this id. Rejects with a `StoreError`. Whoever opens stores closes them. */
  readonly openStore: (storeId: Uuid) => Promise<ObjectStore>
  readonly announceDeletion: AnnounceDeletion
  /** For the arrival of copies. */
  readonly modelClock: Clock
  readonly wallClock: Clock
  readonly log: Logger
  readonly principal: Principal
  /** Who holds leases: unique per process. */
  readonly owner: string
  /** Where files of inventories are kept while they are read. */
  readonly temporaryFolder: string
  /** Default: the machine's. */
  readonly timers?: Timers
  /** Keys asked for at a time. Range: 1 to 1,000. Default: 1,000. */
  readonly pageKeys?: number
  /** Told what a step of a run found, for metrics. */
  readonly onCounted?: (counts: Partial<ReconcileCounts>) => void
  /** Told now and then what the ledger of orphans adds up to, for metrics. */
  readonly onSummed?: (sums: readonly OrphanSum[]) => void
}

/** One run in the hands of a worker, with what it compares. */
export interface RunningReconcile extends ReconcileParts {
  readonly run: ReconcileRun
  readonly lease: { readonly owner: string; readonly seconds: number }
  readonly signal: AbortSignal
  readonly store: ObjectStore
  readonly place: { readonly storeId: Uuid; readonly container: string }
  /** All locations of the container, which differ in storage class. */
  readonly locations: readonly ContainerLocation[]
  readonly prices: ReadonlyMap<Uuid, LocationPrice>
  /** The bucket that came first to the container; null when none did. */
  readonly containerOwner: Bucket | null
  readonly bucketsByName: ReadonlyMap<string, Bucket>
}
