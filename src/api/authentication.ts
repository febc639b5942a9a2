import type { FastifyInstance, FastifyRequest } from 'fastify'
import { findUsableToken } from '../database/people/api-tokens.ts'
import { type Principal, principal } from '../domain/principal.ts'
import { digestOfSecret } from './api-token.ts'
import type { ApiOptions } from './context.ts'
import { ApiError } from './problems.ts'
import { ROLES_OF_ROUTES, type RouteRole } from './roles-of-routes.ts'
import { ROLES, type Role } from './schemas/token.ts'

/** Who makes a request. */
export interface Caller {
  readonly principal: Principal
  readonly name: string
  readonly role: Role
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route that is not public. */
    caller: Caller | null
  }
}

/** The cookie that carries the token of a signed-in browser. */
export const SESSION_COOKIE = 'dim_session'

const TOKEN = /^dim_[A-Za-z0-9_-]{43}$/
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
const OWN_SITE = new Set(['same-origin', 'none'])

/**
 * Checks the caller's role before anything else looks at the request, and refuses to register a route that
 * {@link ROLES_OF_ROUTES} does not name.
 */
export function guardRoutes(app: FastifyInstance, options: ApiOptions): void {
  app.decorateRequest('caller', null)
  app.addHook('onRoute', route => {
    for (const method of [route.method].flat())
      if (method !== 'HEAD' && ROLES_OF_ROUTES[`${method} ${route.url}`] === undefined)
        throw new Error(`route ${method} ${route.url} has no entry in roles-of-routes.ts`)
  })
  app.addHook('onRequest', async request => {
    const needed = neededRole(request, options)
    if (needed === 'public') return
    const caller = await authenticate(request, options)
    if (ROLES.indexOf(caller.role) < ROLES.indexOf(needed))
      throw new ApiError('forbidden', `this needs the role ${needed}; yours is ${caller.role}`)
    request.caller = caller
  })
}

/** The caller of a request on a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('the route is public: nobody was authenticated')
  return request.caller
}

/** The usable token with this secret as a caller. Throws an ApiError `unauthenticated` when there is none. */
export async function callerWithToken(secret: string, options: ApiOptions): Promise<Caller> {
  const token = TOKEN.test(secret) ? await findUsableToken(options.database, digestOfSecret(secret)) : null
  if (token === null) throw new ApiError('unauthenticated', 'the token is unknown, expired or revoked')
  return { principal: principal('token', token.id), name: token.name, role: token.role }
}

function neededRole(request: FastifyRequest, options: ApiOptions): RouteRole {
  const { url } = request.routeOptions
  // Nothing is behind an unknown path; it is answered with 404 to everybody.
  if (url === undefined) return 'public'
  if (url === '/metrics') return options.config.metricsRole
  const method = request.method === 'HEAD' ? 'GET' : request.method
  return ROLES_OF_ROUTES[`${method} ${url}`] ?? 'admin'
}

async function authenticate(request: FastifyRequest, options: ApiOptions): Promise<Caller> {
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const [, secret] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    return callerWithToken(secret ?? '', options)
  }
  const secret = sessionCookieOf(request)
  if (secret === null)
    throw new ApiError('unauthenticated', 'send the header "Authorization: Bearer dim_…", or sign in')
  refuseOtherSites(request)
  return callerWithToken(secret, options)
}

/** Browsers say where a request comes from; SameSite=Strict alone leaves sub-domains of the same site. */
function refuseOtherSites(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site']
  if (SAFE_METHODS.has(request.method) || site === undefined) return
  if (typeof site !== 'string' || !OWN_SITE.has(site))
    throw new ApiError('cross-site-request', 'changes with a session cookie must come from the dashboard')
}

function sessionCookieOf(request: FastifyRequest): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === SESSION_COOKIE && value !== undefined && value !== '') return value
  }
  return null
}
