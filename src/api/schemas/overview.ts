import { z } from 'zod'
import { MIGRATION_STATES } from '../../domain/migration.ts'
import { decisionSummarySchema } from './plan.ts'
import { estimatedEndSchema, pauseSchema, stopSchema, throughputSchema } from './queue.ts'
import {
  bytesSchema,
  countSchema,
  modelTimeSchema,
  referenceSchema,
  tierSchema,
  wallTimeSchema,
} from './values.ts'

const holdingSchema = z.object({
  objects: countSchema.meta({ description: 'Objects whose primary copy lies here' }),
  copies: countSchema.meta({ description: 'All copies, those in grace included' }),
  bytes: bytesSchema.meta({ description: 'Of all copies' }),
  usdPerMonth: z.number().nullable().meta({ description: 'Storage; null without a price' }),
})

/** Dollars per month in two parts that add up. */
const monthlyCostSchema = z.object({
  storageUsdPerMonth: z.number().nullable().meta({
    description: 'Storage and monitoring, exact at list prices; null where a price is missing',
  }),
  readsUsdPerMonth: z.number().nullable().meta({
    description:
      'Requests, retrieval and egress, expected at the heat of `readsCountedAt`; null until counted',
  }),
  totalUsdPerMonth: z.number().nullable().meta({ description: 'The sum of the two; null where one is' }),
})

const costSchema = z
  .object({
    now: monthlyCostSchema,
    everythingHot: monthlyCostSchema.meta({ description: 'If everything lay in the cheapest hot location' }),
    openPlansSave: monthlyCostSchema.meta({
      description: 'The sum of what the proposed plans say they save',
    }),
    movesUnderWaySave: monthlyCostSchema.meta({
      description: 'What unfinished migrations will have saved once they end, their old copies included',
    }),
    afterPlans: monthlyCostSchema.meta({
      description: '`now` − `openPlansSave` − `movesUnderWaySave`, part by part',
    }),
    readsCountedAt: wallTimeSchema.nullable(),
    readsCountedAtModel: modelTimeSchema.nullable(),
    priceBook: z.string().nullable(),
  })
  .meta({ description: 'At the list prices of the price book' })

/** One second of the recent past, for charts. */
export const overviewPointSchema = z.object({
  at: wallTimeSchema,
  modelAt: modelTimeSchema,
  eventsPerSecond: z.number(),
  lagSeconds: z.number(),
  migrationsInFlight: z.number(),
  objectsMovedPerSecond: z.number().meta({ description: 'Over the minute before' }),
  bytesMovedPerSecond: z.number(),
  usdPerMonth: z.number().nullable().meta({ description: 'Storage' }),
  bytesByTier: z.object({ hot: z.number(), warm: z.number(), cold: z.number() }),
})
export type OverviewPoint = z.infer<typeof overviewPointSchema>

/** The state of everything on one page; also the `overview` tick of the stream (without the series). */
export const overviewSchema = z.object({
  at: wallTimeSchema,
  clock: z.object({ modelAt: modelTimeSchema, scale: z.number() }),
  total: z.object({ objects: countSchema, bytes: bytesSchema }),
  tiers: z.array(holdingSchema.extend({ tier: tierSchema })),
  locations: z.array(
    referenceSchema.extend(holdingSchema.shape).extend({
      tier: tierSchema,
      store: z.string(),
      capacityBytes: bytesSchema.nullable(),
    }),
  ),
  cost: costSchema,
  events: z.object({
    perSecond: z.number(),
    applied: countSchema,
    lagSeconds: z.number(),
    lagMessages: countSchema,
    deadLetters: countSchema,
  }),
  migrations: z.object({
    inFlight: countSchema.meta({ description: 'A worker holds its lease' }),
    unfinished: countSchema,
    paused: countSchema,
    byState: z.partialRecord(z.enum(MIGRATION_STATES), countSchema).meta({ description: 'Unfinished only' }),
    doneLastHour: countSchema,
    failedLastHour: countSchema.meta({
      description: 'Quarantined, or aborted by an error; not what was cancelled or overtaken by a write',
    }),
    quarantined: countSchema.meta({ description: 'Wait for a person now; counted up to 10,000' }),
    stop: stopSchema.nullable().meta({ description: 'Everything is stopped; null while it is not' }),
    pausedStores: z.array(pauseSchema),
    pausedPlans: z.array(pauseSchema),
    held: countSchema.meta({ description: 'Their plan or one of their stores is paused' }),
    overdue: countSchema.meta({ description: 'Unfinished and past their deadline' }),
    left: z.object({ migrations: countSchema, bytes: bytesSchema }).meta({ description: 'Not switched yet' }),
    throughput: throughputSchema,
    end: estimatedEndSchema,
  }),
  plans: z.object({ proposed: countSchema, proposedSavingUsd: z.number() }),
  latestDecisions: z.array(decisionSummarySchema),
  series: z.array(overviewPointSchema).meta({ description: 'The last hour at most, oldest first' }),
})
export type Overview = z.infer<typeof overviewSchema>

/** The overview as the stream ticks it once a second. */
export const overviewTickSchema = overviewSchema
  .omit({ series: true, latestDecisions: true })
  .extend({ point: overviewPointSchema.nullable() })
export type OverviewTick = z.infer<typeof overviewTickSchema>
