import type { Principal } from '../../domain/principal.ts'
import type { Queryable } from '../postgres.ts'

/** A request that may be repeated: its key, where it went and a digest of everything it asked for. */
export interface IdempotentRequest {
  readonly key: string
  readonly route: string
  readonly requestSha256: Buffer
  readonly principal: Principal
}

/**
 * What to do with a request: `first` (do it, then {@link finishIdempotencyKey}), `running` (the first one is
 * still being answered), `other-request` (the key was used for something else), `answered` (give this answer).
 */
export type IdempotencyClaim =
  | { readonly kind: 'first' | 'running' | 'other-request' }
  | { readonly kind: 'answered'; readonly status: number; readonly response: unknown }

/** How long an answer is kept, in hours. */
const IDEMPOTENCY_HOURS = 24
/** After how many minutes a request without an answer counts as lost with its process. */
const LOST_MINUTES = 10

/** Claims a key for a request, in one statement, so that of two at once exactly one is first. */
export async function claimIdempotencyKey(
  database: Queryable,
  request: IdempotentRequest,
): Promise<IdempotencyClaim> {
  const { rowCount } = await database.query(
    `insert into idempotency_key as k (key, route, request_sha256, principal)
     values ($1, $2, $3, $4)
     on conflict (key, route) do update
     set request_sha256 = excluded.request_sha256, principal = excluded.principal,
         status = null, response = null, created_at = now()
     where k.created_at < now() - make_interval(hours => $5)
        or (k.status is null and k.request_sha256 = excluded.request_sha256
            and k.created_at < now() - make_interval(mins => $6))`,
    [request.key, request.route, request.requestSha256, request.principal, IDEMPOTENCY_HOURS, LOST_MINUTES],
  )
  if (rowCount === 1) return { kind: 'first' }
  const { rows } = await database.query<{ same: boolean; status: number | null; response: unknown }>(
    'select request_sha256 = $3 as same, status, response from idempotency_key where key = $1 and route = $2',
    [request.key, request.route, request.requestSha256],
  )
  const [found] = rows
  // Released in between: whoever repeats the request once more is first.
  if (found === undefined) return { kind: 'running' }
  if (!found.same) return { kind: 'other-request' }
  if (found.status === null) return { kind: 'running' }
  return { kind: 'answered', status: found.status, response: found.response }
}

/** Keeps the answer of a claimed request. `response` is JSON text. */
export async function finishIdempotencyKey(
  database: Queryable,
  request: Pick<IdempotentRequest, 'key' | 'route'>,
  answer: { status: number; response: string },
): Promise<void> {
  await database.query(
    'update idempotency_key set status = $3, response = $4::jsonb where key = $1 and route = $2',
    [request.key, request.route, answer.status, answer.response],
  )
}

/** Gives a claimed key back, because the request failed in a way that repeating it may cure. */
export async function releaseIdempotencyKey(
  database: Queryable,
  request: Pick<IdempotentRequest, 'key' | 'route'>,
): Promise<void> {
  await database.query('delete from idempotency_key where key = $1 and route = $2 and status is null', [
    request.key,
    request.route,
  ])
}

/** Forgets answers older than {@link IDEMPOTENCY_HOURS}, at most `limit`. Resolves to how many. */
export async function deleteOldIdempotencyKeys(database: Queryable, limit: number): Promise<number> {
  const { rowCount } = await database.query(
    `delete from idempotency_key where ctid = any (array(
       select ctid from idempotency_key where created_at < now() - make_interval(hours => $1) limit $2))`,
    [IDEMPOTENCY_HOURS, limit],
  )
  return rowCount ?? 0
}
