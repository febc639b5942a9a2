import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type ActivityRow, listActivities } from '../../database/people/activities.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { timeText } from '../present.ts'
import { type ActivityResource, activitySchema } from '../schemas/activity.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'

const LIST = ['activity']
const position = z.tuple([z.int()])

/** What people saw happen: the pages behind the live stream. */
export function activityRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/activity',
      {
        schema: {
          operationId: 'listActivity',
          summary: 'What happened, newest first',
          tags: ['activity'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(activitySchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [beforeId] = decodeCursor(LIST, position, cursor) ?? [null]
        const rows = await listActivities(database, { beforeId, limit: limit + 1 })
        return toPage(rows, limit, presentActivity, last => encodeCursor(LIST, [last.id]))
      },
    )
  }
}

/** An activity as answers and the live stream show it. */
export function presentActivity(activity: ActivityRow): ActivityResource {
  return {
    id: activity.id,
    at: timeText(activity.at),
    kind: activity.kind,
    subject: activity.subject,
    detail: { ...activity.detail },
    principal: activity.principal,
  }
}
