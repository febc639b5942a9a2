import { z } from 'zod'

/** Bounds and habits of the API. */
export const apiConfigSchema = z.strictObject({
  bodyBytesMax: z.int().min(1_024).default(1_048_576).describe('Largest body of a request'),
  requestsInFlightMax: z.int().min(1).default(512).describe('Requests answered at once; more get 503'),
  streamClientsMax: z.int().min(0).default(100).describe('Clients of the live stream at once; more get 503'),
  searchSecondsMax: z
    .number()
    .positive()
    .max(60)
    .default(5)
    .describe('When an object search that no index serves is given up'),
  seriesSeconds: z.number().min(1).max(60).default(5).describe('Distance of the points of overview charts'),
  metricsRole: z
    .enum(['public', 'viewer'])
    .default('public')
    .describe('Who may read /metrics: anybody who reaches the port, or holders of a token'),
})

/** The checked bounds and habits of the API. */
export type ApiConfig = z.output<typeof apiConfigSchema>
