import { z } from 'zod'
import type { LocationPrice } from '../../domain/price.ts'
import { daySchema, idSchema, principalSchema, wallTimeSchema } from './values.ts'

/** What keeping, reading and moving bytes costs in one place: US dollars, list prices. */
export const locationPriceSchema = z.object({
  id: z.string(),
  provider: z.string(),
  region: z.string(),
  storageClass: z.string(),
  bytesPerGb: z.number(),
  storageUsdPerGbMonth: z.number(),
  putUsdPer1000: z.number(),
  getUsdPer1000: z.number(),
  transitionInUsdPer1000: z.number(),
  retrievalUsdPerGb: z.number(),
  restoreUsdPer1000: z.number().optional(),
  writeUsdPerGb: z.number(),
  minimumStorageDays: z.number(),
  minimumBillableBytes: z.number(),
  overheadBytes: z.number(),
  indexOverheadBytes: z.number(),
  indexOverheadUsdPerGbMonth: z.number(),
  monitoringUsdPer1000ObjectsMonth: z.number(),
  monitoringMinimumBytes: z.number(),
  egressUsdPerGb: z.number(),
  interRegionUsdPerGb: z.number(),
  firstByteMsP99: z.number().nullable(),
  restoreHours: z.number().nullable(),
  sources: z.record(z.string(), z.string()),
  note: z.string().nullable(),
}) satisfies z.ZodType<LocationPrice>

/** Dated prices. A price book is never changed: a new day is a new one. */
export const priceBookSchema = z.object({
  id: idSchema,
  name: z.string(),
  effectiveFrom: daySchema,
  currency: z.string(),
  daysPerMonth: z.number(),
  sources: z.record(z.string(), z.string()),
  locations: z.array(locationPriceSchema),
  isCurrent: z.boolean(),
  createdAt: wallTimeSchema,
  principal: principalSchema,
})
export type PriceBookResource = z.infer<typeof priceBookSchema>

/** A price book document to be added, checked by placement's schema. */
export const priceBookCreateSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: 'A price book document with apiVersion and kind' })
