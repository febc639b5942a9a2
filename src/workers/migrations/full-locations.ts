import type { FullnessNews } from '../../database/migrations/full-locations.ts'
import type { Uuid } from '../../domain/identifiers.ts'

/**
 * What this process knows of full locations, so that what it leased before it knew is given back instead of tried.
 * The database has the truth; this follows it within a second.
 */
export class FullLocations {
  readonly #known = new Set<Uuid>()
  readonly #mark: (news: FullnessNews) => Promise<boolean>
  readonly #clear: (locationId: Uuid) => Promise<boolean>

  constructor(options: {
    /** Makes durable that a location is full. Resolves to whether this was news. */
    readonly mark: (news: FullnessNews) => Promise<boolean>
    /** Makes durable that a location has room. Resolves to whether it was full. */
    readonly clear: (locationId: Uuid) => Promise<boolean>
  }) {
    this.#mark = options.mark
    this.#clear = options.clear
  }

  has(locationId: Uuid): boolean {
    return this.#known.has(locationId)
  }

  /** What the database says now. */
  learn(locationIds: readonly Uuid[]): void {
    this.#known.clear()
    for (const id of locationIds) this.#known.add(id)
  }

  /**
   * The target's store said that it is full. Resolves to whether this was news. What a migration says that was under
   * way when it became known is not written down.
   */
  async foundFull(news: FullnessNews, isScout: boolean): Promise<boolean> {
    if (!isScout && this.#known.has(news.locationId)) return false
    this.#known.add(news.locationId)
    return this.#mark(news)
  }

  /** A migration that was sent ahead arrived. Resolves to whether this was news. */
  async foundRoom(locationId: Uuid): Promise<boolean> {
    this.#known.delete(locationId)
    return this.#clear(locationId)
  }
}
