import type { DecisionReason } from '../domain/placement.ts'
import type { PlacementFacts } from '../domain/placement-facts.ts'
import { coldnessOf, TIERS, type Tier } from '../domain/tier.ts'
import { type GateReason, gateOf } from './money-gates.ts'
import { bandOf, enteredBandOf } from './policy/heat-bands.ts'
import { isPinned, type PlacementOption, type PlacementRules, restoreHoursAt } from './price-options.ts'

/** Where an object should live, why, and which other places were refused by a money gate. */
export interface Choice {
  readonly option: PlacementOption
  readonly reason: DecisionReason
  /** The tier the heat asks for. */
  readonly wantedTier: Tier
  readonly gated: ReadonlyMap<PlacementOption, GateReason>
}

/**
 * Chooses where one object should live. Hard rules come first (a frozen object, a pin, a present location
 * that breaks a rule), then the tier the heat asks for, then money: a promotion happens because readers need
 * it, whatever it costs; a demotion or a move inside the tier only when it pays for itself in time.
 */
export function chooseOption(
  facts: PlacementFacts,
  current: PlacementOption,
  options: readonly PlacementOption[],
  rules: PlacementRules,
): Choice {
  const heat = facts.readsPerDay[rules.policy.threshold.halfLife]
  const wantedTier = bandOf(heat, current.location.tier, rules.policy.threshold)
  const gated = new Map<PlacementOption, GateReason>()
  const choose = (option: PlacementOption, reason: DecisionReason): Choice => ({
    option,
    reason,
    wantedTier,
    gated,
  })

  const frozen = frozenBecause(facts, current, rules)
  if (frozen !== null) return choose(current, frozen)
  const allowed = options.filter(option => option.forbidden === null)
  if (isPinned(facts, rules.now)) {
    if (facts.pinnedLocationId === current.location.id) return choose(current, 'pinned')
    const pin = allowed[0]
    return pin === undefined ? choose(current, 'no-allowed-location') : choose(pin, 'pinned')
  }
  if (current.forbidden === 'no-price') return choose(current, 'no-price')
  if (current.forbidden !== null) return leaveForbidden()
  if (coldnessOf(wantedTier) < coldnessOf(current.location.tier)) return promote()
  if (coldnessOf(wantedTier) > coldnessOf(current.location.tier)) return demote()
  return stayInTier()

  function leaveForbidden(): Choice {
    const target = tiersByDistance(wantedTier)
      .map(cheapestIn)
      .find(option => option !== null)
    if (target == null) return choose(current, 'no-allowed-location')
    if (current.forbidden === 'retiring') return choose(target, 'location-retiring')
    if (current.forbidden === 'not-encrypted') return choose(target, 'encryption-required')
    const tooSlow = current.forbidden === 'latency-above-sla'
    return choose(target, tooSlow ? 'sla-requires-faster' : 'location-not-allowed')
  }

  function promote(): Choice {
    const target = tiersBetween(wantedTier, current.location.tier)
      .map(cheapestIn)
      .find(option => option !== null)
    return target == null ? choose(current, 'no-allowed-location') : choose(target, 'heat-rose-above-band')
  }

  function demote(): Choice {
    const tiers = tiersBetween(wantedTier, current.location.tier)
    for (const tier of tiers) {
      const target = cheapestPaying(allowed.filter(option => option.location.tier === tier))
      if (target !== null) return choose(target, 'heat-fell-below-band')
    }
    const nearest = tiers.map(cheapestIn).find(option => option !== null)
    return choose(current, nearest == null ? 'no-allowed-location' : gated.get(nearest)!)
  }

  function stayInTier(): Choice {
    if (rules.policy.moveWithinTier) {
      const neighbours = allowed.filter(option => {
        if (option === current || option.location.tier !== current.location.tier) return false
        return option.cost!.totalUsdPerMonth < current.cost!.totalUsdPerMonth
      })
      const target = cheapestPaying(neighbours)
      if (target !== null) return choose(target, 'cheaper-in-tier')
    }
    const entered = enteredBandOf(heat, rules.policy.threshold)
    return choose(current, entered === current.location.tier ? 'already-in-wanted-tier' : 'inside-hysteresis')
  }

  function cheapestIn(tier: Tier): PlacementOption | null {
    return cheapest(allowed.filter(option => option.location.tier === tier))
  }

  function cheapestPaying(candidates: readonly PlacementOption[]): PlacementOption | null {
    for (const option of candidates) {
      const gate = gateOf(facts, current, option, rules)
      if (gate !== null) gated.set(option, gate)
    }
    return cheapest(candidates.filter(option => !gated.has(option)))
  }
}

/** Why an object is not moved at all now, whatever its heat; null when it may be moved. */
function frozenBecause(
  facts: PlacementFacts,
  current: PlacementOption,
  rules: PlacementRules,
): DecisionReason | null {
  if (facts.quarantinedBecause !== null) return 'quarantined'
  if (facts.migrationId !== null) return 'migration-in-flight'
  if (facts.bucketMode === 'observed') return 'bucket-observed'
  const isOffline =
    restoreHoursAt(current.location, current.price) !== null && !isToBeRestored(facts, current, rules)
  if (!facts.copyIsSound || current.location.storeState !== 'active' || isOffline) return 'copy-not-readable'
  return null
}

/**
 * Whether an object may leave an archive: its store can restore it, and a person wants it elsewhere, by emptying the
 * location or by a pin. What a restore costs nobody pays for heat that nobody can measure there.
 */
function isToBeRestored(
  facts: PlacementFacts,
  { location }: PlacementOption,
  { now }: PlacementRules,
): boolean {
  const isPinnedAway = isPinned(facts, now) && facts.pinnedLocationId !== location.id
  return location.canRestore === true && (location.isRetiring === true || isPinnedAway)
}

/** The cheapest per month at the expected reads; the name decides between equals. */
function cheapest(options: readonly PlacementOption[]): PlacementOption | null {
  return options.reduce<PlacementOption | null>((best, option) => {
    if (best === null) return option
    const difference = option.cost!.totalUsdPerMonth - best.cost!.totalUsdPerMonth
    if (difference !== 0) return difference < 0 ? option : best
    return option.location.name < best.location.name ? option : best
  }, null)
}

/** The tiers from the wanted one to the present one, the present one excluded. */
function tiersBetween(wanted: Tier, present: Tier): readonly Tier[] {
  const from = coldnessOf(wanted)
  const to = coldnessOf(present)
  if (from < to) return TIERS.slice(from, to)
  return TIERS.slice(to + 1, from + 1).toReversed()
}

/** All tiers, the wanted one first, then the hotter ones, then the colder ones, each nearest first. */
function tiersByDistance(wanted: Tier): readonly Tier[] {
  const at = coldnessOf(wanted)
  return [wanted, ...TIERS.slice(0, at).toReversed(), ...TIERS.slice(at + 1)]
}
