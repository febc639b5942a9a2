import type { Decision, PlacementAlternative } from '../../domain/placement.ts'
import type { PlacementFacts, PlacementLocation } from '../../domain/placement-facts.ts'
import { coldnessOf, type Tier } from '../../domain/tier.ts'
import { bandOf } from '../policy/heat-bands.ts'
import type { PlacementRules } from '../price-options.ts'

/** A decision with everything its explanation refers to. */
export interface ExplainedDecision {
  readonly facts: PlacementFacts
  readonly decision: Decision
  readonly rules: PlacementRules
  /** Where the object lies. */
  readonly here: PlacementLocation
  /** Where it goes, or where a copy is added or dropped; where it lies when nothing changes. */
  readonly there: PlacementLocation
  /** Neither its place nor its copies change. */
  readonly stays: boolean
  readonly alternatives: readonly PlacementAlternative[]
  /** The tier the heat asks for. */
  readonly wantedTier: Tier
  /** The place that money alone keeps the object from: the nearest to the wanted tier, then the cheapest. */
  readonly blocked: PlacementAlternative | null
}

const MONEY_REJECTIONS: readonly (PlacementAlternative['rejected'] | null)[] = [
  'payback-too-long',
  'too-small-to-pay',
  'minimum-residence',
  'more-expensive',
]

/** Looks up what an explanation refers to. Throws a RangeError when a location is not among the rules'. */
export function explainedDecision(
  facts: PlacementFacts,
  decision: Decision,
  rules: PlacementRules,
): ExplainedDecision {
  const locationOf = (id: string): PlacementLocation => {
    const found = rules.locations.find(location => location.id === id)
    if (found === undefined) throw new RangeError(`there is no location ${id}`)
    return found
  }
  const here = locationOf(facts.locationId)
  const wantedTier = bandOf(decision.inputs.heatPerDay, here.tier, rules.policy.threshold)
  return {
    facts,
    decision,
    rules,
    here,
    there: locationOf(placeOfChange(decision)),
    stays: decision.toLocationId === decision.fromLocationId,
    alternatives: decision.alternatives.toSorted(
      (a, b) => byPresence(a, b, here) || costOf(a) - costOf(b) || (a.locationName < b.locationName ? -1 : 1),
    ),
    wantedTier,
    blocked: blockedOf(decision, wantedTier, here),
  }
}

/** Where a decision changes something: where the object goes, or where a copy is added or dropped. */
export function placeOfChange({ change, fromLocationId, toLocationId }: Decision): string {
  return change?.kind === 'drop-copy' ? fromLocationId : toLocationId
}

function byPresence(a: PlacementAlternative, b: PlacementAlternative, here: PlacementLocation): number {
  return Number(b.locationId === here.id) - Number(a.locationId === here.id)
}

function blockedOf(decision: Decision, wanted: Tier, here: PlacementLocation): PlacementAlternative | null {
  const distance = (alternative: PlacementAlternative) =>
    Math.abs(coldnessOf(alternative.tier) - coldnessOf(wanted))
  return (
    decision.alternatives
      .filter(({ rejected, tier, cost }) => {
        return cost !== null && tier !== here.tier && MONEY_REJECTIONS.includes(rejected)
      })
      .toSorted((a, b) => distance(a) - distance(b) || costOf(a) - costOf(b))[0] ?? null
  )
}

/** What a month there costs; places without a price come last. */
export function costOf(alternative: PlacementAlternative): number {
  return alternative.cost?.totalUsdPerMonth ?? Number.POSITIVE_INFINITY
}

/** The alternative that is the present location. */
export function presentAlternative({ alternatives, here }: ExplainedDecision): PlacementAlternative {
  return alternatives.find(alternative => alternative.locationId === here.id)!
}
