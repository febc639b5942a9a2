import type { ObjectId } from '../../domain/identifiers.ts'
import type { Copy, StoreIdentity } from '../../domain/object.ts'
import type { Queryable } from '../postgres.ts'

/**
 * Digests that the catalog knows of one generation's content, lower-case hexadecimal; null where nobody
 * knows.
 */
export async function readContentDigests(
  connection: Queryable,
  objectId: ObjectId,
  generation: number,
): Promise<{ readonly sha256: string | null; readonly crc64nvme: string | null }> {
  const { rows } = await connection.query<{ sha256: string | null; crc64nvme: string | null }>(
    `select encode(sha256, 'hex') as sha256, encode(crc64nvme, 'hex') as crc64nvme
     from object_version where object_id = $1 and generation = $2`,
    [objectId, generation],
  )
  return rows[0] ?? { sha256: null, crc64nvme: null }
}

/**
 * Makes a copy that was to be deleted the primary one, with the identity its bytes were found to have; the
 * former primary copy, whose bytes are gone or doubtful, is `suspect`. Rows of what was left in the same place
 * before go: what lies there is this copy. Call it in a transaction, under the object's lock. Resolves to
 * false, having changed nothing, when the object's content is another one by now.
 */
export async function promoteLeftover(
  connection: Queryable,
  copy: Copy,
  identity: StoreIdentity,
): Promise<boolean> {
  const { rowCount } = await connection.query(
    `update object set placement_version = placement_version + 1
     where id = $1 and generation = $2 and is_present`,
    [copy.objectId, copy.generation],
  )
  if (rowCount !== 1) return false
  await connection.query(
    `update copy set is_primary = false, state = 'suspect', grace_until_ms = null
     where object_id = $1 and is_primary`,
    [copy.objectId],
  )
  await connection.query(
    `update copy set is_primary = true, state = 'complete', grace_until_ms = null, etag = $3, version_id = $4,
       scrub_verdict = null
     where object_id = $1 and id = $2`,
    [copy.objectId, copy.id, identity.etag, identity.versionId],
  )
  await connection.query(
    `delete from copy c
     using object o, copy ours, location here, location there
     where c.object_id = $1 and o.id = $1 and ours.object_id = $1 and ours.id = $2 and c.id <> ours.id
       and not c.is_primary and c.state in ('suspect', 'retained')
       and here.id = ours.location_id and there.id = c.location_id
       and there.store_id = here.store_id and there.container = here.container
       and coalesce(c.native_key, o.key) = coalesce(ours.native_key, o.key)`,
    [copy.objectId, copy.id],
  )
  return true
}

/** The most objects that {@link countQuarantinedObjects} counts. */
const QUARANTINED_COUNTED_MAX = 10_000

/** How many present objects have no copy known to be good, counted up to 10,000. */
export async function countQuarantinedObjects(queryable: Queryable): Promise<number> {
  const { rows } = await queryable.query<{ objects: number }>({
    name: 'object_count_quarantined',
    text: `select count(*) as objects from (
             select from object where is_present and quarantined_because is not null
             limit ${QUARANTINED_COUNTED_MAX}) as quarantined`,
  })
  return rows[0]!.objects
}

/**
 * Keeps an object from being moved until a client writes it anew or its primary is proven; `because` is for
 * people.
 */
export async function quarantineObject(
  connection: Queryable,
  objectId: ObjectId,
  because: string,
): Promise<void> {
  await connection.query('update object set quarantined_because = $2 where id = $1', [objectId, because])
}
