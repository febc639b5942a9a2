import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { digestOfSecret, ensureAdministrator, newTokenSecret } from '../api/api-token.ts'
import { replaceToken } from '../database/people/api-tokens.ts'
import { addPriceBook, listPriceBooks } from '../database/placement/price-books.ts'
import { newId } from '../domain/identifiers.ts'
import { principal } from '../domain/principal.ts'
import { shippedPriceBook } from '../placement/price-book/shipped-price-book.ts'
import type { ServerParts } from './server-parts.ts'

/** What a start found or made so that a new installation can be used at once. */
export interface FirstContent {
  /** Null unless this was the very first start. */
  readonly administratorToken: string | null
  readonly localToken: string
}

const LOCAL_TOKEN_FILE = 'cli-token'
const FIRST_START = principal('system', 'first-start')

/**
 * Makes the administrator's token and enters the shipped price book where there is none yet, and leaves a
 * fresh token for this machine's user in the data folder. Only processes that serve the API do so.
 */
export async function ensureFirstContent(
  parts: Pick<ServerParts, 'config' | 'database'>,
): Promise<FirstContent> {
  if (!parts.config.roles.includes('api')) return { administratorToken: null, localToken: '' }
  const administrator = await ensureAdministrator(parts.database)
  const known = await listPriceBooks(parts.database, { before: null, limit: 1 })
  if (known.length === 0)
    await addPriceBook(parts.database, { id: newId(), book: shippedPriceBook(), principal: FIRST_START })
  return { administratorToken: administrator?.reveal() ?? null, localToken: await makeLocalToken(parts) }
}

/** Whoever may read the data folder may rule the server anyway: the key file lies there too. */
async function makeLocalToken(parts: Pick<ServerParts, 'config' | 'database'>): Promise<string> {
  const secret = newTokenSecret().reveal()
  await replaceToken(parts.database, {
    id: newId(),
    name: 'local commands',
    role: 'admin',
    secretSha256: digestOfSecret(secret),
    expiresAt: null,
    principal: principal('system', 'local'),
  })
  await writeFile(path.join(parts.config.dataDir, LOCAL_TOKEN_FILE), `${secret}\n`, { mode: 0o600 })
  return secret
}
