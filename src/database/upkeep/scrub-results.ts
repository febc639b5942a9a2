import type { Instant } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { ScrubResult } from '../../domain/scrub.ts'
import { type Connection, type Database, inTransaction } from '../postgres.ts'

/**
 * Notes what was seen of copies that are still what they were, and counts all of it. Rows are locked in the order of
 * their ids, as everywhere: objects' versions first, then copies. Each statement locks the rows of one table without
 * joining others: what a lock waited for is looked at again, and with joins that once ended a server of version 18.4.
 */
export async function noteScrubResults(
  database: Database,
  results: readonly ScrubResult[],
  modelNow: Instant,
): Promise<void> {
  if (results.length === 0) return
  const note = async (connection: Connection) => {
    const learned = results.filter(({ digests }) => digests != null)
    if (learned.length > 0) await lockVersions(connection, learned)
    const held = await lockUnchangedCopies(connection, results)
    if (held.length > 0) await noteLooks(connection, held, modelNow)
    const known = held.filter(({ digests }) => digests != null)
    if (known.length > 0) await learnDigests(connection, known)
    await countOfDay(connection, results)
  }
  await inTransaction(database, note, { plans: 'by-key' })
}

async function lockVersions(connection: Connection, results: readonly ScrubResult[]): Promise<void> {
  await connection.query({
    name: 'scrub_lock_versions',
    text: `
      select 1 from object_version
      where object_id = any ($1::uuid[])
      order by object_id, generation
      for no key update`,
    values: [results.map(({ copy }) => copy.objectId)],
  })
}

/** The results whose copies are complete and have the identity that was looked at. */
async function lockUnchangedCopies(
  connection: Connection,
  results: readonly ScrubResult[],
): Promise<ScrubResult[]> {
  const { rows } = await connection.query<{
    id: Uuid
    generation: number
    etag: string | null
    version_id: string | null
  }>({
    name: 'scrub_lock_copies',
    text: `
      select id, generation, etag, version_id from copy
      where object_id = any ($1::uuid[]) and id = any ($2::uuid[]) and state = 'complete'
      order by object_id, id
      for no key update`,
    values: [results.map(({ copy }) => copy.objectId), results.map(({ copy }) => copy.id)],
  })
  const byId = new Map(rows.map(row => [row.id, row]))
  return results.filter(({ copy: { generation, id, identity } }) => {
    const row = byId.get(id)
    return (
      row !== undefined &&
      row.generation === generation &&
      row.etag === identity.etag &&
      row.version_id === identity.versionId
    )
  })
}

async function noteLooks(
  connection: Connection,
  results: readonly ScrubResult[],
  modelNow: Instant,
): Promise<void> {
  await connection.query({
    name: 'scrub_note_looks',
    text: `
      update copy c
      set scrubbed_ms = $4, scrub_verdict = n.verdict,
          verified_ms = case when n.verdict = 'same' then $4 else c.verified_ms end
      from unnest($1::uuid[], $2::uuid[], $3::text[]) as n (object_id, id, verdict)
      where c.object_id = n.object_id and c.id = n.id`,
    values: [
      results.map(({ copy }) => copy.objectId),
      results.map(({ copy }) => copy.id),
      results.map(({ verdict }) => verdict),
      Math.round(modelNow),
    ],
  })
}

async function learnDigests(connection: Connection, results: readonly ScrubResult[]): Promise<void> {
  await connection.query({
    name: 'scrub_learn_digests',
    text: `
      update object_version v
      set sha256 = decode(n.sha256, 'hex'), sha256_source = 'scrub-read',
          crc64nvme = coalesce(v.crc64nvme, decode(n.crc64nvme, 'hex'))
      from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) as n (object_id, generation, sha256, crc64nvme)
      where v.object_id = n.object_id and v.generation = n.generation and v.sha256 is null and n.sha256 is not null`,
    values: [
      results.map(({ copy }) => copy.objectId),
      results.map(({ copy }) => copy.generation),
      results.map(({ digests }) => digests?.sha256 ?? null),
      results.map(({ digests }) => digests?.crc64nvme ?? null),
    ],
  })
}

async function countOfDay(connection: Connection, results: readonly ScrubResult[]): Promise<void> {
  const verdicts: Partial<Record<string, number>> = {}
  for (const { verdict } of results) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
  const sum = (of: (result: ScrubResult) => number) =>
    results.reduce((total, result) => total + of(result), 0)
  await connection.query({
    name: 'scrub_count_of_day',
    text: `
      insert into scrub_day as d (day, copies, bytes, usd, verdicts)
      values ((now() at time zone 'utc')::date, $1, $2, $3, $4)
      on conflict (day) do update
      set copies = d.copies + excluded.copies, bytes = d.bytes + excluded.bytes, usd = d.usd + excluded.usd,
          verdicts = (
            select jsonb_object_agg(name, coalesce((d.verdicts ->> name)::bigint, 0)
                                          + coalesce((excluded.verdicts ->> name)::bigint, 0))
            from (select jsonb_object_keys(d.verdicts || excluded.verdicts) as name) as names)`,
    values: [
      results.length,
      sum(result => result.bytesRead),
      sum(result => result.usd),
      JSON.stringify(verdicts),
    ],
  })
}
