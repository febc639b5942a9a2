import { withObjectLock } from '../../database/object-lock.ts'
import type { ResolvedObject } from '../../database/objects.ts'
import type { ObjectId } from '../../domain/identifiers.ts'
import type { GatewayServices } from '../services.ts'
import { settlePublishedIntents } from '../writes/settle-intent.ts'

/**
 * Resolves an object whose copy was not what the catalog said. A write in progress publishes before it
 * commits, so this waits for its lock; and when the writer died between the two, its intent is rolled
 * forward here, because the bytes of the former generation are gone.
 */
export async function resolveSettled(
  services: GatewayServices,
  id: ObjectId,
): Promise<ResolvedObject | null> {
  await withObjectLock(services.options.database, id, services.options.limits.lockWaitMs, connection =>
    settlePublishedIntents(services, connection, id),
  )
  return services.resolutions.resolve(id)
}
