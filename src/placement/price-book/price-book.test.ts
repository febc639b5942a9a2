import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { InvalidDocument } from '../invalid-document.ts'
import { parsePriceBook } from './price-book-document.ts'
import { shippedPriceBook } from './shipped-price-book.ts'

/** The collection of list prices that the shipped book was made from, where it lies beside the project. */
const COLLECTION = fileURLToPath(new URL('../../../../shared/pricebook.json', import.meta.url))

interface CollectedLocation {
  id: string
  provider: string
  region: string
  storage_class: string
  storage_usd_per_gb_month: number
  put_usd_per_1k: number
  get_usd_per_1k: number
  transition_in_usd_per_1k: number
  retrieval_usd_per_gb: number
  write_usd_per_gb: number
  min_storage_days: number
  min_billable_kib: number
  overhead_kib_same_class: number
  overhead_kib_standard: number
  monitoring_usd_per_1k_objects_month: number
  first_byte_ms: { p99: number | null }
  restore_hours: { standard: number } | null
}

describe('the shipped price book', () => {
  it('prices 25 locations and names the source of every figure', () => {
    const book = shippedPriceBook()
    expect(book.locations).toHaveLength(25)
    for (const location of book.locations) {
      expect(Object.keys(location.sources), location.id).not.toHaveLength(0)
    }
  })

  it.skipIf(!existsSync(COLLECTION))('has the numbers of the collection it was made from', () => {
    const collection = JSON.parse(readFileSync(COLLECTION, 'utf8')) as {
      meta: { month_hours: number }
      locations: CollectedLocation[]
      egress: { internet_usd_per_gb: Record<string, { tiers_gb: [number, number][] }> }
    }
    const book = shippedPriceBook()
    expect(book.daysPerMonth).toBe(collection.meta.month_hours / 24)
    expect(book.locations.map(location => location.id)).toEqual(collection.locations.map(({ id }) => id))
    for (const [index, theirs] of collection.locations.entries()) {
      expect(book.locations[index]).toMatchObject({
        id: theirs.id,
        provider: theirs.provider,
        region: theirs.region,
        storageClass: theirs.storage_class,
        storageUsdPerGbMonth: theirs.storage_usd_per_gb_month,
        putUsdPer1000: theirs.put_usd_per_1k,
        getUsdPer1000: theirs.get_usd_per_1k,
        transitionInUsdPer1000: theirs.transition_in_usd_per_1k,
        retrievalUsdPerGb: theirs.retrieval_usd_per_gb,
        writeUsdPerGb: theirs.write_usd_per_gb,
        minimumStorageDays: theirs.min_storage_days,
        minimumBillableBytes: theirs.min_billable_kib * 1024,
        overheadBytes: theirs.overhead_kib_same_class * 1024,
        indexOverheadBytes: theirs.overhead_kib_standard * 1024,
        monitoringUsdPer1000ObjectsMonth: theirs.monitoring_usd_per_1k_objects_month,
        egressUsdPerGb: collection.egress.internet_usd_per_gb[theirs.provider]!.tiers_gb[0]![1],
        firstByteMsP99: theirs.first_byte_ms.p99,
        restoreHours: theirs.restore_hours?.standard ?? null,
      })
    }
  })
})

describe('a price book of one’s own', () => {
  it('may leave out what does not apply', () => {
    const book = parsePriceBook(`
      apiVersion: datainmotion.io/v1
      kind: PriceBook
      name: our-prices
      effectiveFrom: 2026-10-01
      currency: USD
      bytesPerGb: 1073741824
      locations:
        - id: dc1/disk
          provider: onprem
          region: dc1
          storageClass: DISK
          storageUsdPerGbMonth: 0.006
          egressUsdPerGb: 0
    `)
    expect(book.locations[0]).toMatchObject({
      bytesPerGb: 2 ** 30,
      minimumStorageDays: 0,
      interRegionUsdPerGb: 0,
    })
  })

  it('is refused with every problem at once', () => {
    const text = `
      apiVersion: datainmotion.io/v2
      kind: PriceBook
      name: our-prices
      effectiveFrom: 2026-13-01
      currency: USD
      locations:
        - { id: a, provider: p, region: r, storageClass: S, storageUsdPerGbMonth: -1, egressUsdPerGb: 0, colour: red }
    `
    const problems = problemsOf(() => parsePriceBook(text))
    expect(problems.map(({ path }) => path)).toEqual([
      'apiVersion',
      'effectiveFrom',
      'locations[0].storageUsdPerGbMonth',
      'locations[0]',
    ])
    expect(problems.at(-1)!.message).toContain('colour')
  })

  it('is refused when two entries have one id or a source is not listed', () => {
    const entry =
      '{ id: a, provider: p, region: r, storageClass: S, storageUsdPerGbMonth: 1, egressUsdPerGb: 0 }'
    const text = `{ apiVersion: datainmotion.io/v1, kind: PriceBook, name: n, effectiveFrom: "2026-01-01",
      currency: USD, locations: [${entry}, ${entry.replace(' }', ', sources: { prices: X } }')}] }`
    expect(problemsOf(() => parsePriceBook(text)).map(({ path }) => path)).toEqual([
      'locations[1].id',
      'locations[1].sources.prices',
    ])
  })

  it('is refused with line and column when it is not YAML', () => {
    expect(problemsOf(() => parsePriceBook('name: [1,'))[0]!.message).toMatch(/line 1, column \d+/)
  })
})

function problemsOf(work: () => unknown) {
  try {
    work()
  } catch (error) {
    if (error instanceof InvalidDocument) return error.problems
    throw error
  }
  throw new Error('nothing was refused')
}
