import { type Database, inTransaction, type Queryable } from '../postgres.ts'

/** Any 64-bit number nobody else locks: the first 8 bytes of "dim-left". */
const SWEEP_LOCK = '7235419198517602932'

/** Does a short piece of a sweep of leftovers unless another process does one now: then resolves to null. */
export async function sweepAlone<T>(database: Database, work: () => Promise<T>): Promise<T | null> {
  return inTransaction(database, async connection => {
    const { rows } = await connection.query<{ won: boolean }>('select pg_try_advisory_xact_lock($1) as won', [
      SWEEP_LOCK,
    ])
    return rows[0]?.won === true ? work() : null
  })
}

/** Those of a store's uploads that a client, a write or a migration may still go on with. */
export async function findNeededUploads(
  database: Queryable,
  nativeUploadIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await database.query<{ id: string }>(
    `select native_upload_id as id from multipart_upload where native_upload_id = any ($1)
     union select version ->> 'nativeUploadId' from write_intent where version ->> 'nativeUploadId' = any ($1)
     union select evidence ->> 'uploadId' from migration
           where finished_at is null and evidence ->> 'uploadId' = any ($1)`,
    [nativeUploadIds],
  )
  return new Set(rows.map(row => row.id))
}
