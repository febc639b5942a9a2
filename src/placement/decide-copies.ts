import type { CopyChange, DecisionReason } from '../domain/placement.ts'
import type { PlacementFacts, StoredReplica } from '../domain/placement-facts.ts'
import { keepingUsdPerMonth, minimumDaysLeft } from './cost/placement-cost.ts'
import { requiredCopies } from './policy/required-copies.ts'
import { type PlacementOption, type PlacementRules, priceOptions } from './price-options.ts'
import { lacksEncryption } from './store-knowledge.ts'

/** A copy that should be added or dropped, and what that costs. */
export interface CopiesChoice {
  readonly fromLocationId: string
  readonly toLocationId: string
  readonly reason: Extract<DecisionReason, 'too-few-copies' | 'too-many-copies'>
  readonly change: CopyChange
  /** Below 0 for a copy more. */
  readonly savingUsdPerMonth: number
  readonly oneTimeUsd: number
}

/**
 * Whether an object that stays where it is has too few copies, or too few regions, or too many. One change at a
 * time: the cheapest place is added, the dearest copy dropped. Null when the number is right, nothing may be
 * changed now, or no place may take a copy.
 */
export function chooseCopies(
  facts: PlacementFacts,
  current: PlacementOption,
  options: readonly PlacementOption[],
  rules: PlacementRules,
): CopiesChoice | null {
  const optionOf = (locationId: string) => options.find(({ location }) => location.id === locationId)
  const all = facts.replicas ?? []
  const mustLeave = ({ locationId }: StoredReplica) => {
    const location = optionOf(locationId)?.location
    return location !== undefined && (location.isRetiring === true || lacksEncryption(location, rules.policy))
  }
  // A copy that is to leave its place does not count: another one is added first, then it goes.
  const replicas = all.filter(replica => !mustLeave(replica))
  const required = requiredCopies(rules)
  const regions = regionsOf([current, ...replicas.flatMap(({ locationId }) => optionOf(locationId) ?? [])])
  if (replicas.length + 1 < required.copies || regions.size < required.regions)
    return addition(facts, current, rules, regions.size < required.regions ? regions : new Set())
  const leaving = all.filter(mustLeave)
  if (leaving.length > 0) return removal(facts, current, leaving, optionOf, rules)
  if (replicas.length + 1 <= required.copies) return null
  const droppable = replicas.filter(replica => {
    const others = replicas.filter(other => other !== replica)
    const left = regionsOf([current, ...others.flatMap(({ locationId }) => optionOf(locationId) ?? [])])
    return left.size >= required.regions
  })
  return removal(facts, current, droppable, optionOf, rules)
}

function addition(
  facts: PlacementFacts,
  current: PlacementOption,
  rules: PlacementRules,
  regions: ReadonlySet<string>,
): CopiesChoice | null {
  // A pinned object may have its other copies anywhere the policy allows: the pin is about where readers are sent.
  const free = priceOptions({ ...facts, pinnedLocationId: null }, rules).filter(
    ({ cost, forbidden, location }) =>
      forbidden === null &&
      cost !== null &&
      location.id !== current.location.id &&
      !regions.has(location.region),
  )
  const [cheapest] = free.toSorted(
    (left, right) =>
      keptUsd(left, facts) - keptUsd(right, facts) || (left.location.name < right.location.name ? -1 : 1),
  )
  if (cheapest === undefined) return null
  const { cost, location } = cheapest
  return {
    fromLocationId: current.location.id,
    toLocationId: location.id,
    reason: 'too-few-copies',
    change: { kind: 'add-copy' },
    savingUsdPerMonth: -keptUsd(cheapest, facts),
    // The source stays: it is neither left early nor kept for a grace.
    oneTimeUsd:
      cost!.transitionUsd + cost!.sourceRetrievalUsd + cost!.sourceEgressUsd + cost!.verificationUsd,
  }
}

function removal(
  facts: PlacementFacts,
  current: PlacementOption,
  droppable: readonly StoredReplica[],
  optionOf: (locationId: string) => PlacementOption | undefined,
  rules: PlacementRules,
): CopiesChoice | null {
  const candidates = droppable.flatMap(replica => {
    const option = optionOf(replica.locationId)
    return option?.price == null ? [] : [{ replica, option, price: option.price }]
  })
  const [dearest] = candidates.toSorted(
    (left, right) =>
      keptUsd(right.option, facts) - keptUsd(left.option, facts) ||
      (left.option.location.name < right.option.location.name ? -1 : 1),
  )
  if (dearest === undefined) return null
  const { option, price, replica } = dearest
  const savingUsdPerMonth = keptUsd(option, facts)
  const daysLeft = minimumDaysLeft(price, replica.enteredAt, rules.now)
  return {
    fromLocationId: option.location.id,
    toLocationId: current.location.id,
    reason: 'too-many-copies',
    change: { kind: 'drop-copy', sourceCopyId: replica.copyId, targetCopyId: facts.copyId },
    savingUsdPerMonth,
    oneTimeUsd: (daysLeft * savingUsdPerMonth) / rules.priceBook.daysPerMonth,
  }
}

/** What keeping the object there costs per month; readers are not sent there. */
function keptUsd({ price }: PlacementOption, { size }: PlacementFacts): number {
  if (price === null) return 0
  const { monitoringUsdPerMonth, storageUsdPerMonth } = keepingUsdPerMonth(price, size)
  return storageUsdPerMonth + monitoringUsdPerMonth
}

function regionsOf(options: readonly PlacementOption[]): ReadonlySet<string> {
  return new Set(options.map(({ location }) => location.region))
}
