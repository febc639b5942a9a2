import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import {
  holdForRetirement,
  type RetirementRow,
  readRetirement,
  reinstateLocation,
  retireLocation,
} from '../../database/catalog/location-retirement.ts'
import { findLocation, type LocationRow } from '../../database/catalog/locations.ts'
import { findCurrentPriceBook } from '../../database/placement/price-books.ts'
import { requestReviews } from '../../database/placement/review-sweeps.ts'
import { inTransaction } from '../../database/postgres.ts'
import type { LocationPrice } from '../../domain/price.ts'
import { restoreUsd } from '../../placement/cost/placement-cost.ts'
import { restoreHoursAt } from '../../placement/price-options.ts'
import type { StoreCapabilities } from '../../stores/object-store.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { timeText } from '../present.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { type Retirement, retirementSchema } from '../schemas/retirement.ts'
import { idParametersSchema } from '../schemas/values.ts'
import { capabilitiesReader } from '../store-capabilities.ts'

/** Buckets named in a refusal; the others are counted. */
const NAMED_BUCKETS_MAX = 10

/** Emptying a location: what it would cost, its beginning, and its end. */
export function retirementRoutes(options: ApiOptions): FastifyPluginAsyncZod {
  const { clock, database } = options
  return async app => {
    const shared = { tags: ['locations'], params: idParametersSchema, response: { 200: retirementSchema } }

    app.get(
      '/v1/locations/:id/retirement',
      {
        schema: {
          ...shared,
          operationId: 'getRetirement',
          summary: 'What emptying a location would cost, how far it is, and what keeps it',
        },
      },
      request => show(request.params.id),
    )

    app.post(
      '/v1/locations/:id/retire',
      {
        config: { idempotent: true },
        schema: {
          ...shared,
          operationId: 'retireLocation',
          summary: 'Place nothing new in a location, and plan to bring everything there elsewhere',
          headers: idempotencyHeadersSchema,
        },
      },
      async request => {
        const { id, name } = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          refuseWhileWritten(name, await holdForRetirement(connection, id))
          const { principal } = callerOf(request)
          if (!(await retireLocation(connection, { id, principal }))) return
          await requestReviews(connection, { reason: 'requested', principal })
          await recordActivity(connection, request, 'location.retiring', name, { id })
        })
        return show(id)
      },
    )

    app.post(
      '/v1/locations/:id/reinstate',
      {
        config: { idempotent: true },
        schema: {
          ...shared,
          operationId: 'reinstateLocation',
          summary: 'Let a retiring location take objects again',
          headers: idempotencyHeadersSchema,
        },
      },
      async request => {
        const { id, name } = await mustFind(request.params.id)
        await inTransaction(database, async connection => {
          if (!(await reinstateLocation(connection, id))) return
          await requestReviews(connection, { reason: 'requested', principal: callerOf(request).principal })
          await recordActivity(connection, request, 'location.reinstated', name, { id })
        })
        return show(id)
      },
    )
  }

  async function show(id: string): Promise<Retirement> {
    const [location, row] = await Promise.all([mustFind(id), mustRead(id)])
    const book = await findCurrentPriceBook(database, timeText(clock.now()).slice(0, 10))
    const price = book?.book.locations.find(entry => entry.id === location.priceId) ?? null
    const capabilities = await capabilitiesReader(options)(location.storeId)
    return present(location, row, price, capabilities)
  }

  async function mustFind(id: string): Promise<LocationRow> {
    const location = await findLocation(database, id)
    if (location === null) throw notFound('location', id)
    return location
  }

  async function mustRead(id: string): Promise<RetirementRow> {
    const row = await readRetirement(database, id)
    if (row === null) throw notFound('location', id)
    return row
  }
}

/** What arrives in a location that is being emptied would have to be moved at once, for ever. */
function refuseWhileWritten(name: string, buckets: readonly string[]): void {
  if (buckets.length === 0) return
  const named = buckets.slice(0, NAMED_BUCKETS_MAX).join(', ')
  const others =
    buckets.length > NAMED_BUCKETS_MAX ? ` and ${buckets.length - NAMED_BUCKETS_MAX} other buckets` : ''
  throw new ApiError(
    'conflict',
    `new objects of ${named}${others} are written to ${name}: give them another location first (dim bucket set ${buckets[0]} --location LOCATION)`,
  )
}

function present(
  location: LocationRow,
  row: RetirementRow,
  price: LocationPrice | null,
  capabilities: StoreCapabilities | null,
): Retirement {
  const { bytes, copies, pinned, retiringAt, retiringBy, unfinishedMigrations, writtenBy } = row
  const gb = price === null ? 0 : bytes / price.bytesPerGb
  const hours = restoreHoursAt(location, price)
  return {
    location: location.name,
    state: retiringAt === null ? 'in-use' : copies === 0 ? 'empty' : 'retiring',
    since: retiringAt === null ? null : timeText(retiringAt),
    principal: retiringBy,
    left: { copies, bytes },
    readOutUsd:
      price === null
        ? null
        : (copies * price.getUsdPer1000) / 1_000 +
          restoreUsd(price, copies, bytes) +
          gb * price.egressUsdPerGb,
    restore:
      hours === null
        ? null
        : {
            copies,
            hoursMax: hours,
            usd: price === null ? null : restoreUsd(price, copies, bytes),
            isPossible: capabilities === null ? null : capabilities.archiveRestore !== 'none',
          },
    storageUsdPerMonth: price === null ? null : gb * price.storageUsdPerGbMonth,
    unfinishedMigrations,
    pinned,
    writtenBy: [...writtenBy],
  }
}
