import { type Database, openBeside } from '../database/postgres.ts'
import { type AnnounceDeletion, createDeletionAnnouncer } from '../database/writes/deletions-in-flight.ts'
import type { CompletedUpload } from '../database/writes/multipart-uploads.ts'
import {
  type AnnouncePublication,
  createPublicationAnnouncer,
} from '../database/writes/publications-in-flight.ts'
import { BucketDirectory } from './bucket-directory.ts'
import { CallerDirectory } from './caller-directory.ts'
import { ObjectTurns } from './object-turns.ts'
import type { GatewayOptions } from './options.ts'
import { ForeignSettlements } from './reads/foreign-settlements.ts'
import { ResolutionMemory } from './reads/resolution-memory.ts'
import { SharedWork } from './shared-work.ts'
import { StagingMemory } from './writes/staging-memory.ts'

/** Connections for what is written down while another transaction is open: each is one short statement. */
const INTENT_CONNECTIONS_MAX = 4

/** Of the connections of the pool, readers that settle hold at most one in so many; uploads the same. */
const SETTLEMENTS_SHARE = 8
/** Settlements of each kind that wait; above it they are answered SlowDown. */
const SETTLEMENTS_WAITING_MAX = 200

/** What the operations share: the options, and the bounded things made from them. */
export interface GatewayServices {
  readonly options: GatewayOptions
  readonly callers: CallerDirectory
  readonly buckets: BucketDirectory
  readonly resolutions: ResolutionMemory
  readonly foreignSettlements: ForeignSettlements
  readonly stagingMemory: StagingMemory
  /** Publications hold a database connection each, so that only a few run at once. */
  readonly publications: ObjectTurns
  /** Readers that wait for a write in progress of their object; those of one object share the wait. */
  readonly readerSettlements: ObjectTurns
  readonly sharedReaderSettlements: SharedWork<void>
  /** Completes and aborts of uploads that wait for a former Complete. */
  readonly uploadSettlements: ObjectTurns
  /** Completes that ask for the same at the same time. */
  readonly sharedCompletes: SharedWork<CompletedUpload>
  /**
   * Writes intents down while their publication's transaction is open: they must be there whatever becomes of
   * it, and may not wait for a connection that only another publication gives back.
   */
  readonly intentDatabase: Database
  /** Written down like an intent, before bytes are deleted. */
  readonly announceDeletion: AnnounceDeletion
  /** The same before bytes are sent to a store that cannot compare. */
  readonly announcePublication: AnnouncePublication
  /** Intents of this boot whose outcome is not known; recovery looks at them. */
  readonly unsettledIntents: Set<string>
}

/** Makes what the operations share. */
export function createServices(options: GatewayOptions): GatewayServices {
  const intentDatabase = openBeside(options.database, {
    connectionsMax: INTENT_CONNECTIONS_MAX,
    onIdleError: error => options.log.warn({ error }, 'an idle connection to the database broke'),
  })
  const connectionsMax = options.database.options.max ?? 1
  const settlementBounds = {
    concurrency: Math.max(1, Math.floor(connectionsMax / SETTLEMENTS_SHARE)),
    waitingMax: SETTLEMENTS_WAITING_MAX,
  }
  return {
    options,
    callers: new CallerDirectory(options),
    buckets: new BucketDirectory(options),
    resolutions: new ResolutionMemory(options),
    foreignSettlements: new ForeignSettlements(),
    stagingMemory: new StagingMemory(options.limits.stagingBytesMax),
    publications: new ObjectTurns({
      concurrency: options.limits.publicationsMax,
      waitingMax: options.limits.publicationsQueuedMax,
    }),
    readerSettlements: new ObjectTurns(settlementBounds),
    sharedReaderSettlements: new SharedWork(),
    uploadSettlements: new ObjectTurns(settlementBounds),
    sharedCompletes: new SharedWork(),
    intentDatabase,
    announceDeletion: createDeletionAnnouncer(intentDatabase),
    announcePublication: createPublicationAnnouncer(intentDatabase),
    unsettledIntents: new Set(),
  }
}
