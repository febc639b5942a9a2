import type { MigrationJob } from './migration-job.ts'

/** Whether a migration would copy to a location that is known to be full by now, and was not sent ahead. */
export function mustWaitForRoom({ isScout, migration, parts }: MigrationJob): boolean {
  const { kind, state, targetLocationId } = migration
  const isCopying = (state === 'planned' || state === 'copying') && kind !== 'drop-copy'
  return isCopying && !isScout && parts.fullLocations?.has(targetLocationId) === true
}

/**
 * Has everybody know that the target is full, after its store said so. Should that fail, the next migration says it
 * again.
 */
export async function tellFull({ isScout, migration, parts, target }: MigrationJob, answer: string) {
  const { id: migrationId, targetLocationId: locationId } = migration
  const location = target.location.name
  try {
    const isNew = await parts.fullLocations?.foundFull({ locationId, migrationId, answer }, isScout)
    if (isNew === true) parts.log.error({ location, answer }, 'a location is full; what would go there waits')
  } catch (error) {
    parts.log.warn({ error, location }, 'that a location is full could not be told')
  }
}

/** Has everybody know that the target has room again, if this migration was sent ahead to find out. */
export async function tellRoom({ isScout, migration, parts, target }: MigrationJob): Promise<void> {
  if (!isScout) return
  const location = target.location.name
  try {
    const isNew = await parts.fullLocations?.foundRoom(migration.targetLocationId)
    if (isNew === true) parts.log.info({ location }, 'a full location has room again')
  } catch (error) {
    parts.log.warn({ error, location }, 'that a location has room again could not be told')
  }
}
