import { SECOND } from '../../domain/duration.ts'
import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { Copy } from '../../domain/object.ts'
import { arrayLiteral } from '../array-literal.ts'
import { createBatcher } from '../batches.ts'
import type { Database } from '../postgres.ts'
import { mayBePublishedStill, PublicationInFlight } from './publications-in-flight.ts'

/** How long a deletion may take from its announcement until the store answers, in wall milliseconds. */
const DELETION_MS_MAX = 10 * SECOND
/** How long after that a store may still do what it was asked. */
const LANDING_MS_MAX = 20 * SECOND

const ANNOUNCEMENTS_MAX = 256

/**
 * Writes down that the bytes of a copy are about to be deleted; resolves when that is durable. Rejects with
 * {@link PublicationInFlight} while a publication of the object may still land: what is seen of the store before
 * that may be another thing a moment later.
 */
export type AnnounceDeletion = (copy: Pick<Copy, 'id' | 'objectId'>) => Promise<DeletionAnnouncement>

/** What was written down of a deletion. */
export interface DeletionAnnouncement {
  /** One of the same copy was announced before and never answered: it may have been done in part. */
  readonly isRepeated: boolean
  /**
   * Takes this announcement back, for a deletion that its store answered with a refusal: nothing will land. Those
   * of others stay.
   */
  readonly withdraw: () => Promise<void>
}

/** A deletion that was announced while its object's lock was ours. */
export interface AnnouncedDeletion {
  /** Call it right before the request is sent. The signal aborts when an answer would come too late. */
  readonly beforeSending: () => AbortSignal
  readonly withdraw: DeletionAnnouncement['withdraw']
  readonly isRepeated: boolean
}

/**
 * First the deletion is announced, then the lock is confirmed, then `work` looks at the store and deletes. The
 * lock is a session of the database and can be lost at any moment without our hearing of it; but who publishes
 * under it after we confirmed it finds the announcement, and what was published before is seen by the look. The
 * announcement is taken back when nothing was sent. Rejects when the lock was lost.
 */
export async function afterAnnouncement<T>(
  options: {
    readonly announce: AnnounceDeletion
    readonly copy: Pick<Copy, 'id' | 'objectId'>
    /** Rejects when the object's lock was lost. */
    readonly confirmLock: () => Promise<void>
    /** A signal for a request that must be over after so many wall milliseconds. */
    readonly signalInTime: (msMax: number) => AbortSignal
  },
  work: (announced: AnnouncedDeletion) => Promise<T>,
): Promise<T> {
  const inTime = options.signalInTime(DELETION_MS_MAX)
  const { withdraw, isRepeated } = await options.announce(options.copy)
  let isSent = false
  const beforeSending = () => {
    isSent = true
    return inTime
  }
  try {
    await options.confirmLock()
    return await work({ beforeSending, withdraw, isRepeated })
  } finally {
    if (!isSent) await withdraw()
  }
}

/**
 * Makes what announces deletions, those that are asked for at the same time with one statement.
 *
 * An object's lock is a session of the database: when that is lost while a store deletes, somebody else gets
 * the lock, and a deletion that is on its way cannot be called back. The announcement is committed before the
 * deletion is sent, on a connection of its own, and goes with the copy's row. So who publishes under the lock
 * meets one only when a deletion was cut off, and then keeps away for as long as it may still land. One that the
 * store refused is taken back. One that is
 * announced again was not answered the first time and may still land when the second has: it is kept under an
 * id of its own, which no copy's row takes along.
 */
export function createDeletionAnnouncer(database: Database): AnnounceDeletion {
  return createBatcher<Pick<Copy, 'id' | 'objectId'>, DeletionAnnouncement>({
    itemsMax: ANNOUNCEMENTS_MAX,
    runsMax: 1,
    run: async copies => {
      const { rows } = await database.query<Announced>({
        name: 'deletion_announce',
        text: `
          with landed as (
            delete from deletion_in_flight where lands_until < now() - interval '1 day'
          ), asked as (
            select n.object_id, n.copy_id
            from unnest($1::uuid[], $2::uuid[]) as n (object_id, copy_id)
            where not ${mayBePublishedStill('n.object_id')}
          ), unanswered as (
            insert into deletion_in_flight (object_id, copy_id, lands_until)
            select d.object_id, gen_random_uuid(), d.lands_until
            from asked n
            join deletion_in_flight d on d.object_id = n.object_id and d.copy_id = n.copy_id
            where d.object_id = any ($1::uuid[]) and d.lands_until > now()
          )
          insert into deletion_in_flight (object_id, copy_id, lands_until)
          select object_id, copy_id, clock_timestamp() + $3::double precision * interval '1 millisecond'
          from asked
          order by object_id, copy_id
          on conflict (object_id, copy_id) do update set lands_until = excluded.lands_until
          returning object_id, copy_id, lands_until::text,
            exists (
              select from deletion_in_flight d
              where d.object_id = deletion_in_flight.object_id and d.copy_id = deletion_in_flight.copy_id
            ) as is_repeated`,
        values: [
          arrayLiteral(copies.map(copy => copy.objectId)),
          arrayLiteral(copies.map(copy => copy.id)),
          DELETION_MS_MAX + LANDING_MS_MAX,
        ],
      })
      const announced = new Map(rows.map(row => [row.copy_id, row]))
      return copies.map(({ id, objectId }) => {
        const made = announced.get(id)
        if (made === undefined) return { error: new PublicationInFlight(objectId) }
        return { value: { isRepeated: made.is_repeated, withdraw: () => withdraw(database, made) } }
      })
    },
  })
}

interface Announced {
  object_id: ObjectId
  copy_id: Uuid
  lands_until: string
  /** As the statement's snapshot shows: whether there was one before. */
  is_repeated: boolean
}

/**
 * One that was announced again since has another time to land, and is another deletion's. That a former one was never
 * answered stays known: it lapses and is kept.
 */
async function withdraw(database: Database, announced: Announced): Promise<void> {
  await database.query({
    name: 'deletion_withdraw',
    text: `
      with repeated as (
        update deletion_in_flight set lands_until = now()
        where object_id = $1 and copy_id = $2 and lands_until = $3::timestamptz and $4
      )
      delete from deletion_in_flight
      where object_id = $1 and copy_id = $2 and lands_until = $3::timestamptz and not $4`,
    values: [announced.object_id, announced.copy_id, announced.lands_until, announced.is_repeated],
  })
}

/**
 * For how long bytes of the object with this id may still go by a deletion that was cut off, in wall
 * milliseconds by the database's clock, 0 when none is known: a sub-select, for whoever looks at an object
 * under its lock. `objectId` is the expression that names the object.
 */
export function deletionLandsInMs(objectId: string): string {
  return `coalesce((
    select greatest(0, ceil(extract(epoch from max(d.lands_until) - clock_timestamp()) * 1000))
    from deletion_in_flight d where d.object_id = ${objectId}
  ), 0)::double precision`
}
