import type { BucketWithTarget } from '../../database/buckets.ts'
import { withObjectLock } from '../../database/object-lock.ts'
import { commitDeletion, retireAllCopies } from '../../database/object-publication.ts'
import { lookAtObject } from '../../database/objects.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { GatewayError } from '../error-table.ts'
import type { GatewayServices } from '../services.ts'
import { settlePublishedIntents } from './settle-intent.ts'
import { checkWriteConditions, UNCONDITIONAL, type WriteConditions } from './write-conditions.ts'

/**
 * Deletes an object: it disappears from the catalog in one transaction, and its copies wait for the sweeper,
 * which deletes their bytes conditionally. No store is asked, so a store that is down does not keep an object
 * alive. Deleting what is not there is no error. Resolves to whether there was something.
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
  const objectId = objectIdOf(deletion.bucket.id, deletion.key)
  if (services.publications.size >= limits.publicationsQueuedMax) throw new GatewayError('SlowDown')
  return services.publications.add(() =>
    withObjectLock(database, objectId, limits.lockWaitMs, async connection => {
      // A write that was cut off after it published came before this deletion, and goes with it.
      await settlePublishedIntents(services, connection, objectId)
      const state = await lookAtObject(connection, objectId)
      if (!state.isPresent && deletion.conditions?.ifMatch == null) return false
      checkWriteConditions(deletion.conditions ?? UNCONDITIONAL, state)
      await retireAllCopies(connection, objectId)
      await commitDeletion(connection, objectId, deletion.principal)
      return true
    }),
  )
}
