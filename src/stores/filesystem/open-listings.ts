import type { Clock } from '../../domain/clock.ts'
import type { KeyListing } from './key-listing.ts'

/** Listings whose next page may be asked for; a forgotten one is begun again at its cursor. */
const OPEN_LISTINGS_MAX = 16

/** After this time a listing is begun again, so that it sees what was written since. */
const OPEN_LISTING_MS_MAX = 60_000

/**
 * Listings kept between two pages, so that a folder of a million files is not read for every thousand. A
 * page takes its listing out; a cursor used twice therefore begins again, at the same key.
 */
export class OpenListings {
  readonly #clock: Clock
  readonly #listings = new Map<string, { listing: KeyListing; begunAt: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(name: string): { listing: KeyListing; begunAt: number } | null {
    const found = this.#listings.get(name)
    this.#listings.delete(name)
    return found !== undefined && this.#clock.now() - found.begunAt < OPEN_LISTING_MS_MAX ? found : null
  }

  keep(name: string, listing: { listing: KeyListing; begunAt: number }): void {
    this.#listings.delete(name)
    this.#listings.set(name, listing)
    const oldest = this.#listings.keys().next()
    if (this.#listings.size > OPEN_LISTINGS_MAX && !oldest.done) this.#listings.delete(oldest.value)
  }

  clear(): void {
    this.#listings.clear()
  }
}
