import type { Uuid } from '../../domain/identifiers.ts'
import type { Copy, StoreIdentity } from '../../domain/object.ts'
import {
  abandonStagingCopies,
  type CopyToSweep,
  deleteCopyRow,
  listCopiesToSweep,
  listPlacedCopies,
  lockCopyToSweep,
  retainCopy,
  suspectCopy,
} from '../catalog/copies.ts'
import { promoteLeftover, quarantineObject, readContentDigests } from '../catalog/last-copies.ts'
import type { Connection, Database } from '../postgres.ts'
import { confirmLock, withObjectLock } from '../writes/object-lock.ts'
import { isPublicationInFlight } from '../writes/publications-in-flight.ts'

/** What the sweeper asks of the catalog, in PostgreSQL; see workers/sweeping/sweep-ledger. */
export function createPostgresSweepLedger(database: Database) {
  return {
    abandonStagingCopies: (limit: number) => abandonStagingCopies(database, limit),
    listCopiesToSweep: (options: Parameters<typeof listCopiesToSweep>[1]) =>
      listCopiesToSweep(database, options),
    withLockedCopy: (
      copy: Pick<Copy, 'id' | 'objectId'>,
      waitMsMax: number,
      work: (locked: ReturnType<typeof lockedSweepOf>, found: CopyToSweep) => Promise<void>,
    ) =>
      withObjectLock(database, copy.objectId, waitMsMax, async connection => {
        const found = await lockCopyToSweep(connection, copy.objectId, copy.id)
        if (found !== null) await work(lockedSweepOf(connection, copy.objectId), found)
      }),
  }
}

function lockedSweepOf(connection: Connection, objectId: Uuid) {
  return {
    confirmLock: () => confirmLock(connection),
    isPublicationInFlight: () => isPublicationInFlight(connection, objectId),
    listPlacedCopies: () => listPlacedCopies(connection, [objectId]),
    readContentDigests: (generation: number) => readContentDigests(connection, objectId, generation),
    deleteCopyRow: (copyId: Uuid, options: { readonly isAnswered: boolean }) =>
      deleteCopyRow(connection, objectId, copyId, options),
    suspectCopy: (copyId: Uuid, identity: StoreIdentity | null) =>
      suspectCopy(connection, objectId, copyId, identity),
    retainCopy: (copyId: Uuid) => retainCopy(connection, objectId, copyId),
    promoteLeftover: (copy: Copy, identity: StoreIdentity) => promoteLeftover(connection, copy, identity),
    quarantineObject: (because: string) => quarantineObject(connection, objectId, because),
  }
}
