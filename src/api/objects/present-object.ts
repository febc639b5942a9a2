import type { AccessDayRow } from '../../database/accesses/access-daily.ts'
import type { CopyDetailRow, ObjectDetailRow } from '../../database/catalog/object-detail.ts'
import type { FoundObject } from '../../database/catalog/object-search.ts'
import type { Instant } from '../../domain/clock.ts'
import { DAY } from '../../domain/duration.ts'
import { accessWindowsAt, NO_ACCESSES } from '../../heat/access-windows.ts'
import { heatReadingAt } from '../../heat/heat-reading.ts'
import { decodeRings } from '../../heat/ring-encoding.ts'
import { optionalTimeText, timeText } from '../present.ts'
import { LIST_DAYS, type ObjectDetail, type ObjectSummary } from '../schemas/object.ts'

/**
 * An object as lists show it at a moment of the model clock, with its reads since {@link firstDayOf} the
 * list.
 */
export function presentListedObject(
  found: FoundObject,
  facts: { windowRings: Uint8Array | null; accessDays: readonly AccessDayRow[] },
  now: Instant,
): ObjectSummary {
  const first = firstDayOf(LIST_DAYS, now)
  const dailyReads = facts.accessDays.length === 0 ? [] : new Array<number>(LIST_DAYS).fill(0)
  for (const { day, reads } of facts.accessDays) if (day < first + LIST_DAYS) dailyReads[day - first] = reads
  return { ...presentObject(found, facts.windowRings, now), dailyReads }
}

function presentObject(
  found: FoundObject,
  windowRings: Uint8Array | null,
  now: Instant,
): Omit<ObjectSummary, 'dailyReads'> {
  const reading = heatReadingAt({ heat: found.heat, windowRings }, now)
  const windows = windowRings === null ? NO_ACCESSES : accessWindowsAt(decodeRings(windowRings), now)
  return {
    id: found.id,
    bucket: found.bucketName,
    key: found.key,
    generation: found.generation,
    size: found.size,
    contentType: found.contentType,
    lastModifiedAt: timeText(found.lastModified),
    location: referenceOf(found.locationId, found.locationName),
    tier: found.tier,
    state: found.state,
    latencySlaMs: found.latencySlaMs,
    heat: {
      score: reading.heatScore,
      perDay: reading.readsPerDay['3d'],
      access1h: windows.access1h,
      access24h: windows.access24h,
      reads: found.heat?.reads ?? 0,
      writes: found.heat?.writes ?? 0,
      bytesRead: found.heat?.bytesRead ?? 0,
      firstAccessAt: optionalTimeText(found.heat?.firstAccessAt ?? null),
      lastAccessAt: optionalTimeText(found.heat?.lastAccessAt ?? null),
    },
  }
}

/** Everything about one object at a moment of the model clock. */
export function presentObjectDetail(
  facts: {
    detail: ObjectDetailRow
    copies: readonly CopyDetailRow[]
    windowRings: Uint8Array | null
    accessDays: readonly AccessDayRow[]
  },
  days: number,
  now: Instant,
): ObjectDetail {
  const { detail } = facts
  return {
    ...presentObject(detail, facts.windowRings, now),
    placementVersion: detail.placementVersion,
    etag: detail.etag,
    sha256: detail.sha256,
    sha256Source: detail.sha256Source,
    crc64nvme: detail.crc64nvme,
    metadata: { ...detail.metadata },
    tags: { ...detail.tags },
    pinnedLocation: referenceOf(detail.pinnedLocationId, detail.pinnedLocationName),
    pinnedUntil: optionalTimeText(detail.pinnedUntil),
    quarantinedBecause: detail.quarantinedBecause,
    copies: facts.copies.map(presentCopy),
    daily: dailyWithoutGaps(facts.accessDays, days, now),
    migrationId: detail.migrationId,
    nextReviewAt: optionalTimeText(detail.reviewAt),
    nextReviewReason: detail.reviewReason,
    createdAt: timeText(detail.createdAt),
    principal: detail.principal,
  }
}

/** The first of the last `days` days of the model clock, as days since 1970. */
export function firstDayOf(days: number, now: Instant): number {
  return Math.floor(now / DAY) - days + 1
}

function dailyWithoutGaps(rows: readonly AccessDayRow[], days: number, now: Instant): ObjectDetail['daily'] {
  const byDay = new Map(rows.map(row => [row.day, row]))
  const first = firstDayOf(days, now)
  return Array.from({ length: days }, (_, index) => {
    const found = byDay.get(first + index)
    return {
      day: timeText((first + index) * DAY).slice(0, 10),
      reads: found?.reads ?? 0,
      bytes: found?.bytes ?? 0,
    }
  })
}

function presentCopy(copy: CopyDetailRow): ObjectDetail['copies'][number] {
  return {
    id: copy.id,
    location: { id: copy.locationId, name: copy.locationName },
    tier: copy.tier,
    state: copy.state,
    isPrimary: copy.isPrimary,
    generation: copy.generation,
    size: copy.size,
    nativeKey: copy.nativeKey,
    storeEtag: copy.etag,
    storeVersionId: copy.versionId,
    enteredAt: timeText(copy.enteredAt),
    graceUntil: optionalTimeText(copy.graceUntil),
    verifiedAt: optionalTimeText(copy.verifiedAt),
  }
}

function referenceOf(id: string | null, name: string | null): { id: string; name: string } | null {
  return id === null ? null : { id, name: name ?? id }
}
