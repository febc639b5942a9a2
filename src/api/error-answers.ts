import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { ApiError, type FieldError, PROBLEMS, type ProblemCode } from './problems.ts'
import type { Problem } from './schemas/problem.ts'

/** Errors of Fastify itself that a client caused, by their code. */
const OF_FASTIFY: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-request',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
  FST_ERR_BAD_URL: 'invalid-request',
}

/** Classes and codes of PostgreSQL and of the operating system that mean: the database is not there. */
const DATABASE_GONE = /^(08|53|57P0|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|55P03|57014)/

/** PostgreSQL's code for a text it cannot hold: one with a NUL character. */
const NOT_A_TEXT = '22021'

/** Answers every error as a problem document; what we did not foresee is logged and says nothing of itself. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toApiError(error)
    if (PROBLEMS[problem.code].status >= 500)
      request.log.error({ error, route: request.routeOptions.url }, 'a request failed')
    return sendProblem(request, reply, problem)
  })
}

/** Sends a problem document. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: ApiError): FastifyReply {
  const { status, title } = PROBLEMS[error.code]
  const problem: Problem = {
    type: `urn:data-in-motion:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    instance: request.url.split('?', 1)[0] ?? '',
    code: error.code,
    ...(error.errors === undefined ? {} : { errors: [...error.errors] }),
  }
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="data-in-motion"')
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem)
}

function toApiError(error: FastifyError): ApiError {
  if (error instanceof ApiError) return error
  if (hasZodFastifySchemaValidationErrors(error))
    return new ApiError('invalid-request', 'the request does not fit its schema', {
      errors: error.validation.map(issue => ({
        field: `/${error.validationContext ?? 'request'}${issue.instancePath}`,
        message: issue.message ?? 'is not valid',
      })) satisfies FieldError[],
    })
  const ofFastify = OF_FASTIFY[error.code]
  if (ofFastify !== undefined) return new ApiError(ofFastify, error.message)
  if (error.code === NOT_A_TEXT)
    return new ApiError('invalid-request', 'a text of the request has a NUL character')
  if (isDatabaseGone(error))
    return new ApiError('database-unavailable', 'the database did not answer; ask again', {
      retryAfterSeconds: 1,
    })
  if (error.statusCode === 404) return new ApiError('not-found', 'there is nothing at this address')
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return new ApiError('invalid-request', 'the request cannot be understood')
  return new ApiError('internal', 'the log of the server has the details')
}

function isDatabaseGone(error: Error & { code?: string }): boolean {
  return DATABASE_GONE.test(error.code ?? '') || /timeout exceeded when trying to connect/.test(error.message)
}
