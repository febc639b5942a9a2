import type { Database } from '../database/postgres.ts'
import type { Clock } from '../domain/clock.ts'
import type { Redacted } from '../domain/redacted.ts'
import type { SecretBox } from '../domain/secret-box.ts'
import type { Store, StoreKind } from '../domain/store.ts'
import type { AccessEventLog } from '../events/access-event-log.ts'
import type { AccessEventSource } from '../events/access-event-source.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { ApiConfig } from './config.ts'
import type { FieldError } from './problems.ts'

/** What was found out about a store by trying. */
export interface StoreFindings {
  /** Settings to be put in place of those it has. */
  readonly settings: Readonly<Record<string, unknown>>
  /** The server's name, where it is known. */
  readonly vendor: string | null
  readonly notes: readonly string[]
}

/** What the API needs to know about adapters of stores, which only the wiring names. */
interface StoreAdapters {
  /** What is wrong with the settings of a store of this kind; empty when they are good. */
  checkSettings(kind: StoreKind, settings: Readonly<Record<string, unknown>>): readonly FieldError[]
  /** Opens a store for a probe. The credentials are the JSON of `StoreCredentials`. */
  open(store: Pick<Store, 'id' | 'name' | 'kind' | 'settings'>, credentials: Redacted | null): ObjectStore
  /** Finds out by trying what a store does that stores of its kind differ in. Rejects with a StoreError. */
  learn(
    store: Pick<Store, 'name' | 'kind' | 'settings'>,
    credentials: Redacted | null,
    container: string,
  ): Promise<StoreFindings>
}

/** Why a process is not ready, in words that anybody may read. */
export class NotReady extends Error {
  override readonly name = 'NotReady'
}

/** One thing that must work for this process to be ready. */
export interface ReadinessCheck {
  readonly name: string
  /** Resolves to a remark or null; rejects with what is wrong. */
  check(): Promise<string | null>
}

/** Everything the API works with, passed in by the wiring. */
export interface ApiOptions {
  readonly database: Database
  /** The model clock. */
  readonly clock: Clock
  readonly wall: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly secretBox: SecretBox
  readonly stores: StoreAdapters
  readonly config: ApiConfig
  readonly version: string
  /** Where accesses are heard, for the live tail and the lag; dead letters are put into it again. */
  readonly events: AccessEventLog & AccessEventSource
  /** Beside the database, which is always checked. */
  readonly readinessChecks?: readonly ReadinessCheck[]
  /** The built dashboard; without it only the API is served. */
  readonly dashboardFolder?: string
}
