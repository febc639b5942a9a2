import type { Instant } from '../domain/clock.ts'
import { DAY } from '../domain/duration.ts'
import { alphaPerMs } from '../domain/half-life.ts'
import type { ReviewReason } from '../domain/placement.ts'
import type { PlacementFacts } from '../domain/placement-facts.ts'
import type { Tier } from '../domain/tier.ts'
import { minimumDaysLeft } from './cost/placement-cost.ts'
import { residenceEndsAt } from './money-gates.ts'
import { edgesOf } from './policy/heat-bands.ts'
import { isPinned, type PlacementOption, type PlacementRules } from './price-options.ts'

/** When it is worth looking at an object again, why then, and which heat makes it worth at once. */
export interface NextReview {
  readonly at: Instant
  readonly reason: ReviewReason
  /** Reads per day, or null when no heat would change anything. */
  readonly promoteAtReadsPerDay: number | null
}

/**
 * When something could change without a new access: the heat falls through the next edge, the minimum
 * residence or duration ends, a pin expires, or at the latest after the policy's maximum interval.
 */
export function nextReview(
  facts: PlacementFacts,
  current: PlacementOption,
  rules: PlacementRules,
): NextReview {
  const { policy, now } = rules
  const candidates: { at: Instant; reason: ReviewReason }[] = [
    { at: now + policy.reviewIntervalDaysMax * DAY, reason: 'maximum-interval' },
  ]
  const crossing = nextCrossing(facts, current.location.tier, rules)
  if (crossing !== null) candidates.push({ at: crossing, reason: 'heat-crossing' })
  candidates.push({ at: residenceEndsAt(facts, rules), reason: 'minimum-residence-ends' })
  if (current.price !== null) {
    const daysLeft = minimumDaysLeft(current.price, facts.enteredAt, now)
    candidates.push({ at: now + daysLeft * DAY, reason: 'minimum-duration-ends' })
  }
  if (isPinned(facts, now) && facts.pinnedUntil !== null) {
    candidates.push({ at: facts.pinnedUntil, reason: 'pin-expires' })
  }
  const next = candidates.filter(({ at }) => at > now).reduce((a, b) => (b.at < a.at ? b : a))
  return {
    at: Math.ceil(next.at),
    reason: next.reason,
    promoteAtReadsPerDay: nextEdgeAbove(facts, current.location.tier, rules),
  }
}

/**
 * The moment at which the heat has fallen below the next edge, if nobody reads the object until then: an
 * exponential decay crosses θ at now + ln(heat ÷ θ) ÷ α. Null when no edge lies below.
 */
export function nextCrossing(facts: PlacementFacts, tier: Tier, rules: PlacementRules): Instant | null {
  const { threshold } = rules.policy
  const heat = facts.readsPerDay[threshold.halfLife]
  const below = edgesOf(tier, threshold).filter(edge => edge <= heat)
  if (below.length === 0) return null
  const silenceMs = Math.log(heat / Math.max(...below)) / alphaPerMs(threshold.halfLife)
  // One millisecond later the heat is below the edge, not on it.
  return Math.ceil(rules.now + silenceMs) + 1
}

/** The lowest edge above the present heat, in reads per day; null when the object is in the hottest band. */
function nextEdgeAbove(facts: PlacementFacts, tier: Tier, rules: PlacementRules): number | null {
  const { threshold } = rules.policy
  const heat = facts.readsPerDay[threshold.halfLife]
  const above = edgesOf(tier, threshold).filter(edge => edge > heat)
  return above.length === 0 ? null : Math.min(...above)
}
