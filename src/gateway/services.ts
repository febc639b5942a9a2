import PQueue from 'p-queue'
import { BucketDirectory } from './bucket-directory.ts'
import { CallerDirectory } from './caller-directory.ts'
import type { GatewayOptions } from './options.ts'
import { ForeignSettlements } from './reads/foreign-settlements.ts'
import { ResolutionMemory } from './reads/resolution-memory.ts'
import { StagingMemory } from './writes/staging-memory.ts'

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
  /** Intents of this boot whose outcome is not known; recovery looks at them. */
  readonly unsettledIntents: Set<string>
}

/** Makes what the operations share. */
export function createServices(options: GatewayOptions): GatewayServices {
  return {
    options,
    callers: new CallerDirectory(options),
    buckets: new BucketDirectory(options),
    resolutions: new ResolutionMemory(options),
    foreignSettlements: new ForeignSettlements(),
    stagingMemory: new StagingMemory(options.limits.stagingBytesMax),
    publications: new PQueue({ concurrency: options.limits.publicationsMax }),
    unsettledIntents: new Set(),
  }
}
