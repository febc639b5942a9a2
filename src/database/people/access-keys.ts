import type { ReaderClass } from '../../domain/access-event.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/** A key of an S3 client as the database keeps it: its secret is sealed, not hashed, because SigV4 needs it. */
export interface AccessKeyRow {
  readonly id: string
  readonly secretSealed: Buffer
  readonly readerClass: ReaderClass
  /** The buckets it may use, or null for every bucket. */
  readonly bucketIds: readonly Uuid[] | null
  readonly mayWrite: boolean
}

/** An access key without its secret, as people see it. */
export interface AccessKeySummary {
  readonly id: string
  readonly readerClass: ReaderClass
  readonly bucketIds: readonly Uuid[] | null
  readonly mayWrite: boolean
  readonly createdAt: number
  readonly revokedAt: number | null
}

/** The access key with this id, or null when there is none or it was revoked. */
export async function findAccessKey(database: Queryable, id: string): Promise<AccessKeyRow | null> {
  const { rows } = await database.query<AccessKeyRow>({
    name: 'access_key_find',
    text: `
      select id, secret_sealed as "secretSealed", reader_class as "readerClass",
             bucket_ids as "bucketIds", may_write as "mayWrite"
      from access_key
      where id = $1 and revoked_at is null`,
    values: [id],
  })
  return rows[0] ?? null
}

/** Stores a new access key. Rejects with PostgreSQL's error 23505 when the id is taken. */
export async function insertAccessKey(
  database: Queryable,
  key: AccessKeyRow & { readonly principal: Principal },
): Promise<void> {
  await database.query(
    `insert into access_key (id, secret_sealed, reader_class, bucket_ids, may_write, principal)
     values ($1, $2, $3, $4, $5, $6)`,
    [key.id, key.secretSealed, key.readerClass, key.bucketIds, key.mayWrite, key.principal],
  )
}

/** One page of access keys, revoked ones too, newest first: those after `afterId`. */
export async function listAccessKeys(
  database: Queryable,
  page: { afterId: string | null; limit: number },
): Promise<AccessKeySummary[]> {
  const { rows } = await database.query<
    Omit<AccessKeySummary, 'createdAt' | 'revokedAt'> & { createdAt: Date; revokedAt: Date | null }
  >(
    `select k.id, k.reader_class as "readerClass", k.bucket_ids as "bucketIds", k.may_write as "mayWrite",
            k.created_at as "createdAt", k.revoked_at as "revokedAt"
     from access_key k
     left join access_key last on last.id = $1
     where $1::text is null or k.created_at < last.created_at
        or (k.created_at = last.created_at and k.id > last.id)
     order by k.created_at desc, k.id
     limit $2`,
    [page.afterId, page.limit],
  )
  return rows.map(row => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    revokedAt: row.revokedAt?.getTime() ?? null,
  }))
}

/** Makes an access key useless from now on. Resolves to false when there was no such usable key. */
export async function revokeAccessKey(database: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await database.query(
    'update access_key set revoked_at = now() where id = $1 and revoked_at is null',
    [id],
  )
  return rowCount === 1
}
