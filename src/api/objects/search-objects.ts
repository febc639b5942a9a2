import { z } from 'zod'
import { readAccessDays } from '../../database/accesses/access-daily.ts'
import { readAccessWindows } from '../../database/accesses/access-windows.ts'
import { findBucketByName } from '../../database/catalog/buckets.ts'
import {
  type FoundObject,
  type ObjectSearch,
  SearchTimeoutError,
  searchObjects,
} from '../../database/catalog/object-search.ts'
import type { Instant } from '../../domain/clock.ts'
import { HEAT_3D, HEAT_LANDMARK, lnHeatOfRate } from '../../heat/forward-decay.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { ApiError, notFound } from '../problems.ts'
import { LIST_DAYS, type ObjectSummary, type objectQuerySchema } from '../schemas/object.ts'
import { firstDayOf, presentListedObject } from './present-object.ts'

type ObjectQuery = z.output<typeof objectQuerySchema>

const position = z.tuple([z.union([z.string(), z.number()]), z.string()])

/**
 * One page of objects. A search by key follows an index; every other order, and filters that hardly anything
 * matches, look at all objects of the bucket and prefix, so a search is given up after `searchSecondsMax`.
 */
export async function searchPage(
  query: ObjectQuery,
  { database, clock, config }: Pick<ApiOptions, 'database' | 'clock' | 'config'>,
): Promise<{ items: ObjectSummary[]; nextCursor: string | null }> {
  const now = clock.now()
  const { cursor, limit, ...filters } = query
  const list = ['objects', filters]
  const search: ObjectSearch = {
    bucketId: await bucketIdOf(query.bucket, database),
    prefix: query.prefix ?? null,
    tier: query.tier ?? null,
    location: query.location ?? null,
    state: query.state ?? null,
    lnHeat3dMin: lnHeatMinOf(query.minHeat, now),
    sort: query.sort,
    after: decodeCursor(list, position, cursor),
    now,
    limit: limit + 1,
  }
  const rows = await withinSeconds(config.searchSecondsMax, database, search)
  // Nobody has read the others.
  const objectIds = rows.slice(0, limit).flatMap(row => (row.heat === null ? [] : [row.id]))
  const rings = await readAccessWindows(database, objectIds)
  const accessDays = await readAccessDays(database, { objectIds, firstDay: firstDayOf(LIST_DAYS, now) })
  const daysById = Map.groupBy(accessDays, row => row.objectId)
  return toPage(
    rows,
    limit,
    row =>
      presentListedObject(
        row,
        { windowRings: rings.get(row.id) ?? null, accessDays: daysById.get(row.id) ?? [] },
        now,
      ),
    last => encodeCursor(list, positionOf(last, query.sort)),
  )
}

async function withinSeconds(
  seconds: number,
  database: ApiOptions['database'],
  search: ObjectSearch,
): Promise<FoundObject[]> {
  try {
    return await searchObjects(database, search, seconds)
  } catch (error) {
    if (!(error instanceof SearchTimeoutError)) throw error
    throw new ApiError(
      'search-too-broad',
      `stopped after ${seconds} s: name a bucket and a prefix, or sort by key`,
      { cause: error },
    )
  }
}

async function bucketIdOf(
  name: string | undefined,
  database: ApiOptions['database'],
): Promise<string | null> {
  if (name === undefined) return null
  const bucket = await findBucketByName(database, name)
  if (bucket === null) throw notFound('bucket', name)
  return bucket.id
}

/** Stored heat is compared without decaying it: the threshold is carried back to the landmark instead. */
function lnHeatMinOf(readsPerDay: number | undefined, now: Instant): number | null {
  if (readsPerDay === undefined || readsPerDay === 0) return null
  return lnHeatOfRate(HEAT_3D, readsPerDay) + HEAT_3D.decayPerMs * (now - HEAT_LANDMARK)
}

function positionOf(last: FoundObject, sort: ObjectQuery['sort']): [string | number, string] {
  return sort === 'key' ? [last.bucketId, last.key] : [last.sortValue, last.id]
}
