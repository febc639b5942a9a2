import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { NativePlace } from '../../domain/migration-record.ts'
import { HELD_STORE_STATES } from '../migrations/migration-holds.ts'
import type { Queryable } from '../postgres.ts'

/** Where an upload in parts is about to begin; forgotten once its id is written down. */
export interface UploadStart {
  readonly id: Uuid
  readonly storeId: Uuid
  readonly container: string
  readonly nativeKey: string
}

/** A start that was not forgotten in time, by the database's clock. */
export interface LostUploadStart extends UploadStart {
  readonly startedAt: Date
  /** Whether only we write in its container: its owner is a bucket that is exclusively ours, and none else uses it. */
  readonly isContainerOurs: boolean
}

/** Writes down that an upload is about to begin. */
export async function saveUploadStart(database: Queryable, start: UploadStart): Promise<void> {
  await database.query({
    name: 'upload_start_save',
    text: 'insert into upload_start (id, store_id, container, native_key) values ($1, $2, $3, $4)',
    values: [start.id, start.storeId, start.container, start.nativeKey],
  })
}

/** Forgets a start: the upload is known by its id, or there is none. */
export async function deleteUploadStart(database: Queryable, id: Uuid): Promise<void> {
  await database.query({
    name: 'upload_start_delete',
    text: 'delete from upload_start where id = $1',
    values: [id],
  })
}

/** Starts older than a bound at stores that are not held, in the order of their age, those after `after`. */
export async function listLostUploadStarts(
  database: Queryable,
  page: { olderThanMs: number; after: LostUploadStart | null; limit: number },
): Promise<LostUploadStart[]> {
  const { rows } = await database.query<LostUploadStart>(
    `select id, store_id as "storeId", container, native_key as "nativeKey", started_at as "startedAt",
       exists (select from container_owner o join bucket b on b.id = o.bucket_id
               where o.store_id = upload_start.store_id and o.container = upload_start.container
                 and b.mode = 'exclusive')
       and not exists (select from location l join bucket b on b.mode <> 'exclusive'
                       where l.store_id = upload_start.store_id and l.container = upload_start.container
                         and (b.write_location_id = l.id
                              or exists (select from import_job j
                                         where j.bucket_id = b.id and j.location_id = l.id)))
         as "isContainerOurs"
     from upload_start
     where started_at < now() - $1::double precision * interval '1 millisecond'
       and store_id not in (select id from store where state in ${HELD_STORE_STATES})
       and ($2::timestamptz is null or (started_at, id) > ($2, $3::uuid))
     order by started_at, id
     limit $4`,
    [page.olderThanMs, page.after?.startedAt ?? null, page.after?.id ?? null, page.limit],
  )
  return rows
}

/** Writes down where an upload is about to begin. Resolves to what forgets it, once its id is written down. */
export type NoteUploadStart = (place: NativePlace) => Promise<() => Promise<void>>

/** Makes what notes the beginnings of uploads; see workers/sweeping/abort-lost-uploads. */
export function createUploadStartNoter(database: Queryable): NoteUploadStart {
  return async place => {
    const id = newId()
    await saveUploadStart(database, { id, ...place })
    return () => deleteUploadStart(database, id)
  }
}
