import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { listStoreLoads, type StoreLoadRow } from '../../database/catalog/store-loads.ts'
import type { Instant } from '../../domain/clock.ts'
import { ratesAt } from '../../domain/store-budget.ts'
import type { ApiOptions } from '../context.ts'
import { timeText } from '../present.ts'
import { type StoreLoad, storeLoadsSchema } from '../schemas/store-load.ts'

/** What is asked of stores at present: how much of their budgets is used, and which of them do not answer. */
export function storeLoadsRoutes({ database, wall }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/store-loads',
      {
        schema: {
          operationId: 'listStoreLoads',
          summary: 'How much of each store’s budget is used, and which stores are left alone',
          tags: ['stores'],
          response: { 200: storeLoadsSchema },
        },
      },
      async () => ({ items: (await listStoreLoads(database)).map(row => presentLoad(row, wall.now())) }),
    )
  }
}

function presentLoad(row: StoreLoadRow, now: Instant): StoreLoad {
  const { bytesPerSecond, requestsPerSecond } = ratesAt(row.budget, now)
  const isLimited = (bytesPerSecond ?? requestsPerSecond) !== null
  return {
    store: { id: row.id, name: row.name },
    budget: isLimited
      ? {
          bytesPerSecond,
          requestsPerSecond,
          bytesShare: bytesPerSecond === null ? null : row.bytesShare,
          requestsShare: requestsPerSecond === null ? null : row.requestsShare,
          waitSeconds: row.waitMs / 1_000,
        }
      : null,
    leftAloneBy: row.leftAloneBy.map(({ process, since, triedAt }) => ({
      process,
      since: timeText(since),
      triedAt: timeText(triedAt),
    })),
  }
}
