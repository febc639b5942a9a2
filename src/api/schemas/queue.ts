import { z } from 'zod'
import { MIGRATION_STATES } from '../../domain/migration.ts'
import { END_UNKNOWN_BECAUSE } from '../../migration/estimate-end.ts'
import { pauseFactsSchema } from './pause.ts'
import { bytesSchema, countSchema, idSchema, principalSchema, wallTimeSchema } from './values.ts'

/** Everything is stopped: since when, by whom, why. */
export const stopSchema = z.object({
  at: wallTimeSchema,
  reason: z.string(),
  principal: principalSchema,
})

/** A store or plan whose migrations rest. */
export const pauseSchema = pauseFactsSchema.extend({
  id: idSchema,
  name: z.string().meta({ description: 'Of the store, or of the policy the plan was made from' }),
})

/** How fast objects are moved: of the last minute, or since the first move within it. */
export const throughputSchema = z.object({
  objectsPerSecond: z.number(),
  bytesPerSecond: z.number(),
  measuredSeconds: z.number().meta({ description: 'How long was measured; 0 when nothing was moved' }),
})

/** When the moves that may go on are done at the present pace; grace and deletions are not counted. */
export const estimatedEndSchema = z.object({
  seconds: z.number().nullable(),
  at: wallTimeSchema.nullable(),
  unknownBecause: z.enum(END_UNKNOWN_BECAUSE).nullable().meta({
    description:
      'stopped: everything is; paused: all that is left is; restoring: all that is left waits for its store to restore it; measuring: too short a time; not-moving: no progress in the last minute',
  }),
})

const amountSchema = z.object({ migrations: countSchema, bytes: bytesSchema })

const restingSchema = z.object({
  kind: z.string().meta({ description: 'Of the last error' }),
  migrations: countSchema,
  nextAttemptAt: wallTimeSchema.meta({ description: 'Of the first of them' }),
})

const statusShape = {
  at: wallTimeSchema,
  byState: z.partialRecord(z.enum(MIGRATION_STATES), amountSchema),
  left: amountSchema.meta({ description: 'Not switched yet: readers still get the source copy' }),
  inFlight: countSchema.meta({ description: 'A worker holds their lease' }),
  paused: countSchema.meta({ description: 'Paused one by one' }),
  held: countSchema.meta({
    description: 'Their plan or one of their stores is paused, or a store refuses our credentials',
  }),
  overdue: countSchema.meta({ description: 'Unfinished and past their deadline' }),
  resting: z.array(restingSchema).meta({ description: 'Wait for their next try, by kind of error' }),
  throughput: throughputSchema,
  end: estimatedEndSchema,
}

/** The whole queue of migrations: how much, how fast, until when, and what keeps it. */
export const queueStatusSchema = z.object({
  stop: stopSchema.nullable().meta({ description: 'Everything is stopped; null while it is not' }),
  pausedStores: z.array(pauseSchema).meta({ description: 'Those that refuse our credentials among them' }),
  pausedPlans: z.array(pauseSchema),
  ...statusShape,
})
export type QueueStatus = z.infer<typeof queueStatusSchema>

/** How far a plan is. */
export const planStatusSchema = z.object({
  planId: idSchema,
  stop: stopSchema.nullable(),
  pause: pauseFactsSchema.nullable(),
  priority: z.int().nullable(),
  dueBy: wallTimeSchema.nullable(),
  overdueSince: wallTimeSchema.nullable().meta({ description: 'When its deadline was missed' }),
  total: amountSchema.meta({ description: 'All its migrations; more may follow while it is applied' }),
  moved: amountSchema.meta({ description: 'Switched: readers get the target copy' }),
  failed: amountSchema.meta({ description: 'Quarantined, aborted or rolled back' }),
  ...statusShape,
})
export type PlanStatus = z.infer<typeof planStatusSchema>
