import type { FastifyInstance } from 'fastify'
import { ApiError } from './problems.ts'

/**
 * Refuses parameters and bodies that a route of the API does not speak of; routes with a schema for them check
 * their names themselves. Nobody's misspelt wish is taken for one that was granted. Health checks, metrics and the
 * dashboard's files are linked to by others, with names of their own.
 */
export function refuseUnknownNames(app: FastifyInstance): void {
  app.addHook('preValidation', async request => {
    const { schema, url } = request.routeOptions
    if (url === undefined || !url.startsWith('/v1/')) return
    const parameters = Object.keys((request.query ?? {}) as object)
    if (schema?.querystring === undefined && parameters.length > 0)
      throw refusal(
        '/querystring',
        `there is no parameter ${parameters.join(', ')}: this route takes no parameters`,
      )
    if (schema?.body === undefined && !isNothing(request.body))
      throw refusal('/body', `${namesOf(request.body)}: this route takes no body`)
  })
}

/** Clients that always send JSON send an empty object. */
function isNothing(body: unknown): boolean {
  return body === undefined || body === null || (typeof body === 'object' && Object.keys(body).length === 0)
}

/** Names only: what a body holds may be a secret. */
function namesOf(body: unknown): string {
  const isNamed = typeof body === 'object' && body !== null && !Array.isArray(body)
  return isNamed ? `there is no field ${Object.keys(body).join(', ')}` : 'there is nothing to be sent'
}

function refusal(field: string, message: string): ApiError {
  return new ApiError('invalid-request', 'the request does not fit its schema', {
    errors: [{ field, message }],
  })
}
