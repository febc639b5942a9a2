import { LRUCache } from 'lru-cache'
import { type ResolvedObject, resolveObject } from '../../database/catalog/objects.ts'
import type { ObjectId } from '../../domain/identifiers.ts'
import { isDatabaseAway } from '../error-table.ts'
import type { GatewayOptions } from '../options.ts'

const RESOLUTIONS_MAX = 10_000

/**
 * Resolves objects by the catalog, always. What was found is remembered only for the time the database is
 * away: reads then go on for `staleTtlMs`, still sending the copy's identity to the store, so that replaced
 * bytes are never taken for the old ones.
 */
export class ResolutionMemory {
  readonly #options: GatewayOptions
  readonly #known = new LRUCache<ObjectId, { resolved: ResolvedObject; at: number }>({ max: RESOLUTIONS_MAX })

  constructor(options: GatewayOptions) {
    this.#options = options
  }

  async resolve(id: ObjectId): Promise<ResolvedObject | null> {
    const { database, wallClock, limits } = this.#options
    try {
      const resolved = await resolveObject(database, id)
      if (resolved === null) this.#known.delete(id)
      else this.#known.set(id, { resolved, at: wallClock.now() })
      return resolved
    } catch (error) {
      const known = this.#known.get(id)
      if (!isDatabaseAway(error) || known === undefined) throw error
      if (Math.abs(wallClock.now() - known.at) >= limits.staleTtlMs) throw error
      return known.resolved
    }
  }
}
