import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { checkWritable, databaseTroubleOf } from '../../database/database-trouble.ts'
import { readMigrationStop } from '../../database/migrations/migration-holds.ts'
import type { Database } from '../../database/postgres.ts'
import { type ApiOptions, NotReady, type ReadinessCheck } from '../context.ts'
import { timeText } from '../present.ts'
import { type Health, healthSchema } from '../schemas/health.ts'

const CHECK_SECONDS_MAX = 5

const verboseSchema = z.object({
  verbose: z.string().optional().meta({ description: 'Present: show every check' }),
})

/** What machines ask: is the process alive, can it do its work, what has it counted. */
export function systemRoutes(options: ApiOptions): FastifyPluginAsyncZod {
  const checks: readonly ReadinessCheck[] = [
    {
      name: 'database',
      check: async () => {
        await checkDatabase(options.database)
        return null
      },
    },
    {
      name: 'migrations',
      // Told and no failure: readers and writers are served all the same. Why is for those who may sign in.
      check: async () => {
        const stop = await readMigrationStop(options.database)
        return stop === null ? null : `all migrations are stopped since ${timeText(stop.stoppedAt)}`
      },
    },
    ...(options.readinessChecks ?? []),
  ]

  return async app => {
    app.get(
      '/livez',
      {
        schema: {
          operationId: 'getLiveness',
          summary: 'Whether the process answers',
          tags: ['system'],
          response: { 200: healthSchema },
        },
      },
      async () => ({ status: 'ok' as const }),
    )

    app.get(
      '/readyz',
      {
        schema: {
          operationId: 'getReadiness',
          summary: 'Whether the process can do its work',
          tags: ['system'],
          querystring: verboseSchema,
          response: { 200: healthSchema, 503: healthSchema },
        },
      },
      async (request, reply) => {
        const results = await Promise.all(checks.map(check => runCheck(check, options)))
        const ready = results.every(result => result.ok)
        return reply.code(ready ? 200 : 503).send({
          status: ready ? 'ok' : 'failing',
          ...(request.query.verbose === undefined ? {} : { checks: results }),
        })
      },
    )

    app.get(
      '/metrics',
      {
        schema: {
          operationId: 'getMetrics',
          summary: 'Metrics in the Prometheus text format',
          tags: ['system'],
          response: { 200: z.string() },
        },
      },
      async (_request, reply) => {
        const { databaseConnections, databaseWaiting, registry } = options.metrics
        const { idleCount, totalCount, waitingCount } = options.database
        databaseConnections.set({ state: 'idle' }, idleCount)
        databaseConnections.set({ state: 'busy' }, totalCount - idleCount)
        databaseWaiting.set(waitingCount)
        return reply
          .type(registry.contentType)
          .serializer(String)
          .send(await registry.metrics())
      },
    )

    app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  }
}

/** Throws {@link NotReady} where what is wrong is known. */
async function checkDatabase(database: Database): Promise<void> {
  try {
    await checkWritable(database)
  } catch (error) {
    const isGone = (error as { code?: unknown }).code === 'ECONNREFUSED'
    const trouble = isGone ? 'it does not run: nothing listens there' : databaseTroubleOf(error)
    throw trouble === null ? error : new NotReady(trouble, { cause: error })
  }
}

type CheckResult = NonNullable<Health['checks']>[number]

async function runCheck({ name, check }: ReadinessCheck, { wall, log }: ApiOptions): Promise<CheckResult> {
  const startedAt = wall.now()
  const result = (ok: boolean, detail: string | null) => ({
    name,
    ok,
    detail,
    seconds: Math.max(0, wall.now() - startedAt) / 1_000,
  })
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_SECONDS_MAX * 1_000)
  })
  try {
    return result(true, await Promise.race([check(), tooLate]))
  } catch (error) {
    log.warn({ error, check: name }, 'a readiness check failed')
    const isKnown = error instanceof NotReady
    return result(false, isKnown ? error.message : 'does not answer; the log has the details')
  } finally {
    clearTimeout(timer)
  }
}
