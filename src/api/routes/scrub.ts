import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { inTransaction } from '../../database/postgres.ts'
import {
  countDueCopies,
  pauseScrubbing,
  readScrubStatus,
  type ScrubStatusRow,
  startScrubbing,
} from '../../database/upkeep/scrub-turn.ts'
import type { Instant } from '../../domain/clock.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { timeText } from '../present.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { pauseRequestSchema } from '../schemas/pause.ts'
import { type ScrubStatus, scrubStatusSchema } from '../schemas/scrub.ts'
import { spareRead } from '../spared-read.ts'

/** Who or what an activity about the scrubber is about. */
const ALL = 'all'

/** The scrubber: how far it is, and whether it may work. */
export function scrubRoutes({ clock, database, wall }: ApiOptions): FastifyPluginAsyncZod {
  // Every open dashboard asks every few seconds.
  const dueCopies = spareRead(wall, () => countDueCopies(database, clock.now()))
  const status = async () => {
    const [row, due] = await Promise.all([readScrubStatus(database), dueCopies()])
    return presentStatus(row, due, wall.now())
  }
  return async app => {
    app.get(
      '/v1/scrub',
      {
        schema: {
          operationId: 'getScrubStatus',
          summary: 'The scrubber: what it compared with the catalog, what that cost, what it found',
          tags: ['scrub'],
          response: { 200: scrubStatusSchema },
        },
      },
      status,
    )

    app.post(
      '/v1/scrub/pause',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'pauseScrub',
          summary: 'Look at no more copies until somebody starts the scrubber; repairs go on',
          tags: ['scrub'],
          headers: idempotencyHeadersSchema,
          body: pauseRequestSchema,
          response: { 200: scrubStatusSchema },
        },
      },
      async request => {
        const { reason = null } = request.body
        await inTransaction(database, async connection => {
          const { principal } = callerOf(request)
          if (await pauseScrubbing(connection, { because: reason, principal }))
            await recordActivity(connection, request, 'scrub.paused', ALL, { reason })
        })
        return status()
      },
    )

    app.post(
      '/v1/scrub/start',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'startScrub',
          summary: 'Let the scrubber work where it was paused',
          tags: ['scrub'],
          headers: idempotencyHeadersSchema,
          response: { 200: scrubStatusSchema },
        },
      },
      async request => {
        await inTransaction(database, async connection => {
          if (await startScrubbing(connection))
            await recordActivity(connection, request, 'scrub.started', ALL)
        })
        return status()
      },
    )
  }
}

function presentStatus(
  { isRunning, oldestLookMs, pausedAt, pausedBecause, pausedBy, ...row }: ScrubStatusRow,
  dueCopies: number,
  now: Instant,
): ScrubStatus {
  const pause =
    pausedAt === null ? null : { at: timeText(pausedAt), reason: pausedBecause, principal: pausedBy }
  const today = new Date(now).toISOString().slice(0, 10)
  return {
    ...row,
    dueCopies,
    state: pause !== null ? 'paused' : isRunning ? 'working' : 'waiting',
    pause,
    today: row.today.day === '' ? { ...row.today, day: today } : row.today,
    days: [...row.days],
    oldestLookAt: oldestLookMs === null || oldestLookMs === 0 ? null : new Date(oldestLookMs).toISOString(),
  }
}
