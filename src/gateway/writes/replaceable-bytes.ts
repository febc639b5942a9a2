import { listBuckets } from '../../database/catalog/buckets.ts'
import type { Connection } from '../../database/postgres.ts'
import { hasCopyOfOther } from '../../database/writes/object-publication.ts'
import { decodeCopyDescription } from '../../domain/copy-description.ts'
import { objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import { objectIdInNativeKey, SHARED_CONTAINER_PREFIX } from '../../domain/native-key.ts'
import type { StoredObject } from '../../stores/object-store.ts'
import { GatewayError } from '../error-table.ts'
import type { GatewayServices } from '../services.ts'
import type { OpenWriteTarget } from './write-target.ts'

/**
 * Throws `OperationAborted` when the bytes under an object's native key are another object's: they say so, or
 * the catalog does. Bytes that nobody claims may be replaced: a client's write wins over a foreign upload.
 */
export async function checkReplaceable(
  services: GatewayServices,
  connection: Connection,
  target: OpenWriteTarget,
  found: Pick<StoredObject, 'metadata'>,
): Promise<void> {
  const said = decodeCopyDescription(found.metadata)
  const isOurs =
    said === null || (said.bucket === target.bucket.name && (said.key === null || said.key === target.key))
  if (isOurs && !(await hasCopyOfOther(connection, await candidatesAt(connection, target), target))) return
  const { container, nativeKey, locationId } = target
  services.options.log.error(
    { container, nativeKey, locationId, claimedBy: said && { bucket: said.bucket, key: said.key } },
    "a write was refused: another object's bytes lie under its native key",
  )
  throw new GatewayError('OperationAborted', 'Bytes of another object lie where this key is to be written.')
}

/** The objects, other than the target's own, whose native key could be the target's. */
async function candidatesAt(connection: Connection, target: OpenWriteTarget): Promise<Uuid[]> {
  const { nativeKey, objectId } = target
  const ids = (await listBuckets(connection)).flatMap(bucket => {
    const prefix = `${SHARED_CONTAINER_PREFIX}${bucket.name}/`
    const own = objectIdOf(bucket.id, nativeKey)
    return nativeKey.startsWith(prefix) && nativeKey.length > prefix.length
      ? [own, objectIdOf(bucket.id, nativeKey.slice(prefix.length))]
      : [own]
  })
  const named = objectIdInNativeKey(nativeKey)
  return (named === null ? ids : [...ids, named]).filter(id => id !== objectId)
}
