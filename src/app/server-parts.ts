import type { Database } from '../database/postgres.ts'
import type { Clock } from '../domain/clock.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { SecretBox } from '../domain/secret-box.ts'
import type { AccessEventLog } from '../events/access-event-log.ts'
import type { AccessEventSource } from '../events/access-event-source.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Config } from './config.ts'
import type { StoreRegistry } from './store-registry.ts'

/** What every role of a process is built from. */
export interface ServerParts {
  readonly config: Config
  readonly database: Database
  readonly modelClock: Clock
  /** Model seconds per wall second. */
  readonly modelScale: number
  readonly wallClock: Clock
  readonly secretBox: SecretBox
  readonly stores: StoreRegistry
  readonly eventLog: AccessEventLog & AccessEventSource
  readonly metrics: Metrics
  readonly log: Logger
  /** New for every start of a process. */
  readonly bootId: Uuid
  /** Names this process among the holders of leases. */
  readonly owner: string
  readonly version: string
}

/** A role that does its work until it is stopped. */
export interface RunningRole {
  /** The address it answers at, or null when it only works. */
  readonly url: string | null
  /** Finishes what is under way, within its bounds, and resolves. */
  stop(): Promise<void>
}
