import type { AccessEvent } from '../domain/access-event.ts'
import type { Instant } from '../domain/clock.ts'
import { DAY } from '../domain/duration.ts'
import type { ObjectId } from '../domain/identifiers.ts'
import { minuteOf } from './access-windows.ts'
import { admitInstant } from './admit-instant.ts'
import { addLnHeat, HEAT_3D, HEAT_6H, HEAT_30D, LN_HEAT_NONE, lnHeatOfAccess } from './forward-decay.ts'
import { accessCountsAs, type ReaderWeights } from './reader-weights.ts'

/** What a batch of accesses adds to one object. Adding it to what is stored is commutative. */
export interface ObjectAccesses {
  lnHeat6h: number
  lnHeat3d: number
  lnHeat30d: number
  reads: number
  writes: number
  bytesRead: number
  firstAccessAt: Instant
  lastAccessAt: Instant
  /** One entry per read: its minute since 1970. */
  readonly readMinutes: number[]
  readonly days: DayAccesses[]
}

/** Reads of one object on one model day. */
interface DayAccesses {
  /** Days since 1970. */
  readonly day: number
  reads: number
  bytes: number
}

/** A batch of accesses, folded per object. */
export interface FoldedAccesses {
  readonly objects: Map<ObjectId, ObjectAccesses>
  clampedFuture: number
  clampedAncient: number
}

export function noAccesses(): FoldedAccesses {
  return { objects: new Map(), clampedFuture: 0, clampedAncient: 0 }
}

/**
 * Adds one access to a fold, in place. `now` is the model time against which future accesses are judged.
 * Accesses may come in any order, and folding a batch is the same as folding its parts one after the other.
 */
export function foldAccess(
  fold: FoldedAccesses,
  event: AccessEvent,
  options: { now: Instant; weights: ReaderWeights },
): void {
  const weight = options.weights[event.readerClass]
  const countsAs = accessCountsAs(event.operation, weight)
  if (countsAs === 'nothing') return
  const { at, clamped } = admitInstant(event.at, options.now)
  if (clamped === 'future') fold.clampedFuture++
  else if (clamped === 'ancient') fold.clampedAncient++
  const object = accessesOf(fold, event.objectId)
  object.firstAccessAt = Math.min(object.firstAccessAt, at)
  object.lastAccessAt = Math.max(object.lastAccessAt, at)
  if (countsAs === 'write') object.writes++
  else addReadTo(object, at, weight, event.bytes)
}

function accessesOf(fold: FoldedAccesses, objectId: ObjectId): ObjectAccesses {
  let object = fold.objects.get(objectId)
  if (object === undefined) {
    object = {
      lnHeat6h: LN_HEAT_NONE,
      lnHeat3d: LN_HEAT_NONE,
      lnHeat30d: LN_HEAT_NONE,
      reads: 0,
      writes: 0,
      bytesRead: 0,
      firstAccessAt: Number.POSITIVE_INFINITY,
      lastAccessAt: Number.NEGATIVE_INFINITY,
      readMinutes: [],
      days: [],
    }
    fold.objects.set(objectId, object)
  }
  return object
}

function addReadTo(object: ObjectAccesses, at: Instant, weight: number, bytes: number): void {
  object.lnHeat6h = addLnHeat(object.lnHeat6h, lnHeatOfAccess(HEAT_6H, at, weight))
  object.lnHeat3d = addLnHeat(object.lnHeat3d, lnHeatOfAccess(HEAT_3D, at, weight))
  object.lnHeat30d = addLnHeat(object.lnHeat30d, lnHeatOfAccess(HEAT_30D, at, weight))
  object.reads++
  object.bytesRead += bytes
  object.readMinutes.push(minuteOf(at))
  const day = Math.floor(at / DAY)
  const sameDay = object.days.find(entry => entry.day === day)
  if (sameDay === undefined) object.days.push({ day, reads: 1, bytes })
  else {
    sameDay.reads++
    sameDay.bytes += bytes
  }
}
