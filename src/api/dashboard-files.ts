import { existsSync } from 'node:fs'
import path from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ApiOptions } from './context.ts'
import { notFound } from './problems.ts'

/** Paths that are never the dashboard's, so that a mistyped address of the API is not answered with a page. */
const NOT_PAGES = /^\/(v1|livez|readyz|metrics|openapi\.json)(\/|\?|$)/
/** A last segment with a dot is a file; the dashboard's own routes have none. */
const FILE = /\/[^/]*\.[^/]+$/

const FOREVER = 'public, max-age=31536000, immutable'
const ASK_AGAIN = 'no-cache'

/**
 * Serves the built dashboard: files whose name has a digest of their content are kept by browsers for ever,
 * everything else is asked for again; every other path is the page itself, which reads the address.
 */
export async function serveDashboard(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const folder = options.dashboardFolder
  if (folder === undefined || !existsSync(path.join(folder, 'index.html'))) {
    app.get('/*', { schema: { hide: true } }, async request => {
      refuseOtherThanPages(request)
      throw notFound('page', `${request.url.split('?', 1)[0]} (the dashboard is not built: npm run build)`)
    })
    return
  }
  await app.register(fastifyStatic, { root: path.resolve(folder), serve: false, cacheControl: false })
  app.get('/*', { schema: { hide: true } }, async (request, reply) => {
    refuseOtherThanPages(request)
    const { '*': wanted } = request.params as { '*': string }
    if (wanted.split(/[/\\]/).includes('..')) throw notFound('file', 'outside of the dashboard')
    if (!FILE.test(request.url.split('?', 1)[0] ?? ''))
      return reply.header('cache-control', ASK_AGAIN).sendFile('index.html')
    reply.header('cache-control', wanted.startsWith('assets/') ? FOREVER : ASK_AGAIN)
    return reply.sendFile(wanted)
  })
}

function refuseOtherThanPages(request: FastifyRequest): void {
  if (NOT_PAGES.test(request.url))
    throw notFound('route', `${request.method} ${request.url.split('?', 1)[0]}`)
}
