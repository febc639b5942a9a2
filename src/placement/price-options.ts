import type { Instant } from '../domain/clock.ts'
import { DAY, HOUR } from '../domain/duration.ts'
import type { PlacementCost, RejectionReason } from '../domain/placement.ts'
import type { PlacementFacts, PlacementLocation } from '../domain/placement-facts.ts'
import type { PolicyDocument } from '../domain/policy.ts'
import type { LocationPrice, PriceBook } from '../domain/price.ts'
import { costOfPlacement, type ReadLoad } from './cost/placement-cost.ts'
import { readingOnceUsd } from './cost/reading-back.ts'
import { routeUsdPerGb } from './cost/routes.ts'
import { requiredCopies } from './policy/required-copies.ts'
import { lacksEncryption } from './store-knowledge.ts'

/** Everything a decision is made from besides the object itself. */
export interface PlacementRules {
  readonly policy: PolicyDocument
  readonly priceBook: PriceBook
  /** Every location there is, also those the policy does not allow. */
  readonly locations: readonly PlacementLocation[]
  readonly now: Instant
}

/** A location as one object sees it: what it would cost there, and which hard rule forbids it, if any. */
export interface PlacementOption {
  readonly location: PlacementLocation
  readonly price: LocationPrice | null
  readonly cost: PlacementCost | null
  readonly forbidden: RejectionReason | null
}

/**
 * How the object is expected to be read in the coming month. The rate is the higher of the policy's heat
 * and the 30-day heat: forgetting a reader who comes every week costs more than over-rating one.
 */
export function expectedLoad(facts: PlacementFacts, rules: PlacementRules): ReadLoad {
  const rate = Math.max(facts.readsPerDay[rules.policy.threshold.halfLife], facts.readsPerDay['30d'])
  const reads = facts.heat?.reads ?? 0
  return {
    size: facts.size,
    readsPerMonth: rate * rules.priceBook.daysPerMonth,
    bytesPerRead: reads > 0 && facts.heat !== null ? facts.heat.bytesRead / reads : facts.size,
  }
}

/** Prices every location for one object, the present one among them. */
export function priceOptions(facts: PlacementFacts, rules: PlacementRules): readonly PlacementOption[] {
  const prices = pricesOf(rules)
  const load = expectedLoad(facts, rules)
  return rules.locations.map(location => {
    const price = prices.get(location.priceId) ?? null
    return {
      location,
      price,
      cost: price === null ? null : costAt(location, load, facts, rules),
      forbidden: forbiddenBy(location, price, facts, rules),
    }
  })
}

/** What an object with this load costs in a location; null when it or the present one has no price. */
export function costAt(
  location: PlacementLocation,
  load: ReadLoad,
  facts: PlacementFacts,
  rules: PlacementRules,
): PlacementCost | null {
  const prices = pricesOf(rules)
  const price = prices.get(location.priceId)
  if (price === undefined) return null
  const { readersAt } = rules.policy
  const place = {
    price,
    readerEgressUsdPerGb: routeUsdPerGb(
      { price, provider: price.provider, region: location.region },
      readersAt,
    ),
  }
  const moment = { now: rules.now, daysPerMonth: rules.priceBook.daysPerMonth }
  if (location.id === facts.locationId) return costOfPlacement(load, place, null, moment)
  const source = rules.locations.find(candidate => candidate.id === facts.locationId)
  const sourcePrice = source === undefined ? undefined : prices.get(source.priceId)
  if (source === undefined || sourcePrice === undefined) return null
  const from = { price: sourcePrice, provider: sourcePrice.provider, region: source.region }
  const to = { price, provider: price.provider, region: location.region }
  const isInPlace = sharesContainer(location, facts.locationId, rules.locations)
  const { provenBytesMax = null } = location
  const isProvenByReport = provenBytesMax === null || (provenBytesMax > 0 && facts.size <= provenBytesMax)
  const isReadBack = rules.policy.verify === 'read-back' || !isProvenByReport
  // What goes into an archive where it lies is read before, at the price of where it still is.
  const provenAt = isInPlace && restoreHoursAt(location, price) !== null ? from : to
  return costOfPlacement(
    load,
    place,
    {
      price: sourcePrice,
      enteredAt: facts.enteredAt,
      routeUsdPerGb: routeUsdPerGb(from, to),
      // What changes its class in place leaves nothing behind.
      graceDays: isInPlace ? 0 : (rules.policy.graceHours * HOUR) / DAY,
      // Who moves an object is where it comes from, or nearer: what is read back is billed on the whole way.
      readBackUsd: isReadBack ? readingOnceUsd(provenAt, facts.size, from) : 0,
    },
    moment,
  )
}

