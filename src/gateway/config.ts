import { z } from 'zod'
import { MIB } from '../domain/bytes.ts'
import { MINUTE, SECOND } from '../domain/duration.ts'

/** Bounds of the gateway; every queue, buffer and wait of it has its name here. */
export const gatewayLimits = z.strictObject({
  inMemoryBytesMax: z
    .int()
    .min(0)
    .max(64 * MIB)
    .default(8 * MIB)
    .describe('Bodies up to this size are staged in memory, larger ones as an upload at the store'),
  stagingBytesMax: z
    .int()
    .min(8 * MIB)
    .default(256 * MIB)
    .describe('Memory for all staged bodies together; above it writes are answered SlowDown'),
  publicationsMax: z
    .int()
    .min(1)
    .default(8)
    .describe('Writes that publish at the same time; each holds a database connection'),
  publicationsQueuedMax: z.int().min(0).default(1_000).describe('Writes that wait to publish'),
  connectionsMax: z.int().min(1).default(2_000).describe('Client connections at the same time'),
  headersTimeoutMs: z
    .int()
    .min(1_000)
    .default(20 * SECOND)
    .describe('Time for a client to send its headers'),
  idleTimeoutMs: z.int().min(1_000).default(MINUTE).describe('A connection that stands still is closed'),
  keepAliveTimeoutMs: z
    .int()
    .min(0)
    .default(30 * SECOND)
    .describe('Wait for the next request'),
  drainMs: z
    .int()
    .min(0)
    .default(30 * SECOND)
    .describe('Time for requests in flight when stopping'),
  lockWaitMs: z
    .int()
    .min(1)
    .default(30 * SECOND)
    .describe('Wait for another write to the same key'),
  intentAgeMs: z
    .int()
    .min(0)
    .default(30 * SECOND)
    .describe('Age from which foreign intents are recovered'),
  cacheTtlMs: z
    .int()
    .min(0)
    .default(2 * SECOND)
    .describe('How long keys and buckets are believed'),
  staleTtlMs: z
    .int()
    .min(0)
    .default(30 * SECOND)
    .describe('How long reads go on without the database'),
})

/** Settings of the S3 gateway. */
export const gatewayConfig = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address the S3 gateway listens on'),
  port: z.int().min(0).max(65_535).default(7601).describe('Port of the S3 gateway; 0 picks a free one'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .default('us-east-1')
    .describe('Region that clients sign for'),
  baseHosts: z
    .array(z.string().regex(/^[a-z0-9.-]+$/))
    .default([])
    .describe('Host names whose sub-domains name buckets; path style always works'),
  defaultWriteLocation: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Location of buckets that S3 clients create'),
  limits: gatewayLimits.prefault({}).describe('Bounds'),
})

export type GatewayConfig = z.infer<typeof gatewayConfig>
export type GatewayLimits = z.infer<typeof gatewayLimits>
