import Fastify, { type FastifyInstance, type FastifyPluginAsync, LogController } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { guardRoutes } from './authentication.ts'
import type { ApiOptions } from './context.ts'
import { serveDashboard } from './dashboard-files.ts'
import { answerErrors, sendProblem } from './error-answers.ts'
import { boundRequests, countRequests, sendSecurityHeaders } from './guards.ts'
import { honourIdempotencyKeys } from './idempotency.ts'
import { ActivityFeed } from './live/activity-feed.ts'
import { documentRoutes } from './openapi.ts'
import { OverviewSampler } from './overview/overview-sampler.ts'
import { notFound } from './problems.ts'
import { accessKeysRoutes } from './routes/access-keys.ts'
import { activityRoutes } from './routes/activity.ts'
import { bucketsRoutes } from './routes/buckets.ts'
import { eventsRoutes } from './routes/events.ts'
import { importsRoutes } from './routes/imports.ts'
import { locationsRoutes } from './routes/locations.ts'
import { migrationsRoutes } from './routes/migrations.ts'
import { objectsRoutes } from './routes/objects.ts'
import { orphansRoutes } from './routes/orphans.ts'
import { overviewRoutes } from './routes/overview.ts'
import { pausesRoutes } from './routes/pauses.ts'
import { plansRoutes } from './routes/plans.ts'
import { policiesRoutes } from './routes/policies.ts'
import { priceBooksRoutes } from './routes/price-books.ts'
import { queueRoutes } from './routes/queue.ts'
import { reconcileRunsRoutes } from './routes/reconcile-runs.ts'
import { retirementRoutes } from './routes/retirement.ts'
import { scrubRoutes } from './routes/scrub.ts'
import { sessionRoutes } from './routes/session.ts'
import { simulationsRoutes } from './routes/simulations.ts'
import { storeLimitsRoutes } from './routes/store-limits.ts'
import { storeLoadsRoutes } from './routes/store-loads.ts'
import { storesRoutes } from './routes/stores.ts'
import { streamRoutes } from './routes/stream.ts'
import { systemRoutes } from './routes/system.ts'
import { tokensRoutes } from './routes/tokens.ts'
import { urgencyRoutes } from './routes/urgency.ts'
import { refuseUnknownNames } from './unknown-names.ts'

/** A key of 1,024 bytes with every byte percent-encoded. */
const PATH_PARAMETER_LENGTH_MAX = 3_072
/** A request that is not sent completely by then is given up. */
const REQUEST_TIMEOUT_MS = 60_000

/**
 * The control plane's HTTP server: the API, its live stream, health and metrics, and the dashboard's files.
 * Call `listen` to open it, or `ready` to use `inject`; `close` ends streams and background looks.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const live = { feed: new ActivityFeed(options), sampler: new OverviewSampler(options) }
  const app = assembleApi(options, live)
  app.addHook('onReady', async () => {
    await live.feed.start()
    live.sampler.start()
  })
  app.addHook('onClose', async () => {
    await live.feed.stop()
    await live.sampler.stop()
  })
  return app
}

/** What runs in the background while the server does. */
export interface Live {
  readonly feed: ActivityFeed
  readonly sampler: OverviewSampler
}

/** The server with all its routes and nothing in the background: enough to describe it. */
export function assembleApi(options: ApiOptions, live: Live): FastifyInstance {
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.config.bodyBytesMax,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: PATH_PARAMETER_LENGTH_MAX },
    // What a proxy says about the caller is not believed; nothing is decided by it.
    trustProxy: false,
  }) as unknown as FastifyInstance
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  answerErrors(app)
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, notFound('route', `${request.method} ${request.url.split('?', 1)[0]}`)),
  )
  sendSecurityHeaders(app)
  countRequests(app, options)
  boundRequests(app, options)
  guardRoutes(app, options)
  refuseUnknownNames(app)
  honourIdempotencyKeys(app, options)
  documentRoutes(app, options.version)
  for (const routes of routesOf(options, live)) app.register(routes)
  app.register(async scope => serveDashboard(scope, options))
  return app
}

function routesOf(options: ApiOptions, live: Live): FastifyPluginAsync[] {
  return [
    systemRoutes(options),
    sessionRoutes(options),
    overviewRoutes(live.sampler),
    streamRoutes(options, live),
    activityRoutes(options),
    objectsRoutes(options),
    plansRoutes(options),
    queueRoutes(options),
    migrationsRoutes(options),
    pausesRoutes(options),
    urgencyRoutes(options),
    eventsRoutes(options),
    importsRoutes(options),
    reconcileRunsRoutes(options),
    orphansRoutes(options),
    scrubRoutes(options),
    simulationsRoutes(options),
    bucketsRoutes(options),
    policiesRoutes(options),
    priceBooksRoutes(options),
    locationsRoutes(options),
    retirementRoutes(options),
    storesRoutes(options),
    storeLimitsRoutes(options),
    storeLoadsRoutes(options),
    accessKeysRoutes(options),
    tokensRoutes(options),
  ]
}
