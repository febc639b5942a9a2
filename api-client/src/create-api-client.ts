import type { Operations, Problem } from './generated/api-types.ts'

/** A route of the API, as method and path. */
export type Route = keyof Operations

/** What a route answers. */
export type AnswerOf<R extends Route> = Operations[R]['answer']

type Part = 'path' | 'query' | 'headers' | 'body'

/** Parts that must be given: those with a field that must be. */
type NeededPart<R extends Route> = {
  [P in Part]: Operations[R][P] extends undefined ? never : object extends Operations[R][P] ? never : P
}[Part]

/** What a route takes: parts that have required fields must be given. */
export type RequestOf<R extends Route> = { readonly [P in NeededPart<R>]: Operations[R][P] } & {
  readonly [P in Exclude<Part, NeededPart<R>>]?: Operations[R][P]
} & { readonly signal?: AbortSignal }

/** Routes that need nothing to be asked. */
export type SimpleRoute = { [R in Route]: NeededPart<R> extends never ? R : never }[Route]

/** The server answered with an error; `problem.code` is stable. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly problem: Problem
  /** Seconds after which asking again may help, or null. */
  readonly retryAfterSeconds: number | null

  constructor(problem: Problem, retryAfterSeconds: number | null) {
    super(`${problem.title}: ${problem.detail}`)
    this.problem = problem
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** An answer with the revision it shows, to be sent back as `if-match`. */
export interface Answer<R extends Route> {
  readonly data: AnswerOf<R>
  /** Null where the resource has no revisions. */
  readonly etag: string | null
}

/** Asks the API; every route, parameter and answer is typed by its OpenAPI document. */
export interface ApiClient {
  /** Resolves to the answer. Rejects with an {@link ApiProblem}, or as `fetch` does when nothing answers. */
  request<R extends SimpleRoute>(route: R): Promise<AnswerOf<R>>
  request<R extends Route>(route: R, request: RequestOf<R>): Promise<AnswerOf<R>>
  /** As `request`, with the revision. */
  requestWithRevision<R extends SimpleRoute>(route: R): Promise<Answer<R>>
  requestWithRevision<R extends Route>(route: R, request: RequestOf<R>): Promise<Answer<R>>
}

/**
 * Makes a client of one server. Without a token the browser's session cookie is used. `fetch` may be
 * replaced, for tests or proxies.
 */
export function createApiClient(options: {
  baseUrl: string
  token?: string | null
  fetch?: typeof globalThis.fetch
}): ApiClient {
  const send = options.fetch ?? globalThis.fetch

  async function ask(route: Route, request: LooseRequest = {}): Promise<Answer<Route>> {
    const space = route.indexOf(' ')
    const { path, query, headers, body, signal } = request
    const url = new URL(pathOf(route.slice(space + 1), path ?? {}), options.baseUrl)
    for (const [name, value] of Object.entries(query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const response = await send(url, {
      method: route.slice(0, space),
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.token == null ? {} : { authorization: `Bearer ${options.token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
    if (!response.ok) throw await problemOf(response, url)
    return { data: (await answerOf(response)) as AnswerOf<Route>, etag: response.headers.get('etag') }
  }

  return {
    requestWithRevision: ask,
    request: async (route: Route, request?: LooseRequest) => (await ask(route, request)).data,
  } as ApiClient
}

interface LooseRequest {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** Every value is one segment: slashes of a key are escaped, so that no key can look like a longer path. */
function pathOf(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new TypeError(`${template} needs a value for ${name}`)
    return encodeURIComponent(value)
  })
}

async function answerOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return isJson ? response.json() : response.text()
}

async function problemOf(response: Response, url: URL): Promise<ApiProblem> {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  const isProblem = response.headers.get('content-type')?.includes('application/problem+json') === true
  const problem: Problem = isProblem
    ? ((await response.json()) as Problem)
    : {
        type: 'about:blank',
        title: response.statusText === '' ? 'The server answered with an error' : response.statusText,
        status: response.status,
        detail: `HTTP ${response.status} from something that is not this API`,
        instance: url.pathname,
        code: 'not-a-problem-document',
      }
  return new ApiProblem(problem, Number.isFinite(retryAfter) ? retryAfter : null)
}
