import { z } from 'zod'
import { bytesSchema, countSchema, idSchema, principalSchema, wallTimeSchema } from './values.ts'

/** The most reads one burst may ask for. */
const BURST_READS_MAX = 1_000_000
/** The most objects one burst may name. */
const BURST_OBJECTS_MAX = 1_000

/** A burst of real reads through the gateway, over named objects or over a prefix. */
export const burstSpecSchema = z
  .strictObject({
    bucket: z.string().min(3).max(63),
    keys: z.array(z.string().min(1).max(1_024)).min(1).max(BURST_OBJECTS_MAX).optional(),
    prefix: z.string().max(1_024).optional(),
    reads: z.int().min(1).max(BURST_READS_MAX).meta({ description: 'Over all objects together' }),
    seconds: z.number().min(0).max(3_600).default(10).meta({ description: 'Wall time to spread them over' }),
    seed: z.int().min(0).max(2_147_483_647).default(1),
  })
  .refine(spec => (spec.keys === undefined) !== (spec.prefix === undefined), {
    message: 'give either keys or prefix',
    path: ['keys'],
  })

/** A burst asked for by a person, and how far it is. */
export const simulationSchema = z.object({
  id: idSchema,
  kind: z.enum(['burst']),
  state: z.enum(['queued', 'running', 'done', 'failed']),
  bucket: z.string(),
  keys: z.array(z.string()).nullable(),
  prefix: z.string().nullable(),
  reads: countSchema,
  seconds: z.number(),
  seed: z.int(),
  readsDone: countSchema,
  bytesDone: bytesSchema,
  errors: countSchema,
  error: z.string().nullable(),
  createdAt: wallTimeSchema,
  finishedAt: wallTimeSchema.nullable(),
  principal: principalSchema,
})
export type SimulationResource = z.infer<typeof simulationSchema>
