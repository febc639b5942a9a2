import PQueue from 'p-queue'
import { type AnnounceDeletion, createDeletionAnnouncer } from '../database/deletions-in-flight.ts'
import { type Database, openBeside } from '../database/postgres.ts'
import { BucketDirectory } from './bucket-directory.ts'
import { CallerDirectory } from './caller-directory.ts'
import type { GatewayOptions } from './options.ts'
import { ForeignSettlements } from './reads/foreign-settlements.ts'
import { ResolutionMemory } from './reads/resolution-memory.ts'
import { StagingMemory } from './writes/staging-memory.ts'

/** Connections for what is written down while another transaction is open: each is one short statement. */
const INTENT_CONNECTIONS_MAX = 4

/** What the operations share: the options, and the bounded things made from them. */
export interface GatewayServices {
  readonly options: GatewayOptions
  readonly callers: CallerDirectory
  readonly buckets: BucketDirectory
  readonly resolutions: ResolutionMemory
  readonly foreignSettlements: ForeignSettlements
  readonly stagingMemory: StagingMemory
  /** Publications hold a database connection each, so that only a few run at once. */
  readonly publications: PQueue
  /**
   * Writes intents down while their publication's transaction is open: they must be there whatever becomes of
   * it, and may not wait for a connection that only another publication gives back.
   */
  readonly intentDatabase: Database
  /** Written down like an intent, before bytes are deleted. */
  readonly announceDeletion: AnnounceDeletion
  /** Intents of this boot whose outcome is not known; recovery looks at them. */
  readonly unsettledIntents: Set<string>
}

/** Makes what the operations share. */
export function createServices(options: GatewayOptions): GatewayServices {
  const intentDatabase = openBeside(options.database, {
    connectionsMax: INTENT_CONNECTIONS_MAX,
    onIdleError: error => options.log.warn({ error }, 'an idle connection to the database broke'),
  })
  return {
    options,
    callers: new CallerDirectory(options),
    buckets: new BucketDirectory(options),
    resolutions: new ResolutionMemory(options),
    foreignSettlements: new ForeignSettlements(),
    stagingMemory: new StagingMemory(options.limits.stagingBytesMax),
    publications: new PQueue({ concurrency: options.limits.publicationsMax }),
    intentDatabase,
    announceDeletion: createDeletionAnnouncer(intentDatabase),
    unsettledIntents: new Set(),
  }
}
