import { Redacted } from '../domain/redacted.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { apiConfigSchema } from './config.ts'
import type { ApiOptions } from './context.ts'
import { assembleApi } from './create-api.ts'
import { ActivityFeed } from './live/activity-feed.ts'
import type { OpenApiDocument } from './openapi.ts'
import { OverviewSampler } from './overview/overview-sampler.ts'

/** The OpenAPI document of this release, made without a database: nothing is asked while routes register. */
export async function buildOpenApiDocument(version: string): Promise<OpenApiDocument> {
  const unused = () => {
    throw new Error('the document is made from schemas alone')
  }
  const options: ApiOptions = {
    // Never asked: only requests and background looks use it.
    database: null as unknown as ApiOptions['database'],
    clock: { now: () => 0 },
    wall: { now: () => 0 },
    log: silentLogger,
    metrics: createMetrics(),
    secretBox: { seal: unused, open: () => new Redacted('') },
    stores: { checkSettings: () => [], open: unused, learn: unused },
    events: {
      name: 'none',
      partitionCount: 0,
      endOffsets: unused,
      fetch: unused,
      reread: unused,
      append: unused,
    },
    config: apiConfigSchema.parse({}),
    version,
  }
  const app = assembleApi(options, {
    feed: new ActivityFeed(options),
    sampler: new OverviewSampler(options),
  })
  await app.ready()
  return app.swagger() as unknown as OpenApiDocument
}
