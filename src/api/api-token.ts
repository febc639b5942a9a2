import { createHash, randomBytes } from 'node:crypto'
import { insertFirstAdministrator } from '../database/people/api-tokens.ts'
import type { Database } from '../database/postgres.ts'
import { newId } from '../domain/identifiers.ts'
import { principal } from '../domain/principal.ts'
import { Redacted } from '../domain/redacted.ts'

const SECRET_BYTES = 32

/** A new secret of an API token: `dim_` and 256 random bits, so that a guess never meets one. */
export function newTokenSecret(): Redacted {
  return new Redacted(`dim_${randomBytes(SECRET_BYTES).toString('base64url')}`)
}

/**
 * What the database keeps of a secret: its SHA-256. A slow hash would add nothing, because the secret is
 * random and not a password.
 */
export function digestOfSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest()
}

/**
 * Makes the administrator's token on the first start. Returns its secret to the one process that made it, to
 * be shown once, and null when there already was an administrator.
 */
export async function ensureAdministrator(database: Database): Promise<Redacted | null> {
  const secret = newTokenSecret()
  const added = await insertFirstAdministrator(database, {
    id: newId(),
    name: 'administrator',
    role: 'admin',
    secretSha256: digestOfSecret(secret.reveal()),
    expiresAt: null,
    principal: principal('system', 'first-start'),
  })
  return added ? secret : null
}
