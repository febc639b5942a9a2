import { randomUUID } from 'node:crypto'
import type { Problem } from '../api/schemas/problem.ts'
import { joinSignals } from '../domain/join-signals.ts'
import { CliError, EXIT, type ExitCode } from './exit-codes.ts'

/** The control plane's API, as a command uses it. Every failure is a {@link CliError} that says what to do. */
export interface Api {
  get<Answer>(path: string, query?: Query): Promise<Answer>
  /** With an `Idempotency-Key` of its own, so that a repeated send does nothing twice. */
  post<Answer>(path: string, body?: unknown): Promise<Answer>
  /** Reads the resource's revision first and changes exactly that. */
  change<Answer>(method: 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer>
  delete(path: string): Promise<void>
  /** Up to `limit` items of a list, page by page. */
  list<Item>(path: string, query: Query, limit: number): Promise<{ items: Item[]; hasMore: boolean }>
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>

const PAGE_LIMIT_MAX = 1_000
const ANSWER_SECONDS_MAX = 120

/** A client of the API at an endpoint. Nothing is sent yet. */
export function createApi(options: { endpoint: string; token: string | null; signal: AbortSignal }): Api {
  async function send(
    method: string,
    path: string,
    more: { query?: Query; body?: unknown; headers?: object },
  ) {
    const url = new URL(path, options.endpoint)
    for (const [name, value] of Object.entries(more.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const request = {
      method,
      headers: {
        accept: 'application/json',
        ...(options.token === null ? {} : { authorization: `Bearer ${options.token}` }),
        ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more.headers,
      },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
      signal: joinSignals([options.signal, AbortSignal.timeout(ANSWER_SECONDS_MAX * 1_000)]),
    }
    const answer = await fetch(url, request).catch((cause: unknown) => {
      if (options.signal.aborted) throw new CliError(EXIT.interrupted, 'interrupted')
      throw new CliError(EXIT.retryable, unreachable(options.endpoint, cause), { cause })
    })
    if (!answer.ok) throw await refusal(answer, options)
    return answer
  }

  const json = async <Answer>(answer: Response): Promise<Answer> =>
    (answer.status === 204 ? null : await answer.json()) as Answer

  return {
    get: async (path, query = {}) => json(await send('GET', path, { query })),
    post: async (path, body = {}) =>
      json(await send('POST', path, { body, headers: { 'idempotency-key': randomUUID() } })),
    async change(method, path, body) {
      const present = await send('GET', path, {})
      await present.body?.cancel()
      const revision = present.headers.get('etag')
      const headers = revision === null ? {} : { 'if-match': revision }
      return json(await send(method, path, { body, headers }))
    },
    async delete(path) {
      await send('DELETE', path, {})
    },
    async list<Item>(path: string, query: Query, limit: number) {
      const items: Item[] = []
      let cursor: string | undefined
      do {
        const size = Math.min(PAGE_LIMIT_MAX, limit - items.length)
        const page = await json<{ items: Item[]; nextCursor: string | null }>(
          await send('GET', path, { query: { ...query, cursor, limit: size } }),
        )
        items.push(...page.items)
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined && items.length < limit)
      return { items, hasMore: cursor !== undefined }
    },
  }
}

function unreachable(endpoint: string, cause: unknown): string {
  const { cause: inner, name } = cause as { cause?: { code?: string }; name?: string }
  const reason = inner?.code ?? name ?? 'unknown reason'
  return `no answer from ${endpoint} (${reason}): is "dim serve" running there? Another address: --endpoint or DIM_ENDPOINT`
}

async function refusal(answer: Response, options: { endpoint: string }): Promise<CliError> {
  const problem = (await answer.json().catch(() => null)) as Partial<Problem> | null
  const fields = (problem?.errors ?? []).map(error => `\n  ${error.field}: ${error.message}`).join('')
  const detail = problem?.detail ?? problem?.title ?? `${options.endpoint} answered ${answer.status}`
  const hint =
    answer.status === 401
      ? '\nGive an API token with --token, DIM_TOKEN or DIM_TOKEN_FILE ("dim token create").'
      : ''
  return new CliError(exitCodeOf(answer.status), `${detail}${fields}${hint}`)
}

function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.auth
  if (status === 404) return EXIT.notFound
  if (status === 409 || status === 412 || status === 428) return EXIT.conflict
  if (status === 400 || status === 422) return EXIT.usage
  if (status === 429 || status >= 500) return EXIT.retryable
  return EXIT.error
}
