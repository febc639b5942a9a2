import { ApiError, kindOfStatus, type Problem } from './api-error.ts'

/** Values of a query string; what is undefined or empty is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

interface RequestOptions {
  readonly query?: Query
  readonly body?: unknown
  /** Makes a repeated POST the same POST. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/**
 * Asks the API and gives its JSON answer. The session is a cookie, so nothing secret passes through here.
 *
 * Throws: ApiError.
 */
export async function request<Answer>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey
  let response: Response
  try {
    response = await fetch(path + queryString(options.query ?? {}), {
      method,
      headers,
      credentials: 'same-origin',
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
  } catch (error) {
    throw new ApiError(options.signal?.aborted === true ? 'aborted' : 'unreachable', null, error)
  }
  if (!response.ok) throw new ApiError(kindOfStatus(response.status), await problemOf(response))
  if (response.status === 204) return undefined as Answer
  return (await response.json()) as Answer
}

/** A key for one wish of a person: random, so that asking twice on purpose is two wishes. */
export function newIdempotencyKey(): string {
  // crypto.randomUUID exists only on https and localhost; plain http inside a network is common here.
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
}

/** The path of an object in the API. The whole key is one segment, so that `..` and `//` in keys stay as they are. */
export function objectApiPath(bucket: string, key: string, suffix = ''): string {
  return `/v1/objects/${encodeURIComponent(bucket)}/${encodeURIComponent(key)}${suffix}`
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

async function problemOf(response: Response): Promise<Problem | null> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) return null
  try {
    return (await response.json()) as Problem
  } catch {
    // A body cut short says no more than the status does.
    return null
  }
}
