import type { Queryable } from '../postgres.ts'

/** How far ingest has read one partition of one source of access events. */
export interface IngestProgressRow {
  readonly source: string
  readonly partition: number
  readonly nextOffset: number
  readonly eventsApplied: number
  /** Who reads it now; null when nobody does. */
  readonly owner: string | null
  /** Model time. */
  readonly lastEventAt: number | null
  readonly lastAppliedAt: Date | null
}

/** How far ingest has read every partition of every source. */
export async function listIngestProgress(database: Queryable): Promise<IngestProgressRow[]> {
  const { rows } = await database.query<IngestProgressRow>({
    name: 'ingest_progress',
    text: `
      select source, partition, next_offset as "nextOffset", events_applied as "eventsApplied",
             case when lease_expires_at > now() then lease_owner end as owner,
             last_event_ms as "lastEventAt", last_applied_at as "lastAppliedAt"
      from ingest_partition
      order by source, partition`,
  })
  return rows
}

/** Dead letters are counted up to this many. */
const DEAD_LETTERS_COUNTED_MAX = 10_000

/** How many dead letters wait to be replayed or discarded, at most {@link DEAD_LETTERS_COUNTED_MAX}. */
export async function countDeadLetters(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*) as count from (
       select 1 from dead_letter where replayed_at is null limit ${DEAD_LETTERS_COUNTED_MAX}) as counted`,
  )
  return rows[0]?.count ?? 0
}

/** Names for what an access event only knows by id. */
export interface ObjectNames {
  readonly id: string
  readonly bucket: string
  readonly key: string
}

/** Bucket and key of these objects, deleted ones too. */
export async function readObjectNames(
  database: Queryable,
  objectIds: readonly string[],
): Promise<Map<string, ObjectNames>> {
  const { rows } = await database.query<ObjectNames>(
    `select o.id, b.name as bucket, o.key
     from object as o join bucket as b on b.id = o.bucket_id
     where o.id = any ($1::uuid[])`,
    [objectIds],
  )
  return new Map(rows.map(row => [row.id, row]))
}
