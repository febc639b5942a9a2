import type { SSEMessage } from '@fastify/sse'
import { fastifySSE } from '@fastify/sse'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type ActivityRow, listActivitiesAfter } from '../../database/people/activities.ts'
import type { ApiOptions } from '../context.ts'
import type { ActivityFeed } from '../live/activity-feed.ts'
import { StreamClient, type StreamMessage } from '../live/stream-client.ts'
import type { OverviewSampler } from '../overview/overview-sampler.ts'
import { ApiError } from '../problems.ts'
import { presentActivity } from './activity.ts'

const HEARTBEAT_MS = 15_000
/** A client that missed more than this is told to load everything again. */
const RESUME_MAX = 500
const RETRY_AFTER_SECONDS = 5

/** The live stream: activity as it happens, resumable, and the overview once a second. */
export function streamRoutes(
  options: ApiOptions,
  live: { feed: ActivityFeed; sampler: OverviewSampler },
): FastifyPluginAsyncZod {
  const { config, database, metrics } = options
  const clients = new Set<StreamClient>()

  return async app => {
    await app.register(fastifySSE, { heartbeatInterval: HEARTBEAT_MS })
    // Streams never end by themselves, and a server waits for its answers before it closes.
    app.addHook('preClose', async () => {
      for (const client of clients) client.close()
    })

    app.get(
      '/v1/stream',
      {
        sse: 'only',
        schema: {
          operationId: 'openStream',
          summary: 'Server-sent events: activity (resumed by Last-Event-ID) and overview once a second',
          tags: ['stream'],
          response: { 200: z.string().meta({ description: 'text/event-stream' }) },
        },
      },
      async (request, reply) => {
        if (clients.size >= config.streamClientsMax)
          throw new ApiError('overloaded', `${clients.size} clients are connected already`, {
            retryAfterSeconds: RETRY_AFTER_SECONDS,
          })
        const lastEventId = parseLastEventId(request.headers['last-event-id'])
        const client = new StreamClient()
        const unsubscribe = await subscribe(client, lastEventId)
        clients.add(client)
        metrics.streamClients.set(clients.size)
        reply.sse.onClose(() => client.close())
        try {
          // Sent at once, not with the first event, so that clients know they are connected.
          reply.sse.sendHeaders()
          reply.raw.flushHeaders()
          await reply.sse.send(formatted(client))
        } finally {
          unsubscribe()
          clients.delete(client)
          metrics.streamClients.set(clients.size)
          reply.sse.close()
        }
      },
    )
  }

  /** Subscribes first and reads what was missed then, so that nothing falls in between. */
  async function subscribe(client: StreamClient, lastEventId: number | null): Promise<() => void> {
    const held: ActivityRow[] = []
    let resumed = false
    const leaveFeed = live.feed.subscribe(activities => {
      for (const activity of activities)
        if (resumed) client.push({ kind: 'activity', activity })
        else held.push(activity)
    })
    const leaveSampler = live.sampler.subscribe(tick => client.pushTick(tick))
    try {
      const upTo = live.feed.lastId
      if (lastEventId !== null && lastEventId < upTo) {
        const missed = await listActivitiesAfter(database, lastEventId, RESUME_MAX + 1)
        if (missed.length > RESUME_MAX) client.push({ kind: 'reset' })
        else
          for (const activity of missed.filter(row => row.id <= upTo))
            client.push({ kind: 'activity', activity })
      }
      resumed = true
      for (const activity of held) client.push({ kind: 'activity', activity })
    } catch (error) {
      leaveFeed()
      leaveSampler()
      throw error
    }
    return () => {
      leaveFeed()
      leaveSampler()
    }
  }
}

function parseLastEventId(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string' || header === '') return null
  if (!/^\d{1,15}$/.test(header))
    throw new ApiError('invalid-request', 'Last-Event-ID is not an id of this stream')
  return Number(header)
}

async function* formatted(client: StreamClient): AsyncGenerator<SSEMessage, void, void> {
  for await (const message of client.messages()) yield format(message)
}

function format(message: StreamMessage): SSEMessage {
  switch (message.kind) {
    case 'activity':
      return {
        id: String(message.activity.id),
        event: 'activity',
        data: presentActivity(message.activity),
      }
    case 'overview':
      return { event: 'overview', data: message.tick }
    case 'reset':
      return { event: 'reset', data: {} }
    default:
      throw new Error(`unknown message ${message satisfies never}`)
  }
}
