import type { ResolvedObject } from '../../database/catalog/objects.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import { SECOND } from '../../domain/duration.ts'
import type { ObjectId } from '../../domain/identifiers.ts'
import type { GatewayServices } from '../services.ts'
import { settlePublishedIntents } from '../writes/settle-intent.ts'

/** How long a reader waits for its turn, and then for the lock; after it, `SlowDown` sends it back later. */
const READER_WAIT_MS_MAX = 2 * SECOND

/**
 * Resolves an object whose copy was not what the catalog said. A write in progress publishes before it
 * commits, so this waits for its lock; and when the writer died between the two, its intent is rolled
 * forward here, because the bytes of the former generation are gone. Readers of one object share the wait.
 */
export async function resolveSettled(
  services: GatewayServices,
  id: ObjectId,
): Promise<ResolvedObject | null> {
  const { readerSettlements, sharedReaderSettlements } = services
  const { database, limits } = services.options
  const waitMsMax = Math.min(limits.lockWaitMs, READER_WAIT_MS_MAX)
  await sharedReaderSettlements.join(id, () =>
    readerSettlements.run(id, waitMsMax, async () => {
      await withObjectLock(database, id, waitMsMax, connection =>
        settlePublishedIntents(services, connection, id),
      )
    }),
  )
  return services.resolutions.resolve(id)
}
