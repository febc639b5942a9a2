import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { OverviewSampler } from '../overview/overview-sampler.ts'
import { overviewSchema } from '../schemas/overview.ts'

/** The state of everything on one page. */
export function overviewRoutes(sampler: OverviewSampler): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/overview',
      {
        schema: {
          operationId: 'getOverview',
          summary: 'The state of everything, with the series of the last hour',
          tags: ['overview'],
          response: { 200: overviewSchema },
        },
      },
      () => sampler.overview(),
    )
  }
}
