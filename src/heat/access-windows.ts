import type { Instant } from '../domain/clock.ts'
import { MINUTE } from '../domain/duration.ts'

/** 60 minutes and the one that has begun. */
export const MINUTES_KEPT = 61
/** 96 quarters of an hour and the one that has begun. */
export const QUARTERS_KEPT = 97
const MINUTES_PER_QUARTER = 15
/** Counts stop here instead of wrapping: 4.3 billion reads of one object in one bucket. */
const COUNT_MAX = 0xffff_ffff

/**
 * When an object was read during the last day: two rings of counts, one per minute and one per quarter of an
 * hour, both ending at `headMinute`. A bucket is the number of minutes (quarters) since 1970.
 *
 * Adding a read to a bucket moves the head forward or lands in a kept bucket; a read older than the ring is
 * ignored. The result does not depend on the order of reads: what is kept is what lies within the ring's
 * length of the newest.
 */
export interface AccessRings {
  headMinute: number
  /** Index: minute modulo {@link MINUTES_KEPT}. */
  readonly minutes: Uint32Array
  /** Index: quarter modulo {@link QUARTERS_KEPT}. */
  readonly quarters: Uint32Array
}

/** How many reads there were during the last hour and the last day. */
export interface AccessWindows {
  readonly access1h: number
  readonly access24h: number
}

/** The windows of an object nobody read during the last day. */
export const NO_ACCESSES: AccessWindows = { access1h: 0, access24h: 0 }

export function emptyRings(): AccessRings {
  return {
    headMinute: 0,
    minutes: new Uint32Array(MINUTES_KEPT),
    quarters: new Uint32Array(QUARTERS_KEPT),
  }
}

/** The bucket of a moment: minutes since 1970. */
export function minuteOf(at: Instant): number {
  return Math.floor(at / MINUTE)
}

export function quarterOf(minute: number): number {
  return Math.floor(minute / MINUTES_PER_QUARTER)
}

/** Counts reads in one minute, in place. Ignored where the minute is older than the ring. */
export function addReads(rings: AccessRings, minute: number, reads: number): void {
  if (minute > rings.headMinute) advanceHead(rings, minute)
  if (minute > rings.headMinute - MINUTES_KEPT) saturatingAdd(rings.minutes, minute % MINUTES_KEPT, reads)
  const quarter = quarterOf(minute)
  if (quarter > quarterOf(rings.headMinute) - QUARTERS_KEPT)
    saturatingAdd(rings.quarters, quarter % QUARTERS_KEPT, reads)
}

/**
 * The sliding windows at a moment: every read of the last 60 minutes (24 hours), and those of the at most
 * one minute (quarter) before that share a bucket with them. True at any moment without rewriting anything:
 * buckets that slid out are left out when counting.
 */
export function accessWindowsAt(rings: AccessRings, at: Instant): AccessWindows {
  const nowMinute = minuteOf(at)
  return {
    access1h: sumSince(rings.minutes, rings.headMinute, nowMinute - MINUTES_KEPT + 1),
    access24h: sumSince(
      rings.quarters,
      quarterOf(rings.headMinute),
      quarterOf(nowMinute) - QUARTERS_KEPT + 1,
    ),
  }
}

function advanceHead(rings: AccessRings, minute: number): void {
  clearBetween(rings.minutes, rings.headMinute, minute)
  clearBetween(rings.quarters, quarterOf(rings.headMinute), quarterOf(minute))
  rings.headMinute = minute
}

function clearBetween(ring: Uint32Array, oldHead: number, newHead: number): void {
  if (newHead - oldHead >= ring.length) {
    ring.fill(0)
    return
  }
  for (let bucket = oldHead + 1; bucket <= newHead; bucket++) ring[bucket % ring.length] = 0
}

function saturatingAdd(ring: Uint32Array, index: number, reads: number): void {
  ring[index] = Math.min(ring[index]! + reads, COUNT_MAX)
}

/** Buckets from `first` to the head; the head itself may be ahead of the moment asked for. */
function sumSince(ring: Uint32Array, head: number, first: number): number {
  let sum = 0
  for (let bucket = Math.max(first, head - ring.length + 1, 0); bucket <= head; bucket++)
    sum += ring[bucket % ring.length]!
  return sum
}
