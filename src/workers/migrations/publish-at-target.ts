import { publishAnnounced } from '../../database/writes/publish-announced.ts'
import type { LockedLedger } from '../../migration/ledger.ts'
import { mayStillBeDone } from '../../stores/object-store.ts'
import { systemTimers } from '../timers.ts'
import type { MigrationJob } from './migration-job.ts'

/**
 * Sends bytes to the target while the object is locked. A store that compares refuses bytes whose sender slept
 * through the loss of its lock; where none does, they are announced, so that nobody writes there before they have
 * landed or never will. Rejects with `PublicationInFlight` while others may land there.
 */
export function publishAtTarget<T>(
  { migration, parts, target }: MigrationJob,
  locked: LockedLedger,
  send: (announced: AbortSignal | null) => Promise<T>,
): Promise<T> {
  const { location, store } = target
  if (store.capabilities.conditionalPut) return send(null)
  const { timers = systemTimers } = parts
  return publishAnnounced(
    {
      announce: parts.announcePublication,
      place: { objectId: migration.objectId, storeId: location.storeId, container: location.container },
      confirmLock: () => locked.confirmLock(),
      now: () => parts.wallClock.now(),
      timeoutSignal: ms => timers.timeoutSignal(ms),
      mayStillLand: error => mayStillBeDone(store, error),
    },
    send,
  )
}
