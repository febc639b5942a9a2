import type { z } from 'zod'
import type { problemSchema } from '../../../src/api/schemas/problem.ts'

export type Problem = z.infer<typeof problemSchema>

/**
 * What kind of refusal a request met: `unreachable` (no answer at all), `unauthorized` (sign in again),
 * `forbidden` (this token may not), `not-found`, `conflict` (the thing changed meanwhile), `invalid` (the
 * request was wrong), `busy` (try later), `server` (their fault), `aborted` (we no longer wanted it).
 */
export type ApiErrorKind =
  | 'unreachable'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'invalid'
  | 'busy'
  | 'server'
  | 'aborted'

/** A request to the API that did not succeed. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind
  readonly problem: Problem | null

  constructor(kind: ApiErrorKind, problem: Problem | null, cause?: unknown) {
    super(problem?.detail ?? kind, { cause })
    this.name = 'ApiError'
    this.kind = kind
    this.problem = problem
  }
}

/** The kind of an HTTP status that is not a success. */
export function kindOfStatus(status: number): ApiErrorKind {
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === 404 || status === 410) return 'not-found'
  if (status === 409 || status === 412 || status === 428) return 'conflict'
  if (status === 429 || status === 503) return 'busy'
  // A proxy before a server that is away answers for it.
  if (status === 502 || status === 504) return 'unreachable'
  return status >= 500 ? 'server' : 'invalid'
}
