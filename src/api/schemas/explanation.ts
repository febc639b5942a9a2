import { z } from 'zod'
import {
  alternativeSchema,
  decisionInputsSchema,
  decisionReasonSchema,
  reviewReasonSchema,
} from './placement.ts'
import { bytesSchema, idSchema, modelTimeSchema, referenceSchema, tierSchema } from './values.ts'

/** Where an object is, why, what each alternative would cost, and what would change it. */
export const explanationSchema = z.object({
  objectId: idSchema,
  bucket: z.string(),
  key: z.string(),
  size: bytesSchema,
  location: referenceSchema,
  tier: tierSchema,
  stays: z.boolean(),
  change: z
    .enum(['move', 'add-copy', 'drop-copy', 'reclassify'])
    .nullable()
    .meta({ description: 'What should be done; null when it stays as it is' }),
  targetLocation: referenceSchema.meta({
    description: 'Where it goes, or where a copy is added or dropped; equal to location when it stays',
  }),
  reason: decisionReasonSchema,
  summary: z.string().meta({ description: 'The whole answer in a few sentences for a person' }),
  monthlySavingUsd: z.number(),
  oneTimeUsd: z.number(),
  paybackDays: z.number().nullable(),
  alternatives: z.array(alternativeSchema.extend({ explanation: z.string() })),
  whatWouldChangeIt: z
    .array(
      z.object({
        kind: z.enum(['heat', 'price', 'date', 'setting']),
        text: z.string(),
        heatPerDay: z.number().nullable().meta({ description: 'Heat at which the answer changes' }),
        at: modelTimeSchema.nullable(),
      }),
    )
    .meta({ description: 'The heat, the price or the date at which the answer would be another' }),
  inputs: decisionInputsSchema,
  reviewAt: modelTimeSchema,
  reviewReason: reviewReasonSchema,
  migrationId: idSchema.nullable(),
})
export type ExplanationResource = z.infer<typeof explanationSchema>
