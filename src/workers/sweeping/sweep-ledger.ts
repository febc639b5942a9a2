import type { CopyToSweep, PlacedCopy } from '../../database/catalog/copies.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Copy, StoreIdentity } from '../../domain/object.ts'

/** What the sweeper asks of the catalog. */
export interface SweepLedger {
  /**
   * Hands copies that were being written for a migration that has ended to the sweeper. Resolves to how many.
   */
  abandonStagingCopies(limit: number): Promise<number>
  /**
   * Copies in state `deleting`, without those that were just tried in vain and those of locations that
   * failed.
   */
  listCopiesToSweep(options: {
    readonly limit: number
    readonly exceptCopyIds: readonly Uuid[]
    readonly exceptLocationIds: readonly Uuid[]
  }): Promise<CopyToSweep[]>
  /**
   * Runs `work` while nobody publishes, replaces or deletes bytes of the copy's object, if the copy is still to
   * be swept. What it writes commits when it resolves, and nothing when it rejects. Rejects when the object's
   * lock is not free in time.
   */
  withLockedCopy(
    copy: Pick<Copy, 'id' | 'objectId'>,
    waitMsMax: number,
    work: (locked: LockedSweep, found: CopyToSweep) => Promise<void>,
  ): Promise<void>
}

/** The catalog's side of one object while it is locked. */
export interface LockedSweep {
  /** Resolves while the lock is still ours; rejects when the session it belongs to was lost. */
  confirmLock(): Promise<void>
  /** Whether bytes of the object may still be published by somebody who lost its lock. */
  isPublicationInFlight(): Promise<boolean>
  /** All copies of the object, in any state. */
  listPlacedCopies(): Promise<PlacedCopy[]>
  /** Digests that the catalog knows of one generation's content; null where nobody knows. */
  readContentDigests(
    generation: number,
  ): Promise<{ readonly sha256: string | null; readonly crc64nvme: string | null }>
  /** Forgets a copy whose bytes are gone, and that they were to go, if the store answered our deletion. */
  deleteCopyRow(copyId: Uuid, options: { readonly isAnswered: boolean }): Promise<void>
  /** Neither read nor deleted until a person looks; `identity` of its bytes where it was not known. */
  suspectCopy(copyId: Uuid, identity: StoreIdentity | null): Promise<void>
  /** Superseded and good, but may not be deleted. */
  retainCopy(copyId: Uuid): Promise<void>
  /** Makes a copy the primary one; false when the object's content is another one by now. */
  promoteLeftover(copy: Copy, identity: StoreIdentity): Promise<boolean>
  /** Keeps the object from being moved; `because` is for people. */
  quarantineObject(because: string): Promise<void>
}
