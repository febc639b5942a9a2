import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { IS_SETTLED } from '../catalog/store-moves.ts'
import type { Queryable } from '../postgres.ts'
import type { VersionFacts } from './object-publication.ts'

/** A write of the gateway that may have reached a store and is not yet in the catalog. */
export interface WriteIntent {
  readonly id: Uuid
  readonly objectId: ObjectId
  readonly bucketId: Uuid
  readonly key: string
  readonly copyId: Uuid
  readonly locationId: Uuid
  readonly nativeKey: string
  /** The version to be committed; null while the bytes are still arriving. */
  readonly version: VersionFacts | null
  /** The store's own upload, when the bytes are staged as one. */
  readonly nativeUploadId: string | null
  /**
   * The object's generation as it was found under its lock, right before the publication; null while nothing
   * can have been published. The write comes next only if the object still has it.
   */
  readonly baseGeneration: number | null
  readonly principal: Principal
}

/** An intent found again, with the container it wrote to. */
export interface FoundWriteIntent extends WriteIntent {
  readonly storeId: Uuid
  readonly container: string
}

/** What the `version` column holds: the version itself, and how the bytes are staged. */
interface StagedVersion {
  readonly version: VersionFacts | null
  readonly nativeUploadId: string | null
}

/**
 * Writes the intent down, before any store is touched; an intent of that id is brought up to date. Resolves to
 * false, and writes nothing, when the location does not exist any more, or its store moved a moment ago: while the
 * intent stays, neither happens.
 */
export async function saveWriteIntent(
  database: Queryable,
  intent: WriteIntent,
  bootId: Uuid,
): Promise<boolean> {
  const staged: StagedVersion = { version: intent.version, nativeUploadId: intent.nativeUploadId }
  const { rowCount } = await database.query({
    name: 'write_intent_save',
    text: `
      insert into write_intent (id, object_id, bucket_id, key, copy_id, location_id, native_key, version,
                                base_generation, state, boot_id, principal)
      select $1, $2, $3, $4, $5, l.id, $7, $8, $9, 'open', $10, $11
      from location l join store s on s.id = l.store_id
      where l.id = $6 and ${IS_SETTLED}
      for key share of l, s
      on conflict (id) do update
        set version = excluded.version, base_generation = excluded.base_generation,
            boot_id = excluded.boot_id, created_at = now()`,
    values: [
      intent.id,
      intent.objectId,
      intent.bucketId,
      intent.key,
      intent.copyId,
      intent.locationId,
      intent.nativeKey,
      JSON.stringify(staged),
      intent.baseGeneration,
      bootId,
      intent.principal,
    ],
  })
  return rowCount === 1
}

/** Tells other gateways that the writes of this boot are alive: their intents become young again. */
export async function touchWriteIntents(database: Queryable, bootId: Uuid): Promise<void> {
  await database.query('update write_intent set created_at = now() where boot_id = $1', [bootId])
}

/** Forgets an intent. */
export async function deleteWriteIntent(database: Queryable, id: Uuid): Promise<void> {
  await database.query({
    name: 'write_intent_delete',
    text: 'delete from write_intent where id = $1',
    values: [id],
  })
}

const FOUND = `
  select i.id, i.object_id as "objectId", i.bucket_id as "bucketId", i.key, i.copy_id as "copyId",
         i.location_id as "locationId", i.native_key as "nativeKey", i.version as staged,
         i.base_generation as "baseGeneration", i.principal, l.store_id as "storeId", l.container
  from write_intent i
  join location l on l.id = i.location_id`

type FoundRow = Omit<FoundWriteIntent, keyof StagedVersion> & { staged: StagedVersion }

/** Intents of other boots that are older than a bound, oldest first. Age is by the database's clock. */
export async function listForeignIntents(
  database: Queryable,
  options: { bootId: Uuid; olderThanMs: number; limit: number },
): Promise<FoundWriteIntent[]> {
  const { rows } = await database.query<FoundRow>(
    `${FOUND}
     where i.boot_id <> $1 and i.created_at < now() - $2::double precision * interval '1 millisecond'
     order by i.created_at
     limit $3`,
    [options.bootId, options.olderThanMs, options.limit],
  )
  return rows.map(intentOf)
}

/** Intents of one object that may have been published, newest first; at most 100. */
export async function listPublishingIntents(
  database: Queryable,
  objectId: ObjectId,
): Promise<FoundWriteIntent[]> {
  const { rows } = await database.query<FoundRow>(
    `${FOUND}
     where i.object_id = $1 and i.base_generation is not null
     order by i.created_at desc
     limit 100`,
    [objectId],
  )
  return rows.map(intentOf)
}

/** The intent with this id, or null when it is settled. */
export async function findWriteIntent(database: Queryable, id: Uuid): Promise<FoundWriteIntent | null> {
  const { rows } = await database.query<FoundRow>(`${FOUND} where i.id = $1`, [id])
  return rows[0] === undefined ? null : intentOf(rows[0])
}

/** The intent with this id if it is still open, and holds it until the transaction ends. */
export async function lockWriteIntent(connection: Queryable, id: Uuid): Promise<FoundWriteIntent | null> {
  const { rows } = await connection.query<FoundRow>(`${FOUND} where i.id = $1 for update of i`, [id])
  return rows[0] === undefined ? null : intentOf(rows[0])
}

function intentOf({ staged, ...row }: FoundRow): FoundWriteIntent {
  return { ...row, version: staged.version, nativeUploadId: staged.nativeUploadId }
}
