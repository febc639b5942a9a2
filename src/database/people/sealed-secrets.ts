import type { Queryable } from '../postgres.ts'

/**
 * Whether the database has secrets that only a sealing key opens: of stores, or of access keys that are not
 * revoked.
 */
export async function hasSealedSecrets(database: Queryable): Promise<boolean> {
  const { rows } = await database.query<{ has: boolean }>(
    `select exists (select from store where credentials_sealed is not null)
         or exists (select from access_key where revoked_at is null) as has`,
  )
  return rows[0]?.has === true
}
