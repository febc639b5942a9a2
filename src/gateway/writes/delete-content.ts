import type { BucketWithTarget } from '../../database/catalog/buckets.ts'
import { lookAtObject } from '../../database/catalog/objects.ts'
import type { Connection } from '../../database/postgres.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import { commitDeletion, outdateWrites, retireAllCopies } from '../../database/writes/object-publication.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { UnknownOutcome } from '../error-table.ts'
import type { GatewayServices } from '../services.ts'
import { settlePublishedIntents } from './settle-intent.ts'
import { checkWriteConditions, UNCONDITIONAL, type WriteConditions } from './write-conditions.ts'

/**
 * Deletes an object: it disappears from the catalog in one transaction, and its copies wait for the sweeper,
 * which deletes their bytes conditionally. A store that is down does not keep an object alive: no store is
 * asked but for writes that were cut off, and those that cannot be settled now come before this deletion all
 * the same. Deleting what is not there is no error. Resolves to whether there was something; rejects with
 * {@link UnknownOutcome} when the deletion may have been committed.
 */
export async function deleteContent(
  services: GatewayServices,
  deletion: {
    readonly bucket: BucketWithTarget
    readonly key: string
    readonly principal: Principal
    readonly conditions?: WriteConditions
  },
): Promise<boolean> {
  const { database, limits } = services.options
  const { bucket } = deletion
  const objectId = objectIdOf(bucket.id, deletion.key)
  let mayBeCommitted = false
  const work = async (connection: Connection) => {
    // A write that was cut off after it published came before this deletion, and goes with it.
    const unsettled = await settlePublishedIntents(services, connection, objectId)
    const state = await lookAtObject(connection, objectId)
    const isThere = state.isPresent || deletion.conditions?.ifMatch != null
    if (isThere) {
      checkWriteConditions(deletion.conditions ?? UNCONDITIONAL, state)
      await retireAllCopies(connection, objectId)
      await commitDeletion(connection, objectId, deletion.principal)
    } else if (unsettled > 0) {
      await outdateWrites(connection, { ...deletion, bucketId: bucket.id, objectId })
    }
    // What follows is the transaction's commit.
    mayBeCommitted = isThere || unsettled > 0
    return isThere
  }
  try {
    return await services.publications.run(objectId, limits.lockWaitMs, () =>
      withObjectLock(database, objectId, limits.lockWaitMs, work),
    )
  } catch (error) {
    throw mayBeCommitted ? new UnknownOutcome(error) : error
  }
}