const pricesByBook = new WeakMap<PriceBook, ReadonlyMap<string, LocationPrice>>()

/** The book's entries by id. A book never changes, so the index is kept as long as the book is. */
function pricesOf(rules: PlacementRules): ReadonlyMap<string, LocationPrice> {
  const known = pricesByBook.get(rules.priceBook)
  if (known !== undefined) return known
  const prices = new Map(rules.priceBook.locations.map(price => [price.id, price]))
  pricesByBook.set(rules.priceBook, prices)
  return prices
}

/** The first hard rule that forbids an object to live somewhere: these come before all money. */
function forbiddenBy(
  location: PlacementLocation,
  price: LocationPrice | null,
  facts: PlacementFacts,
  { policy, locations, now }: PlacementRules,
): RejectionReason | null {
  const isHere = location.id === facts.locationId
  const pinned = isPinned(facts, now)
  if (pinned && facts.pinnedLocationId !== location.id) return 'pinned-elsewhere'
  if (location.storeState !== 'active') return 'store-not-active'
  if (location.isRetiring === true && !pinned) return 'retiring'
  const lacksRoom = location.freeBytes !== null && location.freeBytes < facts.size
  if (!isHere && (lacksRoom || location.fullSince != null)) return 'capacity'
  const isInPlace = !isHere && sharesContainer(location, facts.locationId, locations)
  // Another class is had in place only where nobody else writes, and only by its name.
  if (isInPlace && (facts.bucketMode !== 'exclusive' || location.storageClass === null))
    return 'same-container'
  const hasCopy = (facts.replicas ?? []).some(
    ({ locationId }) => locationId === location.id || sharesContainer(location, locationId, locations),
  )
  if (!isHere && hasCopy) return 'copy-there'
  if (!isHere && losesRegion(location, facts, { policy, locations })) return 'too-few-regions'
  // Objects are read through the gateway at any time, and nobody waits for hours there.
  if (restoreHoursAt(location, price) !== null) return 'offline'
  if (price === null) return 'no-price'
  // A pin cannot make a store encrypt: the mover would refuse what is sent there.
  if (lacksEncryption(location, policy)) return 'not-encrypted'
  // A pin is a person's own word about this object and overrides what the policy says about all of them.
  if (pinned) return null
  if (!policy.tiers.includes(location.tier)) return 'not-in-policy'
  if (policy.locations !== null && !policy.locations.includes(location.name)) return 'not-in-policy'
  const sla = facts.latencySlaMs ?? policy.latencySlaMs
  return sla !== null && location.firstByteMsP99 > sla ? 'latency-above-sla' : null
}

/** Whether moving there would leave the copies in fewer regions than are asked for, and than there are now. */
function losesRegion(
  location: PlacementLocation,
  facts: PlacementFacts,
  { locations, policy }: Pick<PlacementRules, 'policy' | 'locations'>,
): boolean {
  const replicas = facts.replicas ?? []
  if (replicas.length === 0) return false
  const regionsWith = (region: string | undefined) =>
    new Set([
      region,
      ...replicas.map(({ locationId }) => locations.find(one => one.id === locationId)?.region),
    ]).size
  const here = locations.find(candidate => candidate.id === facts.locationId)
  const after = regionsWith(location.region)
  return after < requiredCopies({ policy }).regions && after < regionsWith(here?.region)
}

/**
 * Hours until a copy there can be read, as the location says or, where it says nothing, its price; null: at once.
 */
export function restoreHoursAt(
  location: Pick<PlacementLocation, 'restoreHours'>,
  price: Pick<LocationPrice, 'restoreHours'> | null,
): number | null {
  return location.restoreHours ?? price?.restoreHours ?? null
}

/** Whether a pin holds the object now. */
export function isPinned(facts: PlacementFacts, now: Instant): boolean {
  return facts.pinnedLocationId !== null && (facts.pinnedUntil === null || facts.pinnedUntil > now)
}

/** Two classes of one container keep one set of keys: that is a change of class, which is no move. */
export function sharesContainer(
  location: PlacementLocation,
  locationId: string,
  locations: readonly PlacementLocation[],
): boolean {
  const here = locations.find(candidate => candidate.id === locationId)
  return here?.storeId === location.storeId && here.container === location.container
}
