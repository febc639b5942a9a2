/** One kind of error: its HTTP status, its title, and when it happens (for the reference page). */
interface ProblemDefinition {
  readonly status: number
  readonly title: string
  readonly when: string
}

/** Every error the API answers with, by its stable code. */
export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    when: 'A parameter or the body does not fit its schema; `errors` names every field that is wrong.',
  },
  'invalid-cursor': {
    status: 400,
    title: 'The cursor is not valid',
    when: '`cursor` is no `nextCursor` of this list with these filters.',
  },
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    when: 'There is no token, or it is unknown, expired or revoked.',
  },
  forbidden: {
    status: 403,
    title: 'Your role does not allow this',
    when: 'The token is good, but its role is below what the route asks for.',
  },
  'cross-site-request': {
    status: 403,
    title: 'Another site made this request',
    when: 'A change arrives with the session cookie, but from a page of another site.',
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing',
    when: 'No route has this path, or no resource this id or name.',
  },
  conflict: {
    status: 409,
    title: 'It is not in a state that allows this',
    when: 'A name is taken, something else still refers to the resource, or its state does not permit the step.',
  },
  'request-in-progress': {
    status: 409,
    title: 'The first request with this key is still running',
    when: 'An `Idempotency-Key` is repeated before the first request was answered; ask again later.',
  },
  'revision-outdated': {
    status: 412,
    title: 'Somebody else changed it',
    when: '`If-Match` names an older revision; read it again, then repeat the change.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    when: 'The body is over the configured limit.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is not JSON',
    when: 'A body arrives with another content type than `application/json`.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The key was used for another request',
    when: 'An `Idempotency-Key` is repeated with another body, path or principal.',
  },
  'invalid-document': {
    status: 422,
    title: 'The document is not valid',
    when: 'A policy or a price book does not fit its schema; `errors` names every place.',
  },
  'search-too-broad': {
    status: 422,
    title: 'The search takes too long',
    when: 'A search that no index serves was stopped; name a bucket or a prefix, or sort by key.',
  },
  'revision-required': {
    status: 428,
    title: 'Say which revision you change',
    when: 'A change of a resource with revisions arrives without `If-Match`.',
  },
  internal: {
    status: 500,
    title: 'Something is wrong with us',
    when: 'An error nobody foresaw; the log has it under the `requestId` of the answer.',
  },
  overloaded: {
    status: 503,
    title: 'Too much at once',
    when: 'More requests or streams are open than the configured bound; `Retry-After` says when to come back.',
  },
  'database-unavailable': {
    status: 503,
    title: 'The database cannot be reached',
    when: 'The database refuses or loses connections, or does not answer in time.',
  },
  'not-available': {
    status: 503,
    title: 'This process cannot answer that',
    when: 'The route needs a part that this process was started without.',
  },
} as const satisfies Record<string, ProblemDefinition>

/** The stable code of an error of this API. */
export type ProblemCode = keyof typeof PROBLEMS

/** What is wrong with one field of a request; `field` is a JSON pointer. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

/** A request cannot be answered as asked; the error handler turns it into a problem document. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ProblemCode
  readonly errors: readonly FieldError[] | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ProblemCode,
    detail: string,
    options: { errors?: readonly FieldError[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.errors = options.errors
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** The error for a resource that is not there. */
export function notFound(noun: string, name: string): ApiError {
  return new ApiError('not-found', `there is no ${noun} ${name}`)
}

/** The reference page of all problems, as Markdown. */
export function problemsPage(): string {
  const rows = Object.entries<ProblemDefinition>(PROBLEMS).map(
    ([code, { status, title, when }]) => `| \`${code}\` | ${status} | ${title} | ${when} |`,
  )
  return [
    '# Problems',
    '',
    'Errors of the API are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, `instance`,',
    '`code`, and `errors` where single fields are wrong. Scripts branch on `code`. This page is generated from',
    '`src/api/problems.ts`; a test compares the two.',
    '',
    '| code | status | title | when |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
