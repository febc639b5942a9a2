import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import PQueue from 'p-queue'
import { z } from 'zod'
import {
  type DeadLetter,
  deleteDeadLetter,
  findDeadLetter,
  listDeadLetters,
  lockDeadLetter,
} from '../../database/accesses/dead-letters.ts'
import { listIngestProgress, readObjectNames } from '../../database/accesses/event-progress.ts'
import { readIngestLag } from '../../database/accesses/ingest-partitions.ts'
import { listLocations } from '../../database/catalog/locations.ts'
import { inTransaction } from '../../database/postgres.ts'
import type { LoggedAccess } from '../../events/access-event-source.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { optionalTimeText, timeText } from '../present.ts'
import { notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { replayDeadLetter } from '../replay-dead-letter.ts'
import {
  type AccessEventResource,
  type DeadLetterResource,
  deadLetterDetailSchema,
  deadLetterReplaySchema,
  deadLetterSchema,
  eventLagSchema,
  eventTailQuerySchema,
  eventTailSchema,
} from '../schemas/event.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { PAGE_LIMIT_MAX, pageOf, pageQuerySchema } from '../schemas/page.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'

const LIST = ['dead-letters']
const position = z.tuple([z.iso.datetime(), idSchema])

/** Access events: the newest ones, how far they are read, and those nobody could read. */
export function eventsRoutes({ database, events }: ApiOptions): FastifyPluginAsyncZod {
  /** One after the other: each needs a second connection of the pool while it holds one. */
  const replays = new PQueue({ concurrency: 1 })
  return async app => {
    app.get(
      '/v1/events',
      {
        schema: {
          operationId: 'tailEvents',
          summary: 'The newest access events',
          tags: ['events'],
          querystring: eventTailQuerySchema,
          response: { 200: eventTailSchema },
        },
      },
      async request => ({ items: await newestEvents(request.query.limit) }),
    )

    app.get(
      '/v1/events/lag',
      {
        schema: {
          operationId: 'getEventLag',
          summary: 'How far the event log is read, per partition',
          tags: ['events'],
          response: { 200: eventLagSchema },
        },
      },
      async () => {
        const [lag, progress, ends] = await Promise.all([
          readIngestLag(database, events.name),
          listIngestProgress(database),
          events.endOffsets(),
        ])
        return {
          lagSeconds: Math.max(0, ...lag.map(partition => partition.seconds)),
          lagMessages: lag.reduce((sum, partition) => sum + partition.events, 0),
          partitions: progress.map(({ lastEventAt, lastAppliedAt, ...partition }) => {
            const endOffset =
              partition.source === events.name
                ? (ends.get(partition.partition) ?? partition.nextOffset)
                : partition.nextOffset
            return {
              ...partition,
              endOffset,
              lagMessages: Math.max(0, endOffset - partition.nextOffset),
              lastEventAt: optionalTimeText(lastEventAt),
              lastAppliedAt: optionalTimeText(lastAppliedAt),
            }
          }),
        }
      },
    )

    app.get(
      '/v1/dead-letters',
      {
        schema: {
          operationId: 'listDeadLetters',
          summary: 'What could not be understood, newest first, with the reason',
          tags: ['events'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(deadLetterSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [receivedAt, id] = decodeCursor(LIST, position, cursor) ?? []
        const rows = await listDeadLetters(database, {
          limit: limit + 1,
          ...(receivedAt === undefined || id === undefined
            ? {}
            : { before: { receivedAt: new Date(receivedAt), id } }),
        })
        return toPage(rows, limit, presentDeadLetter, last =>
          encodeCursor(LIST, [timeText(last.receivedAt), last.id]),
        )
      },
    )

    app.get(
      '/v1/dead-letters/:id',
      {
        schema: {
          operationId: 'getDeadLetter',
          summary: 'One dead letter with its whole payload',
          tags: ['events'],
          params: idParametersSchema,
          response: { 200: deadLetterDetailSchema },
        },
      },
      async request => {
        const letter = await findDeadLetter(database, request.params.id)
        if (letter === null) throw notFound('dead letter', request.params.id)
        const { payload, replayedAt } = letter
        const replayableEvents = replayedAt === null ? events.reread(payload).events.length : 0
        return { ...presentDeadLetter({ ...letter, payloadStart: payload }), replayableEvents }
      },
    )

    app.post(
      '/v1/dead-letters/:id/replay',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'replayDeadLetter',
          summary: 'Read a dead letter anew and put its events into the log; each counts once',
          tags: ['events'],
          headers: idempotencyHeadersSchema,
          params: idParametersSchema,
          response: { 200: deadLetterReplaySchema },
        },
      },
      async request => {
        const { id } = request.params
        const replayed = await replays.add(() => replayDeadLetter({ database, events }, request, id))
        return { ...presentDeadLetter(replayed.letter), replayedEvents: replayed.events }
      },
    )

    app.delete(
      '/v1/dead-letters/:id',
      {
        schema: {
          operationId: 'discardDeadLetter',
          summary: 'Forget a dead letter and its payload',
          tags: ['events'],
          params: idParametersSchema,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        await inTransaction(database, async connection => {
          const letter = await lockDeadLetter(connection, id)
          if (letter === null) throw notFound('dead letter', id)
          await deleteDeadLetter(connection, id)
          const { reason, source, payloadBytes } = letter
          await recordActivity(connection, request, 'dead-letter.discarded', id, {
            reason,
            source,
            payloadBytes,
          })
        })
        return reply.code(204).send(null)
      },
    )
  }

  /** The ends of all partitions, merged by time: a window on the log that changes nothing in it. */
  async function newestEvents(limit: number): Promise<AccessEventResource[]> {
    const ends = [...(await events.endOffsets())]
    const tails = await Promise.all(
      ends.map(([partition, end]) => events.fetch(partition, Math.max(0, end - limit), limit)),
    )
    const newest = tails
      .flatMap(tail => tail.accesses)
      .sort((a, b) => b.event.at - a.event.at || b.offset - a.offset)
      .slice(0, limit)
    return namedEvents(newest)
  }

  async function namedEvents(accesses: readonly LoggedAccess[]): Promise<AccessEventResource[]> {
    const [names, locations] = await Promise.all([
      readObjectNames(
        database,
        accesses.map(access => access.event.objectId),
      ),
      listLocations(database, { afterName: null, limit: PAGE_LIMIT_MAX }),
    ])
    const locationNames = new Map(locations.map(location => [location.id, location.name]))
    return accesses.map(({ event }) => ({
      objectId: event.objectId,
      bucket: names.get(event.objectId)?.bucket ?? null,
      key: names.get(event.objectId)?.key ?? null,
      operation: event.operation,
      at: timeText(event.at),
      bytes: event.bytes,
      readerClass: event.readerClass,
      location: event.locationId === null ? null : (locationNames.get(event.locationId) ?? event.locationId),
    }))
  }
}

function presentDeadLetter(letter: DeadLetter): DeadLetterResource {
  const text = letter.payloadStart.toString('utf8')
  const isText = !text.includes('\ufffd') && !text.includes('\0')
  return {
    id: letter.id,
    source: letter.source,
    partition: letter.partition,
    offset: letter.logOffset,
    reason: letter.reason,
    payload: isText ? text : letter.payloadStart.toString('base64'),
    payloadEncoding: isText ? 'utf-8' : 'base64',
    payloadBytes: letter.payloadBytes,
    receivedAt: timeText(letter.receivedAt),
    replayedAt: optionalTimeText(letter.replayedAt),
  }
}
