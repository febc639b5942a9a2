import type { ThresholdRule } from '../../domain/policy.ts'
import type { Tier } from '../../domain/tier.ts'

/**
 * The tier an object of this heat belongs in, given the tier it is in: an object leaves a band only below
 * its lower edge and enters a hotter one only at its upper edge, so a constant heat never moves it twice.
 */
export function bandOf(readsPerDay: number, currentTier: Tier, rule: ThresholdRule): Tier {
  const [warmEdge, hotEdge] = edgesOf(currentTier, rule)
  if (readsPerDay >= hotEdge) return 'hot'
  return readsPerDay >= warmEdge ? 'warm' : 'cold'
}

/** The tier an object of this heat would enter from below, without hysteresis. */
export function enteredBandOf(readsPerDay: number, rule: ThresholdRule): Tier {
  return bandOf(readsPerDay, 'cold', rule)
}

/**
 * The heats at which the wanted tier changes for an object in this tier, ascending: from cold to warm and
 * from warm to hot.
 *
 * Units: reads per day.
 */
export function edgesOf(currentTier: Tier, rule: ThresholdRule): readonly [warm: number, hot: number] {
  switch (currentTier) {
    case 'hot':
      return [rule.warm.leaveReadsPerDay, rule.hot.leaveReadsPerDay]
    case 'warm':
      return [rule.warm.leaveReadsPerDay, rule.hot.enterReadsPerDay]
    case 'cold':
      return [rule.warm.enterReadsPerDay, rule.hot.enterReadsPerDay]
  }
}
