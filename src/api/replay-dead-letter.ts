import type { FastifyRequest } from 'fastify'
import {
  type DeadLetterWithPayload,
  insertDeadLetters,
  lockDeadLetter,
  noteDeadLetterReason,
  noteDeadLetterReplayed,
} from '../database/accesses/dead-letters.ts'
import { inTransaction } from '../database/postgres.ts'
import type { AccessEvent } from '../domain/access-event.ts'
import { newId } from '../domain/identifiers.ts'
import { BATCH_EVENTS_MAX, partitionOf } from '../events/access-event-log.ts'
import { callerOf } from './authentication.ts'
import type { ApiOptions } from './context.ts'
import { ApiError, notFound } from './problems.ts'
import { recordActivity } from './record-activity.ts'

/** What a replay did. */
export interface Replayed {
  readonly letter: DeadLetterWithPayload
  /** Events put into the log now; 0 when that had been done before, or the payload is still malformed. */
  readonly events: number
}

/**
 * Reads a dead letter anew and puts what it holds into the event log; what is still malformed stays or
 * becomes a dead letter with its present reason.
 *
 * Each event counts once, however often this is asked for and wherever it dies: the letter's row is held
 * meanwhile, and it is the letter that numbers its events, so that ingest knows a repeated append.
 */
export async function replayDeadLetter(
  { database, events: log }: Pick<ApiOptions, 'database' | 'events'>,
  request: FastifyRequest,
  id: string,
): Promise<Replayed> {
  return inTransaction(database, async connection => {
    const letter = await lockDeadLetter(connection, id)
    if (letter === null) throw notFound('dead letter', id)
    if (letter.replayedAt !== null) return { letter, events: 0 }
    if (letter.source !== log.name)
      throw new ApiError('conflict', `it came from ${letter.source}, which is not read here`)
    const { events, malformed } = log.reread(letter.payload)
    if (events.length === 0) {
      const reason = malformed[0]?.reason ?? 'it holds no event'
      await recordActivity(connection, request, 'dead-letter.still-malformed', id, { reason })
      return { letter: await noteDeadLetterReason(connection, id, reason), events: 0 }
    }
    await log.append(batchesOf(id, events, log.partitionCount))
    const { source, partition, logOffset } = letter
    const { principal } = callerOf(request)
    await insertDeadLetters(
      connection,
      malformed.map(one => ({ ...one, id: newId(), source, partition, logOffset, principal })),
    )
    await recordActivity(connection, request, 'dead-letter.replayed', id, {
      events: events.length,
      stillMalformed: malformed.length,
    })
    return { letter: await noteDeadLetterReplayed(connection, id), events: events.length }
  })
}

/** One batch per partition, numbered by the letter. Throws when a letter holds more than a batch may. */
function batchesOf(letterId: string, events: readonly AccessEvent[], partitionCount: number) {
  const byPartition = Map.groupBy(events, event => partitionOf(event.objectId, partitionCount))
  return [...byPartition].map(([partition, inPartition]) => {
    if (inPartition.length > BATCH_EVENTS_MAX)
      throw new ApiError('conflict', `it holds more than ${BATCH_EVENTS_MAX} events of one partition`)
    return { partition, bootId: letterId, firstSequence: 1, events: inPartition }
  })
}
