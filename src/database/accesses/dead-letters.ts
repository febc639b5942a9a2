import type { Connection, Queryable } from '../postgres.ts'

/** Something that was sent to us and could not be used: kept as received, with the reason. */
export interface NewDeadLetter {
  readonly id: string
  readonly source: string
  readonly partition: number | null
  readonly logOffset: number | null
  readonly reason: string
  readonly payload: Uint8Array
  readonly principal: string
}

/** A dead letter as people see it. */
export interface DeadLetter extends Omit<NewDeadLetter, 'payload'> {
  readonly payloadBytes: number
  /** The first {@link PAYLOAD_START_BYTES} bytes. */
  readonly payloadStart: Buffer
  readonly receivedAt: Date
  readonly replayedAt: Date | null
}

/** A dead letter with all that was kept of it. */
export interface DeadLetterWithPayload extends DeadLetter {
  readonly payload: Buffer
}

/** Longer payloads are cut. The largest batch of access events is a third of it. */
const PAYLOAD_BYTES_MAX = 1_048_576
const PAYLOAD_START_BYTES = 1_024

/** Keeps dead letters. Ids that are there already are left alone. */
export async function insertDeadLetters(
  queryable: Queryable,
  letters: readonly NewDeadLetter[],
): Promise<void> {
  if (letters.length === 0) return
  await queryable.query(
    `insert into dead_letter (id, source, partition, log_offset, reason, payload, principal)
     select * from unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[], $5::text[], $6::bytea[],
       $7::text[])
     on conflict do nothing`,
    [
      letters.map(letter => letter.id),
      letters.map(letter => letter.source),
      letters.map(letter => letter.partition),
      letters.map(letter => letter.logOffset),
      letters.map(letter => letter.reason),
      letters.map(letter => Buffer.from(letter.payload.subarray(0, PAYLOAD_BYTES_MAX))),
      letters.map(letter => letter.principal),
    ],
  )
}

const COLUMNS = `
  id, source, partition, log_offset as "logOffset", reason, principal, length(payload) as "payloadBytes",
  substring(payload for ${PAYLOAD_START_BYTES}) as "payloadStart", received_at as "receivedAt",
  replayed_at as "replayedAt"`

/** The dead letter with this id, or null. */
export async function findDeadLetter(
  queryable: Queryable,
  id: string,
): Promise<DeadLetterWithPayload | null> {
  const { rows } = await queryable.query<DeadLetterWithPayload>(
    `select ${COLUMNS}, payload from dead_letter where id = $1`,
    [id],
  )
  return rows[0] ?? null
}

/** The same, held until the transaction ends. */
export async function lockDeadLetter(
  connection: Connection,
  id: string,
): Promise<DeadLetterWithPayload | null> {
  const { rows } = await connection.query<DeadLetterWithPayload>(
    `select ${COLUMNS}, payload from dead_letter where id = $1 for update`,
    [id],
  )
  return rows[0] ?? null
}

/** Keeps why a held dead letter still cannot be used. */
export async function noteDeadLetterReason(
  connection: Connection,
  id: string,
  reason: string,
): Promise<DeadLetterWithPayload> {
  const { rows } = await connection.query<DeadLetterWithPayload>(
    `update dead_letter set reason = $2 where id = $1 returning ${COLUMNS}, payload`,
    [id, reason],
  )
  return rows[0]!
}

/** Notes that the events of a held dead letter are in the log. */
export async function noteDeadLetterReplayed(
  connection: Connection,
  id: string,
): Promise<DeadLetterWithPayload> {
  const { rows } = await connection.query<DeadLetterWithPayload>(
    `update dead_letter set replayed_at = now() where id = $1 returning ${COLUMNS}, payload`,
    [id],
  )
  return rows[0]!
}

/** Forgets a dead letter. Resolves to whether there was one. */
export async function deleteDeadLetter(queryable: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await queryable.query('delete from dead_letter where id = $1', [id])
  return rowCount === 1
}

/** Dead letters, newest first, older than the cursor. */
export async function listDeadLetters(
  queryable: Queryable,
  options: { limit: number; before?: { receivedAt: Date; id: string } },
): Promise<DeadLetter[]> {
  const { rows } = await queryable.query<DeadLetter>(
    `select ${COLUMNS} from dead_letter
     where $2::timestamptz is null or (received_at, id) < (select received_at, id from dead_letter where id = $3::uuid)
     order by received_at desc, id desc limit $1`,
    [options.limit, options.before?.receivedAt ?? null, options.before?.id ?? null],
  )
  return rows
}
