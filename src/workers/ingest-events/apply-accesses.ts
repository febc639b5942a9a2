import { addAccessDays } from '../../database/accesses/access-daily.ts'
import {
  type AccessWindowRow,
  readAccessWindows,
  writeAccessWindows,
} from '../../database/accesses/access-windows.ts'
import { insertDeadLetters } from '../../database/accesses/dead-letters.ts'
import {
  advanceIngestPartition,
  raiseBootMarks,
  readBootMarks,
} from '../../database/accesses/ingest-partitions.ts'
import { type HeatMerged, mergeObjectHeat } from '../../database/accesses/object-heat.ts'
import { type Connection, type Database, inTransaction } from '../../database/postgres.ts'
import type { Instant } from '../../domain/clock.ts'
import { newId, type ObjectId } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { FetchedAccesses } from '../../events/access-event-source.ts'
import { type FoldedAccesses, foldAccess, noAccesses, type ObjectAccesses } from '../../heat/fold-accesses.ts'
import { HEAT_3D, HEAT_LANDMARK } from '../../heat/forward-decay.ts'
import type { ReaderWeights } from '../../heat/reader-weights.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { dropRepetitions, type FreshAccesses } from './drop-repetitions.ts'
import type { PartitionHold } from './partition-hold.ts'
import { updateRings } from './update-rings.ts'

/** Another process has taken the partition: nothing of the stretch was applied by us. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
}

export interface ApplyOptions {
  readonly database: Database
  readonly source: string
  readonly leaseMs: number
  readonly weights: ReaderWeights
  readonly principal: Principal
  readonly log: Logger
}

/** What one stretch came to. */
export interface Applied extends HeatMerged {
  readonly applied: number
  readonly repeated: number
  readonly clampedFuture: number
  readonly clampedAncient: number
}

/** What one transaction writes: everything a stretch adds, in the order of object ids. */
interface Effects extends FreshAccesses {
  readonly folded: FoldedAccesses
  readonly objects: readonly (readonly [ObjectId, ObjectAccesses])[]
  readonly rings: readonly AccessWindowRow[]
}

/**
 * Applies a stretch of the log to counters, heat, windows, daily counts and reviews, and moves the position,
 * in one transaction. Reading and calculating come before it: the fence at its beginning proves that what was
 * read is still true (see {@link PartitionHold}).
 *
 * Throws a FencedError when the partition is no longer ours. After any throw the hold must be thrown away.
 */
export async function applyAccesses(
  options: ApplyOptions,
  hold: PartitionHold,
  fetched: FetchedAccesses,
  now: Instant,
): Promise<Applied> {
  const effects = await prepareEffects(options, hold, fetched, now)
  const merged = await inTransaction(options.database, connection =>
    writeEffects(connection, options, hold, fetched, effects, now),
  )
  hold.nextOffset = fetched.endOffset
  for (const [bootId, mark] of effects.marks) hold.bootMarks.set(bootId, mark)
  for (const row of effects.rings) hold.rings.set(row.objectId, row.rings)
  return {
    ...merged,
    applied: effects.fresh.length,
    repeated: effects.repeated,
    clampedFuture: effects.folded.clampedFuture,
    clampedAncient: effects.folded.clampedAncient,
  }
}

async function prepareEffects(
  options: ApplyOptions,
  hold: PartitionHold,
  fetched: FetchedAccesses,
  now: Instant,
): Promise<Effects> {
  const marksBefore = await knownBootMarks(options, hold, fetched)
  const freshAccesses = dropRepetitions(fetched.accesses, marksBefore)
  const folded = noAccesses()
  for (const { event } of freshAccesses.fresh) foldAccess(folded, event, { now, weights: options.weights })
  const objects = [...folded.objects].sort(([a], [b]) => (a < b ? -1 : 1))
  const stored = await storedRings(options, hold, objects)
  const rings = updateRings(
    objects,
    objectId => hold.rings.get(objectId) ?? stored.get(objectId),
    (objectId, error) => options.log.error({ error, objectId }, 'access windows could not be read'),
  )
  return { ...freshAccesses, folded, objects, rings }
}

async function knownBootMarks(
  options: ApplyOptions,
  hold: PartitionHold,
  fetched: FetchedAccesses,
): Promise<ReadonlyMap<string, number>> {
  const marks = new Map<string, number>()
  const unknown = new Set<string>()
  for (const { origin } of fetched.accesses) {
    if (marks.has(origin.bootId) || unknown.has(origin.bootId)) continue
    const mark = hold.bootMarks.get(origin.bootId)
    if (mark === undefined) unknown.add(origin.bootId)
    else marks.set(origin.bootId, mark)
  }
  if (unknown.size === 0) return marks
  const { partition } = hold.lease
  const read = await readBootMarks(options.database, { partition, bootIds: [...unknown] })
  return new Map([...marks, ...read])
}

async function storedRings(
  options: ApplyOptions,
  hold: PartitionHold,
  objects: Effects['objects'],
): Promise<ReadonlyMap<ObjectId, Uint8Array>> {
  const unknown = objects.flatMap(([objectId, { reads }]) =>
    reads > 0 && !hold.rings.has(objectId) ? [objectId] : [],
  )
  return unknown.length === 0 ? new Map() : readAccessWindows(options.database, unknown)
}

async function writeEffects(
  connection: Connection,
  options: ApplyOptions,
  hold: PartitionHold,
  fetched: FetchedAccesses,
  effects: Effects,
  now: Instant,
): Promise<HeatMerged> {
  const { partition, epoch } = hold.lease
  const { objects, rings, marks } = effects
  const advanced = await advanceIngestPartition(connection, {
    source: options.source,
    partition,
    epoch,
    start: hold.nextOffset,
    end: fetched.endOffset,
    leaseMs: options.leaseMs,
    lastEventMs: newestAccess(objects),
    eventsApplied: effects.fresh.length,
  })
  if (!advanced) throw new FencedError(`partition ${partition} of ${options.source} has another owner`)
  if (marks.size > 0) await raiseBootMarks(connection, { partition, marks })
  await insertDeadLetters(connection, deadLetters(options, partition, fetched))
  if (objects.length === 0) return { newObjects: 0, promotions: 0 }
  const days = objects.flatMap(([objectId, object]) => object.days.map(day => ({ objectId, ...day })))
  await writeAccessWindows(connection, rings)
  await addAccessDays(connection, days)
  return mergeObjectHeat(connection, {
    deltas: objects,
    decayPerMs3d: HEAT_3D.decayPerMs,
    landmark: HEAT_LANDMARK,
    now,
  })
}

function newestAccess(objects: Effects['objects']): Instant | null {
  if (objects.length === 0) return null
  return Math.floor(objects.reduce((newest, [, object]) => Math.max(newest, object.lastAccessAt), 0))
}

function deadLetters(options: ApplyOptions, partition: number, fetched: FetchedAccesses) {
  return fetched.malformed.map(malformed => ({
    id: newId(malformed.receivedAt),
    source: options.source,
    partition,
    logOffset: malformed.offset,
    reason: malformed.reason,
    payload: malformed.payload,
    principal: options.principal,
  }))
}
