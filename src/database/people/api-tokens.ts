import type { Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import { type Database, inTransaction, type Queryable } from '../postgres.ts'

/** What the holder of a token may do. */
type ApiRole = 'viewer' | 'operator' | 'admin'

/** A token as its row keeps it: the secret is only there as its SHA-256. */
export interface ApiTokenRow {
  readonly id: Uuid
  readonly name: string
  readonly role: ApiRole
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly principal: string
}

/** What a new token is made of. */
export interface NewApiToken {
  readonly id: Uuid
  readonly name: string
  readonly role: ApiRole
  readonly secretSha256: Buffer
  readonly expiresAt: Date | null
  readonly principal: Principal
}

const COLUMNS = `id, name, role, created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt", principal`

/** Any 64-bit number nobody else locks: serialises the making of the first administrator. */
const ADMINISTRATOR_LOCK = '7235419207106913134'

/** The usable token with this digest, or null: an expired or revoked one is none. */
export async function findUsableToken(
  database: Queryable,
  secretSha256: Buffer,
): Promise<ApiTokenRow | null> {
  const { rows } = await database.query<ApiTokenRow>({
    name: 'api_token_find_usable',
    text: `select ${COLUMNS} from api_token
           where secret_sha256 = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    values: [secretSha256],
  })
  return rows[0] ?? null
}

/** One page of tokens, newest first, revoked ones too; ids ascend with time. */
export async function listTokens(
  database: Queryable,
  page: { beforeId: Uuid | null; limit: number },
): Promise<ApiTokenRow[]> {
  const { rows } = await database.query<ApiTokenRow>(
    `select ${COLUMNS} from api_token where $1::uuid is null or id < $1 order by id desc limit $2`,
    [page.beforeId, page.limit],
  )
  return rows
}

/** Adds a token. */
export async function insertToken(database: Queryable, token: NewApiToken): Promise<ApiTokenRow> {
  const { rows } = await database.query<ApiTokenRow>(
    `insert into api_token (id, name, role, secret_sha256, expires_at, principal)
     values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    [token.id, token.name, token.role, token.secretSha256, token.expiresAt, token.principal],
  )
  return rows[0]!
}

/**
 * Adds the administrator's token if no administrator ever was. Resolves to whether it was added, so that
 * exactly one of several starting processes shows the secret.
 */
export async function insertFirstAdministrator(database: Database, token: NewApiToken): Promise<boolean> {
  return inTransaction(database, async connection => {
    await connection.query('select pg_advisory_xact_lock($1)', [ADMINISTRATOR_LOCK])
    const { rowCount } = await connection.query(`select 1 from api_token where role = 'admin' limit 1`)
    if (rowCount !== 0) return false
    await insertToken(connection, token)
    return true
  })
}

/** Makes a token useless from now on. Resolves to false when there is no such usable token. */
export async function revokeToken(database: Queryable, id: Uuid): Promise<boolean> {
  const { rowCount } = await database.query(
    'update api_token set revoked_at = now() where id = $1 and revoked_at is null',
    [id],
  )
  return rowCount === 1
}

/** Adds a token in place of all usable ones that this principal made under this name. */
export async function replaceToken(database: Database, token: NewApiToken): Promise<void> {
  await inTransaction(database, async connection => {
    await connection.query(
      'update api_token set revoked_at = now() where name = $1 and principal = $2 and revoked_at is null',
      [token.name, token.principal],
    )
    await insertToken(connection, token)
  })
}
