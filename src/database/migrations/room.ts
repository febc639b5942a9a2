import type { Bytes } from '../../domain/bytes.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { MigrationKind } from '../../domain/migration.ts'
import type { Principal } from '../../domain/principal.ts'
import { admitByRoom, type LackingRoom } from '../../domain/room.ts'
import { arrayLiteral } from '../array-literal.ts'
import { holdLocations } from '../catalog/hold-locations.ts'
import { insertActivities } from '../people/activities.ts'
import type { Queryable } from '../postgres.ts'

/**
 * What is spoken for at location `l` beside its copies, which `location_usage` counts in every state: planned
 * migrations that have not begun, and parts of uploads that are not complete.
 */
const SPOKEN_FOR = `
  coalesce((select sum(size) from migration where reserves_room and target_location_id = l.id), 0)
  + coalesce((select sum(p.size) from multipart_upload u join multipart_part p on p.upload_id = u.id
              where u.location_id = l.id and u.completed_at is null), 0)`

/** What is free at location `l`, which has a capacity; negative when more lies there than should. */
export const FREE_BYTES = `
  (l.capacity_bytes - coalesce((select sum(bytes) from location_usage where location_id = l.id), 0)
   - ${SPOKEN_FOR})::bigint`

/** A migration that wants room for its target copy. */
export interface WantedRoom {
  readonly id: Uuid
  readonly objectId: ObjectId
  readonly targetLocationId: Uuid
  readonly priority: number
  /** Default: `move`. Dropping a copy and repairing one ask for no room. */
  readonly kind?: MigrationKind
}

/**
 * Which of these migrations there is room for. Until the transaction ends, nobody else is given room at a
 * location with a capacity that they name, so that two who ask at once are never both given the last of it:
 * what is planned in this transaction is the reservation. Locations without a capacity cost one look. Every
 * target that is there stays until the transaction ends ({@link holdLocations}).
 */
export async function admitToLocations<T extends WantedRoom>(
  connection: Queryable,
  wanted: readonly T[],
): Promise<{ admitted: readonly T[]; lacking: readonly T[]; locations: readonly LackingRoom[] }> {
  const all = { admitted: wanted, lacking: [], locations: [] }
  const asking = wanted.filter(({ kind }) => kind !== 'drop-copy' && kind !== 'repair')
  const askedFor = new Set(asking.map(one => one.targetLocationId))
  const held = await holdLocations(
    connection,
    wanted.map(one => one.targetLocationId),
  )
  const limited = held.filter(one => one.isLimited && askedFor.has(one.id)).map(({ id }) => id)
  await takeTurns(connection, limited)
  if (limited.length === 0) return all
  // What others were given before the lock was ours is seen only by a statement of its own.
  const { rows: free } = await connection.query<{ id: Uuid; freeBytes: Bytes }>({
    name: 'room_free',
    text: `select l.id, ${FREE_BYTES} as "freeBytes" from location l where l.id = any ($1::uuid[])`,
    values: [arrayLiteral(limited)],
  })
  const { rows: sizes } = await connection.query<{ id: ObjectId; size: Bytes }>({
    name: 'room_sizes',
    text: 'select object_id as id, size from copy where object_id = any ($1::uuid[]) and is_primary',
    values: [arrayLiteral(asking.map(one => one.objectId))],
  })
  const sizeOf = new Map(sizes.map(({ id, size }) => [id, size]))
  const claims = asking.map(one => ({
    one,
    id: one.id,
    locationId: one.targetLocationId,
    bytes: sizeOf.get(one.objectId) ?? 0,
    priority: one.priority,
  }))
  const split = admitByRoom(claims, new Map(free.map(({ id, freeBytes }) => [id, freeBytes])))
  const lacking = new Set(split.lacking.map(({ one }) => one))
  return {
    admitted: wanted.filter(one => !lacking.has(one)),
    lacking: [...lacking],
    locations: split.locations,
  }
}

/**
 * Holds locations ({@link holdLocations}), and takes the turns of those that have a capacity, until the
 * transaction ends. So that nobody waits in a circle, whoever holds rows of plans or policies, too, calls this
 * before it does.
 */
