import { findLocation } from '../../database/catalog/locations.ts'
import { boundLongHolds } from '../../database/migrations/long-holds.ts'
import { findCurrentPriceBook } from '../../database/placement/price-books.ts'
import { createPostgresScrubLedger } from '../../database/upkeep/scrub-ledger.ts'
import { MINUTE } from '../../domain/duration.ts'
import type { PriceBook } from '../../domain/price.ts'
import { CONDEMNATIONS, type CopyToScrub, SCRUB_VERDICTS } from '../../domain/scrub.ts'
import { lookingUsd, readingOnceUsd } from '../../placement/cost/reading-back.ts'
import type { Closeness } from '../../workers/scrub/check-copy.ts'
import { createScrubber } from '../../workers/scrub/scrub-copies.ts'
import { runLoops } from '../run-loops.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'

/** For how long a price book is believed before it is looked up again. */
const PRICES_KEPT_MS = MINUTE

/** Compares copies with the catalog for ever. */
export async function startScrubberRole(parts: ServerParts): Promise<RunningRole> {
  const { config, database, metrics } = parts
  const { readsFrom: _, ...settings } = config.scrubber
  // From nothing to one is a step only where there was a nothing: alerts look for steps.
  for (const verdict of SCRUB_VERDICTS) metrics.scrubbedCopies.inc({ verdict }, 0)
  for (const outcome of CONDEMNATIONS) metrics.scrubCondemned.inc({ outcome }, 0)
  const scrubber = createScrubber({
    ledger: createPostgresScrubLedger({
      database,
      lockDatabase: boundLongHolds(database, config.database.connectionsMax),
      owner: parts.owner,
      settings,
    }),
    settings,
    openStore: storeId => parts.stores.openInBackground(storeId),
    costOf: createCostOfLooks(parts),
    modelClock: parts.modelClock,
    wallClock: parts.wallClock,
    log: parts.log,
    onResult: ({ verdict }) => metrics.scrubbedCopies.inc({ verdict }),
    onPaid: ({ bytesRead, usd }) => {
      metrics.scrubbedBytes.inc(bytesRead)
      metrics.scrubUsd.inc(usd)
    },
    onCondemned: outcome => metrics.scrubCondemned.inc({ outcome }),
  })
  return runLoops(parts, [scrubber])
}

/** Prices looks by the price book of the day. What has no price costs nothing. */
function createCostOfLooks({ config, database, modelClock, wallClock }: ServerParts) {
  let kept: { readonly book: PriceBook | null; readonly until: number } | null = null
  async function currentBook(): Promise<PriceBook | null> {
    if (kept !== null && wallClock.now() < kept.until) return kept.book
    const day = new Date(modelClock.now()).toISOString().slice(0, 10)
    const row = await findCurrentPriceBook(database, day)
    kept = { book: row?.book ?? null, until: wallClock.now() + PRICES_KEPT_MS }
    return kept.book
  }
  return async ({ copy }: CopyToScrub, closeness: Closeness): Promise<number> => {
    const location = await findLocation(database, copy.locationId)
    if (closeness === 'bytes' && location?.restoreHours != null) return Number.POSITIVE_INFINITY
    const price = (await currentBook())?.locations.find(one => one.id === location?.priceId)
    if (price === undefined) return 0
    const { provider, region } = price
    if (closeness === 'facts') return lookingUsd(price)
    return (
      lookingUsd(price) + readingOnceUsd({ provider, region, price }, copy.size, config.scrubber.readsFrom)
    )
  }
}
