/** The public API as the demo uses it: what a newcomer could do with the CLI or curl. */
export interface DemoApi {
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  /** Changes a resource at the revision it has now. */
  patch<T>(path: string, body: unknown): Promise<T>
}

const ANSWER_MS_MAX = 30_000

/** Opens the API at an address with a token. Rejects with the problem's title and detail. */
export function createDemoApi(options: { apiUrl: string; token: string }): DemoApi {
  async function call<T>(
    method: string,
    path: string,
    body?: unknown,
    ifMatch?: string,
  ): Promise<{ value: T; etag: string | null }> {
    const response = await fetch(`${options.apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${options.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    const text = await response.text()
    if (!response.ok)
      throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 2_000)}`)
    return { value: JSON.parse(text) as T, etag: response.headers.get('etag') }
  }
  return {
    get: async <T>(path: string) => (await call<T>('GET', path)).value,
    post: async <T>(path: string, body: unknown) => (await call<T>('POST', path, body)).value,
    async patch<T>(path: string, body: unknown) {
      const { etag } = await call('GET', path)
      return (await call<T>('PATCH', path, body, etag ?? '*')).value
    },
  }
}
