import type { Bytes } from '../../domain/bytes.ts'
import type { LocationPrice } from '../../domain/price.ts'
import { type Place, routeUsdPerGb } from './routes.ts'

/**
 * What it costs to read an object once from where it lies: the request, the retrieval and the way to the reader
 * (null: over the internet). In dollars at list prices.
 */
export function readingOnceUsd(
  from: Place & { readonly price: LocationPrice },
  size: Bytes,
  reader: Place | null,
): number {
  const gb = size / from.price.bytesPerGb
  const perGb = from.price.retrievalUsdPerGb + routeUsdPerGb(from, reader)
  return lookingUsd(from.price) + gb * perGb
}

/** What it costs to ask for an object's facts, in dollars: a HEAD is billed like a GET. */
export function lookingUsd(price: LocationPrice): number {
  return price.getUsdPer1000 / 1_000
}
