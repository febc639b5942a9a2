import type { KeepSourceFacts } from '../../database/catalog/source-facts.ts'
import type { MigrationHolds } from '../../database/migrations/migration-holds.ts'
import type { AnnounceDeletion } from '../../database/writes/deletions-in-flight.ts'
import type { AnnouncePublication } from '../../database/writes/publications-in-flight.ts'
import type { NoteUploadStart } from '../../database/writes/upload-starts.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Location } from '../../domain/location.ts'
import type { Migration } from '../../domain/migration.ts'
import type { MigrationLedger } from '../../migration/ledger.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Timers } from '../timers.ts'
import type { FullLocations } from './full-locations.ts'
import type { ThroughputCounter } from './throughput.ts'

/** What the mover needs. */
export interface MigrationParts {
  readonly ledger: MigrationLedger
  /** The open store with this id. Rejects with a `StoreError`. Whoever opens stores closes them. */
  readonly openStore: (storeId: Uuid) => Promise<ObjectStore>
  /** Whether the store leaves requests without an answer and is not asked for a while. Default: none ever is. */
  readonly isAway?: (storeId: Uuid) => boolean
  /** Whether the store refused all it was asked lately, for lack of rights. Default: none ever does. */
  readonly isRefusing?: (storeId: Uuid) => boolean
  /** Null when there is no such location any more. */
  readonly locationById: (locationId: Uuid) => Promise<Location | null>
  /** Makes durable that a copy's bytes are about to go. */
  readonly announceDeletion: AnnounceDeletion
  /** Makes durable that bytes are about to be sent to a store that cannot compare. */
  readonly announcePublication: AnnouncePublication
  /** Makes durable where an upload in parts is about to begin. */
  readonly noteUploadStart: NoteUploadStart
  /** Keeps what a source says of an object that was only listed until then. Default: nobody keeps it. */
  readonly keepFacts?: KeepSourceFacts
  /** Which locations are full. Default: nobody keeps it, and each migration that finds one full rests by itself. */
  readonly fullLocations?: FullLocations
  /** What is stopped or paused now. Default: nothing ever is. */
  readonly readHolds?: () => Promise<MigrationHolds>
  readonly modelClock: Clock
  /** Model milliseconds per wall millisecond: turns the end of grace into a time to look again. Default: 1. */
  readonly modelScale?: number
  readonly wallClock: Clock
  /** Default: the machine's. */
  readonly timers?: Timers
  /** Unique among processes and restarts: who holds the leases. */
  readonly workerId: string
  /** How many large objects move at once; up to sixteen small ones take the place of one. */
  readonly concurrency: number
  /** How long a lease lasts without renewal, by the database's clock. Default: 30,000. */
  readonly leaseMs?: number
  /** `read-back` reads every copy back even where the store reports digests. Default: `reported`. */
  readonly verification?: 'reported' | 'read-back'
  readonly log: Logger
  readonly metrics: MigrationMetrics
  /** Counts what is moved, for people who wait for it. Default: nobody counts. */
  readonly throughput?: ThroughputCounter
  /** From [0, 1): spreads retries. */
  readonly random: () => number
  /** Awaited at each durable boundary: tests stop a worker there. */
  readonly atBoundary?: (boundary: Boundary, migration: Migration) => void | Promise<void>
}

/** The moments between which a worker may die; see migration/SPEC.md, "Order of durable records". */
export const BOUNDARIES = [
  'claimed',
  'target-intended',
  'source-read',
  'upload-begun',
  'parts-staged',
  'before-publication',
  'published',
  'copied',
  'proven',
  'switched',
  'deletion-intended',
  'before-deletion',
  'source-deleted',
] as const
export type Boundary = (typeof BOUNDARIES)[number]

/** Where the mover counts; the front door connects it to the metrics of the process. */
export interface MigrationMetrics {
  /** A migration ended in `outcome`; locations by name. */
  ended(outcome: string, from: string, to: string): void
  copiedBytes(bytes: number, from: string, to: string): void
  phaseTook(phase: string, seconds: number): void
  retried(errorKind: string): void
  verificationFailed(reason: string): void
  tookOver(): void
  inFlight(migrations: number): void
}

/** Counts nothing. */
export function noMigrationMetrics(): MigrationMetrics {
  const nothing = () => undefined
  return {
    ended: nothing,
    copiedBytes: nothing,
    phaseTook: nothing,
    retried: nothing,
    verificationFailed: nothing,
    tookOver: nothing,
    inFlight: nothing,
  }
}
