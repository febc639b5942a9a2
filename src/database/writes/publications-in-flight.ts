import { SECOND } from '../../domain/duration.ts'
import { newId, type ObjectId, type Uuid } from '../../domain/identifiers.ts'
import { createBatcher } from '../batches.ts'
import type { Database, Queryable } from '../postgres.ts'

/** How long an announcement may go without a renewal before its request is given up, in wall milliseconds. */
export const UNRENEWED_MS_MAX = 10 * SECOND
/** How long after that a store may still do what it was asked; as long as it may with a deletion. */
const LANDING_MS_MAX = 20 * SECOND
const ANNOUNCEMENTS_MAX = 256

/** Where bytes of an object are to be published. */
export interface PublicationPlace {
  readonly objectId: ObjectId
  readonly storeId: Uuid
  readonly container: string
}

/**
 * Writes down that bytes are about to be sent to a store that cannot compare; resolves when that is durable.
 * Rejects with {@link PublicationInFlight} while others may land in the same place.
 */
export type AnnouncePublication = (place: PublicationPlace) => Promise<PublicationAnnouncement>

/** A publication that others know of. */
export interface PublicationAnnouncement {
  /** Makes it last anew. Rejects when it has lapsed. */
  readonly renew: () => Promise<void>
  /** Takes it back: its bytes have landed, or never will. */
  readonly withdraw: () => Promise<void>
}

/** Bytes of the object were sent by somebody who lost its lock, and may still land. Only waiting helps. */
export class PublicationInFlight extends Error {
  override readonly name = 'PublicationInFlight'

  constructor(objectId: ObjectId) {
    super(`a publication of object ${objectId} was cut off and may still land`)
  }
}

interface Announced extends PublicationPlace {
  readonly id: Uuid
}

/**
 * Makes what announces publications, those that are asked for at the same time with one statement.
 *
 * An object's lock is a session of the database: when that is lost while a store that cannot compare takes bytes,
 * somebody else gets the lock, and bytes that are on their way land over whatever was published meanwhile. So the
 * announcement is committed before they are sent, on a connection of its own, and nobody publishes in the same
 * place nor deletes bytes of the object while it lasts. One that another is met by is not made.
 */
export function createPublicationAnnouncer(database: Database): AnnouncePublication {
  const announce = inBatches(
    async batch => {
      const { rows } = await database.query<{ id: Uuid }>({
        name: 'publication_announce',
        text: `
          with landed as (
            delete from publication_in_flight where lands_until < now() - interval '1 hour'
          )
          insert into publication_in_flight (object_id, id, store_id, container, lands_until)
          select n.object_id, n.id, n.store_id, n.container,
                 clock_timestamp() + $5::double precision * interval '1 millisecond'
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) as n (object_id, id, store_id, container)
          where not exists (
            select from publication_in_flight p
            where p.object_id = n.object_id and p.store_id = n.store_id and p.container = n.container
              and p.lands_until > clock_timestamp()
          )
          returning id`,
        values: [
          batch.map(one => one.objectId),
          batch.map(one => one.id),
          batch.map(one => one.storeId),
          batch.map(one => one.container),
          UNRENEWED_MS_MAX + LANDING_MS_MAX,
        ],
      })
      return rows
    },
    ({ objectId }) => new PublicationInFlight(objectId),
  )
  const renew = inBatches(
    async batch => {
      const { rows } = await database.query<{ id: Uuid }>({
        name: 'publication_renew',
        text: `
          update publication_in_flight p
          set lands_until = clock_timestamp() + $3::double precision * interval '1 millisecond'
          from unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
          where p.object_id = any ($1::uuid[]) and p.object_id = n.object_id and p.id = n.id
            and p.lands_until > clock_timestamp()
          returning p.id`,
        values: [batch.map(one => one.objectId), batch.map(one => one.id), UNRENEWED_MS_MAX + LANDING_MS_MAX],
      })
      return rows
    },
    ({ objectId }) => new Error(`the announcement of a publication of object ${objectId} has lapsed`),
  )
  const withdraw = inBatches(
    async batch => {
      await database.query({
        name: 'publication_withdraw',
        text: `
          delete from publication_in_flight p
          using unnest($1::uuid[], $2::uuid[]) as n (object_id, id)
          where p.object_id = any ($1::uuid[]) and p.object_id = n.object_id and p.id = n.id`,
        values: [batch.map(one => one.objectId), batch.map(one => one.id)],
      })
      return batch
    },
    ({ objectId }) => new Error(`the announcement of a publication of object ${objectId} stays`),
  )
  return async place => {
    const announced = { ...place, id: newId() }
    await announce(announced)
    return { renew: () => renew(announced), withdraw: () => withdraw(announced) }
  }
}

/** Does something with many announcements in one statement; `missing` says what is wrong with one it left out. */
function inBatches(
  run: (batch: readonly Announced[]) => Promise<readonly { readonly id: Uuid }[]>,
  missing: (announced: Announced) => Error,
): (announced: Announced) => Promise<void> {
  return createBatcher<Announced, undefined>({
    itemsMax: ANNOUNCEMENTS_MAX,
    runsMax: 1,
    run: async batch => {
      const done = new Set((await run(batch)).map(({ id }) => id))
      return batch.map(one => (done.has(one.id) ? { value: undefined } : { error: missing(one) }))
    },
  })
}

/**
 * Whether bytes of the object with this id may still be published by somebody who lost its lock: a condition in
 * SQL. `objectId` is the expression that names the object.
 */
export function mayBePublishedStill(objectId: string): string {
  return `exists (
    select from publication_in_flight p where p.object_id = ${objectId} and p.lands_until > clock_timestamp()
  )`
}

/** The same, asked by itself. */
export async function isPublicationInFlight(queryable: Queryable, objectId: ObjectId): Promise<boolean> {
  const { rows } = await queryable.query<{ is_in_flight: boolean }>({
    name: 'publication_is_in_flight',
    text: `select ${mayBePublishedStill('$1::uuid')} as is_in_flight`,
    values: [objectId],
  })
  return rows[0]!.is_in_flight
}
