import { z } from 'zod'
import { GB } from '../../domain/bytes.ts'
import { DAYS_PER_MONTH } from '../../domain/duration.ts'
import type { PriceBook } from '../../domain/price.ts'
import { checkDocument, readDocumentText } from '../invalid-document.ts'

const usd = z.number().min(0, 'a price cannot be negative')
const bytes = z.int().min(0)

const locationPriceSchema = z.strictObject({
  id: z.string().min(1).max(200),
  provider: z.string().min(1).max(100).describe('Whose bill it is on'),
  region: z.string().min(1).max(100),
  storageClass: z.string().min(1).max(100).describe('The provider’s own name of the storage class'),
  bytesPerGb: z.number().positive().optional().describe('The gigabyte of this provider'),
  storageUsdPerGbMonth: usd,
  putUsdPer1000: usd.default(0),
  getUsdPer1000: usd.default(0),
  transitionInUsdPer1000: usd.default(0).describe('Per 1,000 objects that enter by a move'),
  retrievalUsdPerGb: usd.default(0),
  restoreUsdPer1000: usd.default(0).describe('Per 1,000 objects that are restored from an archive'),
  writeUsdPerGb: usd.default(0),
  minimumStorageDays: z.number().min(0).default(0),
  minimumBillableBytes: bytes.default(0),
  overheadBytes: bytes.default(0),
  indexOverheadBytes: bytes.default(0),
  indexOverheadUsdPerGbMonth: usd.default(0),
  monitoringUsdPer1000ObjectsMonth: usd.default(0),
  monitoringMinimumBytes: bytes.default(0),
  egressUsdPerGb: usd.describe('To readers on the internet or at another provider'),
  interRegionUsdPerGb: usd.optional().describe('To another region of the same provider'),
  firstByteMsP99: z.number().min(0).nullable().default(null),
  restoreHours: z.number().positive().nullable().default(null),
  sources: z.record(z.string(), z.string()).default({}),
  note: z.string().max(1_000).nullable().default(null),
})

/** The form of a price book as people write it; what is left out has the stated default. */
const priceBookSchema = z
  .strictObject({
    apiVersion: z.literal('datainmotion.io/v1'),
    kind: z.literal('PriceBook'),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, dots and hyphens, at most 63'),
    effectiveFrom: z.iso.date(),
    currency: z.literal('USD'),
    bytesPerGb: z.number().positive().default(GB).describe('The gigabyte where a location names none'),
    daysPerMonth: z.number().min(28).max(31).default(DAYS_PER_MONTH),
    sources: z.record(z.string(), z.string()).default({}),
    locations: z.array(locationPriceSchema).min(1).max(10_000),
  })
  .superRefine((book, context) => {
    const seen = new Set<string>()
    for (const [index, location] of book.locations.entries()) {
      if (seen.has(location.id)) {
        context.addIssue({
          code: 'custom',
          path: ['locations', index, 'id'],
          message: `${location.id} is priced twice`,
        })
      }
      seen.add(location.id)
      for (const [figures, source] of Object.entries(location.sources)) {
        if (book.sources[source] === undefined) {
          const message = `names the source ${source}, which the book's sources do not list`
          context.addIssue({ code: 'custom', path: ['locations', index, 'sources', figures], message })
        }
      }
    }
  })

/** Checks a price book and fills in defaults. Throws `InvalidDocument` with all problems at once. */
export function checkPriceBook(value: unknown): PriceBook {
  const { bytesPerGb, ...book } = checkDocument('price book', priceBookSchema, value)
  return {
    ...book,
    locations: book.locations.map(location => ({
      ...location,
      bytesPerGb: location.bytesPerGb ?? bytesPerGb,
      interRegionUsdPerGb: location.interRegionUsdPerGb ?? location.egressUsdPerGb,
    })),
  }
}

/** Reads a price book from YAML or JSON text. Throws `InvalidDocument` with all problems at once. */
export function parsePriceBook(text: string): PriceBook {
  return checkPriceBook(readDocumentText('price book', text))
}
