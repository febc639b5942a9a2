import type { Uuid } from '../../domain/identifiers.ts'
import type { Copy } from '../../domain/object.ts'
import type { MigrationLedger } from '../ledger.ts'

/** What the suite needs around a ledger. Locations `hot`, `cold` and `hot-too` (same container) exist. */
export interface LedgerHarness {
  readonly ledger: MigrationLedger
  readonly locationIds: { readonly hot: Uuid; readonly cold: Uuid; readonly hotToo: Uuid }
  readonly bucketIds: { readonly exclusive: Uuid; readonly observed: Uuid }
  /** An object of 10 bytes with one complete primary copy in `hot`; generation 1, placement version 1. */
  seedObject(bucketId: Uuid, key: string): Promise<void>
  /** The policy of the bucket requires encryption from now on. */
  requireEncryption(bucketId: Uuid): Promise<void>
  /** A client overwrites the object: one more generation. */
  overwrite(objectId: Uuid): Promise<void>
  /** One more copy of the object's generation. Resolves to its id. */
  seedCopy(objectId: Uuid, locationId: Uuid, state: Copy['state']): Promise<Uuid>
  copies(objectId: Uuid): Promise<readonly Copy[]>
  placementVersion(objectId: Uuid): Promise<number>
  reviewAt(objectId: Uuid): Promise<number | null>
  timeline(migrationId: Uuid): Promise<readonly { event: string; from: string; to: string; worker: string }[]>
  announcements(migrationId: Uuid): Promise<readonly string[]>
  expireLeases(): Promise<void>
  makeDue(): Promise<void>
  pause(migrationId: Uuid): Promise<void>
  dispose(): Promise<void>
}
