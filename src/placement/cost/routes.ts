import type { LocationPrice } from '../../domain/price.ts'

/** Somewhere bytes come from or go to: a provider's region. */
export interface Place {
  readonly provider: string
  readonly region: string
}

/**
 * What a GB costs that leaves `from` towards `to` (null: the internet): nothing inside one region, the
 * inter-region rate inside one provider, the internet rate everywhere else.
 */
export function routeUsdPerGb(from: Place & { price: LocationPrice }, to: Place | null): number {
  if (to === null || to.provider !== from.provider) return from.price.egressUsdPerGb
  return to.region === from.region ? 0 : from.price.interRegionUsdPerGb
}
