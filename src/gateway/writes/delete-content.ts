import type { BucketWithTarget } from '../../database/buckets.ts'
import { withObjectLock } from '../../database/object-lock.ts'
import { commitDeletion, outdateWrites, retireAllCopies } from '../../database/object-publication.ts'
import { lookAtObject } from '../../database/objects.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { GatewayError } from '../error-table.ts'
import type { GatewayServices } from '../services.ts'
import { settlePublishedIntents } from './settle-intent.ts'
import { checkWriteConditions, UNCONDITIONAL, type WriteConditions } from './write-conditions.ts'

/**
 * Deletes an object: it disappears from the catalog in one transaction, and its copies wait for the sweeper,
 * which deletes their bytes conditionally. A store that is down does not keep an object alive: no store is
 * asked but for writes that were cut off, and those that cannot be settled now come before this deletion all the
 * same. Deleting what is not there is no error. Resolves to whether there was something.
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
  if (services.publications.size >= limits.publicationsQueuedMax) throw new GatewayError('SlowDown')
  return services.publications.add(() =>
    withObjectLock(database, objectId, limits.lockWaitMs, async connection => {
      // A write that was cut off after it published came before this deletion, and goes with it.
      const unsettled = await settlePublishedIntents(services, connection, objectId)
      const state = await lookAtObject(connection, objectId)
      if (!state.isPresent && deletion.conditions?.ifMatch == null) {
        if (unsettled > 0) await outdateWrites(connection, { ...deletion, bucketId: bucket.id, objectId })
        return false
      }
      checkWriteConditions(deletion.conditions ?? UNCONDITIONAL, state)
      await retireAllCopies(connection, objectId)
      await commitDeletion(connection, objectId, deletion.principal)
      return true
    }),
  )
}