export async function holdRoom(connection: Queryable, locationIds: readonly Uuid[]): Promise<void> {
  const held = await holdLocations(connection, locationIds)
  const limited = held.filter(({ isLimited }) => isLimited)
  await takeTurns(
    connection,
    limited.map(({ id }) => id),
  )
}

/** In the order of ids, which these must be in. */
async function takeTurns(connection: Queryable, ordered: readonly Uuid[]): Promise<void> {
  if (ordered.length === 0) return
  await connection.query({
    name: 'room_lock',
    text: `select pg_advisory_xact_lock(hashtextextended('room:' || id, 0))
           from (select unnest($1::uuid[]) as id) as limited`,
    values: [arrayLiteral(ordered)],
  })
}

/** A location got fuller than its capacity by what this transaction wants: it is rolled back. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError'
}

/** Throws a {@link NoRoomError} when a location holds, with what is spoken for, more than its capacity. */
export async function checkRoom(connection: Queryable, locationId: Uuid): Promise<void> {
  const { rows } = await connection.query<{ name: string; freeBytes: Bytes | null }>({
    name: 'room_check',
    text: `select l.name, ${FREE_BYTES} as "freeBytes" from location l where l.id = $1`,
    values: [locationId],
  })
  const { freeBytes = null, name } = rows[0] ?? { name: locationId }
  if (freeBytes !== null && freeBytes < 0) throw new NoRoomError(`${name} has no room`)
}

/** Tells people which locations had no room for what was to be moved there. */
export async function announceLackingRoom(
  connection: Queryable,
  locations: readonly LackingRoom[],
  principal: Principal,
): Promise<void> {
  if (locations.length === 0) return
  const { rows } = await connection.query<{ id: Uuid; name: string }>(
    'select id, name from location where id = any ($1::uuid[])',
    [locations.map(lacking => lacking.locationId)],
  )
  const nameOf = new Map(rows.map(({ id, name }) => [id, name]))
  await insertActivities(
    connection,
    locations.map(({ claims, freeBytes, locationId, neededBytes }) => {
      const name = nameOf.get(locationId) ?? locationId
      const reason = lackingRoomText({ name, neededBytes, freeBytes })
      return { kind: 'location.full', subject: name, detail: { reason, migrations: claims }, principal }
    }),
  )
}

/** Why something waits, for people. */
export function lackingRoomText(lacking: { name: string; neededBytes: Bytes; freeBytes: Bytes }): string {
  return `waiting for room at ${lacking.name}: needs ${lacking.neededBytes} bytes, ${lacking.freeBytes} free`
}

/** What is spoken for at a location, or lies there without being what readers get. Bytes each. */
export interface LocationReservations {
  /** Of planned migrations that have not begun to copy. */
  readonly planned: Bytes
  /** Of copies being written. */
  readonly copying: Bytes
  /** Of superseded copies, whole until their grace is over. */
  readonly grace: Bytes
  /** Of copies that are about to be deleted. */
  readonly deleting: Bytes
  /** Of copies and other bytes that nobody needs, by the ledger of orphans. */
  readonly orphaned: Bytes
  /** Of uploads in parts that are not complete. */
  readonly uploading: Bytes
}

/** The reservations of a location. Each sum is taken from an index over what is in flight. */
export async function readLocationReservations(
  queryable: Queryable,
  locationId: Uuid,
): Promise<LocationReservations> {
  const { rows } = await queryable.query<LocationReservations>({
    name: 'room_reservations',
    text: `
      select
        coalesce((select sum(size) from migration
                  where reserves_room and target_location_id = $1), 0)::bigint as planned,
        coalesce((select sum(size) from copy
                  where location_id = $1 and state = 'staging'), 0)::bigint as copying,
        coalesce((select sum(size) from migration
                  where finished_at is null and grace_until_ms is not null
                    and source_location_id = $1), 0)::bigint as grace,
        coalesce((select sum(size) from copy
                  where location_id = $1 and state = 'deleting'), 0)::bigint as deleting,
        coalesce((select sum(bytes) from orphan where location_id = $1
                    and state not in ('deleted', 'adopted', 'gone')), 0)::bigint as orphaned,
        coalesce((select sum(p.size) from multipart_upload u join multipart_part p on p.upload_id = u.id
                  where u.location_id = $1 and u.completed_at is null), 0)::bigint as uploading`,
    values: [locationId],
  })
  return rows[0]!
}
