import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { resumeMigrations, stopMigrations } from '../../database/migrations/migration-holds.ts'
import { inTransaction } from '../../database/postgres.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { timeText } from '../present.ts'
import { readQueueStatus } from '../queue-status.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { stopRequestSchema } from '../schemas/pause.ts'
import { queueStatusSchema } from '../schemas/queue.ts'

/** Who or what an activity about every migration is about. */
const ALL = 'all'

/** The queue of migrations as a whole: how far it is, and the switch that stops all of it. */
export function queueRoutes({ database, wall }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/migrations/status',
      {
        schema: {
          operationId: 'getQueueStatus',
          summary: 'The queue of migrations: how much, how fast, until when, and what keeps it',
          tags: ['migrations'],
          response: { 200: queueStatusSchema },
        },
      },
      () => readQueueStatus(database, wall.now()),
    )

    app.post(
      '/v1/migrations/stop',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'stopMigrations',
          summary: 'Stop every migration everywhere until somebody resumes them; the first reason stays',
          tags: ['migrations'],
          headers: idempotencyHeadersSchema,
          body: stopRequestSchema,
          response: { 200: queueStatusSchema },
        },
      },
      async request => {
        const { reason } = request.body
        await inTransaction(database, async connection => {
          const { isNew } = await stopMigrations(connection, {
            reason,
            principal: callerOf(request).principal,
          })
          await recordActivity(connection, request, 'migrations.stopped', ALL, { reason, isNew })
        })
        return readQueueStatus(database, wall.now())
      },
    )

    app.post(
      '/v1/migrations/resume',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'resumeMigrations',
          summary:
            'Let migrations go on that were stopped all at once; what is paused by itself stays paused',
          tags: ['migrations'],
          headers: idempotencyHeadersSchema,
          response: { 200: queueStatusSchema },
        },
      },
      async request => {
        await inTransaction(database, async connection => {
          const ended = await resumeMigrations(connection)
          if (ended === null) return
          await recordActivity(connection, request, 'migrations.resumed', ALL, {
            reason: ended.reason,
            stoppedAt: timeText(ended.stoppedAt),
            stoppedBy: ended.principal,
          })
        })
        return readQueueStatus(database, wall.now())
      },
    )
  }
}
