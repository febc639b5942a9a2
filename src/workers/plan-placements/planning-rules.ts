import { listPlacementLocations } from '../../database/placement/placement-facts.ts'
import { readPolicies } from '../../database/placement/policies.ts'
import { findCurrentPriceBook } from '../../database/placement/price-books.ts'
import type { Queryable } from '../../database/postgres.ts'
import type { Clock, Instant } from '../../domain/clock.ts'
import { SECOND } from '../../domain/duration.ts'
import { isKnownToEncrypt } from '../../domain/encryption.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { PlacementLocation, StoreKnowledge } from '../../domain/placement-facts.ts'
import type { PolicyDocument } from '../../domain/policy.ts'
import type { PriceBook } from '../../domain/price.ts'
import { withStoreKnowledge } from '../../placement/store-knowledge.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'

/** Locations and prices as the planner sees them for a moment. */
export interface PlanningRules {
  readonly priceBookId: Uuid
  readonly priceBook: PriceBook
  readonly priceBookAddedAt: Date
  /** What is free shrinks as decisions reserve room; see {@link reserve}. */
  readonly locations: PlacementLocation[]
  /** The stores of these locations that are known to encrypt. */
  readonly encryptingStores: ReadonlySet<Uuid>
}

/** A policy as the planner applies it. */
export interface PlanningPolicy {
  readonly id: Uuid
  readonly revision: number
  readonly spec: PolicyDocument
}

const KEPT_MS = 2 * SECOND

/** Reads locations and prices now and then, and keeps them in between. */
export function createRulesReader(
  queryable: Queryable,
  wallClock: Clock,
  storeOf: (storeId: Uuid) => Promise<ObjectStore>,
) {
  let kept: { rules: PlanningRules; until: Instant } | null = null
  return {
    /** The rules that hold, or null while there is no price book. */
    async read(now: Instant): Promise<PlanningRules | null> {
      if (kept !== null && wallClock.now() < kept.until) return kept.rules
      const day = new Date(now).toISOString().slice(0, 10)
      const row = await findCurrentPriceBook(queryable, day)
      if (row === null) return null
      const isSameBook = kept?.rules.priceBookId === row.id
      const priceBook = isSameBook && kept !== null ? kept.rules.priceBook : row.book
      const listed = await listPlacementLocations(queryable)
      const known = await knowledgeByStore(listed, storeOf)
      const rules = {
        priceBookId: row.id,
        priceBook,
        priceBookAddedAt: row.createdAt,
        locations: withStoreKnowledge(listed, known),
        encryptingStores: new Set(
          [...known].filter(([, store]) => isKnownToEncrypt(store?.encryption ?? null)).map(([id]) => id),
        ),
      }
      kept = { rules, until: wallClock.now() + KEPT_MS }
      return rules
    },
  }
}

/** What the mover will find its stores to be, asked of the same open stores. */
async function knowledgeByStore(
  locations: readonly PlacementLocation[],
  storeOf: (storeId: Uuid) => Promise<ObjectStore>,
): Promise<ReadonlyMap<Uuid, StoreKnowledge | null>> {
  const storeIds = [...new Set(locations.map(({ storeId }) => storeId))]
  const known = await Promise.all(
    storeIds.map(async (id): Promise<[Uuid, StoreKnowledge | null]> => {
      try {
        return [id, (await storeOf(id)).capabilities]
      } catch (error) {
        // A store that cannot be opened is told of by who needs it; nothing is known of it here.
        if (error instanceof StoreError) return [id, null]
        throw error
      }
    }),
  )
  return new Map(known)
}

/** The policies with these ids, by id. */
export async function policiesById(
  queryable: Queryable,
  ids: ReadonlySet<Uuid>,
): Promise<ReadonlyMap<Uuid, PlanningPolicy>> {
  if (ids.size === 0) return new Map()
  const rows = await readPolicies(queryable, [...ids])
  return new Map(rows.map(row => [row.id, row]))
}

/** Takes room in a location for an object that is going there. */
export function reserve(rules: PlanningRules, locationId: Uuid, size: number): void {
  const index = rules.locations.findIndex(location => location.id === locationId)
  const location = rules.locations[index]
  if (location === undefined || location.freeBytes === null) return
  rules.locations[index] = { ...location, freeBytes: Math.max(0, location.freeBytes - size) }
}
