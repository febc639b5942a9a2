import type { Database } from '../database/postgres.ts'
import type { AccessEvent } from '../domain/access-event.ts'
import type { Clock } from '../domain/clock.ts'
import type { Uuid } from '../domain/identifiers.ts'
import type { ObjectStore } from '../stores/object-store.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { GatewayLimits } from './config.ts'

/** All the gateway works with. */
export interface GatewayOptions {
  readonly database: Database
  /** Serves access events and the time a copy entered its location. */
  readonly modelClock: Clock
  /** Serves signatures, time-outs and Last-Modified. */
  readonly wallClock: Clock
  /** The adapter of a store. The caller keeps it open and hands out the same one again. */
  openStore(storeId: Uuid): ObjectStore | Promise<ObjectStore>
  /** Opens the sealed secret of an access key. */
  unsealSecret(sealed: Buffer, accessKeyId: string): string
  /** Takes note of an access; must neither throw nor wait. */
  recordAccess(event: AccessEvent): void
  readonly log: Logger
  readonly metrics?: GatewayMetrics
  readonly limits: GatewayLimits
  /** Identifies this run of the process; intents of other runs are recovered. */
  readonly bootId: Uuid
  readonly region: string
  readonly baseHosts: readonly string[]
  /** The name of the location for buckets made by CreateBucket, or null when clients may make none. */
  readonly defaultWriteLocation: string | null
}

/** What the gateway tells about itself; each hook must neither throw nor wait. */
export interface GatewayMetrics {
  requestFinished?(facts: {
    readonly operation: string
    readonly status: number
    /** The name of the store that served or took the bytes; `none` when no store was asked. */
    readonly store: string
    readonly durationMs: number
    /** Until the answer began; null when none began. */
    readonly firstByteMs: number | null
    readonly bytesReceived: number
    readonly bytesSent: number
  }): void
  /** A request begins; it ends with {@link requestFinished}. */
  requestStarted?(): void
  /** A read went to another copy because the primary could not be read. */
  readFailedOver?(): void
  /** A read looked the object up again because it changed meanwhile. */
  readResolvedAgain?(): void
  /** A read found that others overwrote or removed bytes, and the catalog followed. */
  foreignChangeMet?(change: 'changed' | 'removed'): void
  /** Interrupted writes were settled. */
  intentsRecovered?(facts: { readonly rolledForward: number; readonly dropped: number }): void
}
