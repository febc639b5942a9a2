import type { Instant } from '../domain/clock.ts'
import { DAY } from '../domain/duration.ts'
import type { Decision, PlacementAlternative, RejectionReason } from '../domain/placement.ts'
import type { PlacementFacts, PlacementLocation } from '../domain/placement-facts.ts'
import type { PolicyDocument } from '../domain/policy.ts'
import { type PriceBook, priceBookLabel } from '../domain/price.ts'
import { type Choice, chooseOption } from './choose-option.ts'
import { paybackDays } from './cost/placement-cost.ts'
import { type CopiesChoice, chooseCopies } from './decide-copies.ts'
import { moneyOutcome } from './money-gates.ts'
import { nextReview } from './next-review.ts'
import {
  expectedLoad,
  type PlacementOption,
  type PlacementRules,
  priceOptions,
  sharesContainer,
} from './price-options.ts'

/**
 * Decides where one object should live now, and when to ask again. The same values always give the same
 * decision. Throws a RangeError when the object's present location is not among `locations`.
 */
export function decidePlacement(
  facts: PlacementFacts,
  policy: PolicyDocument,
  priceBook: PriceBook,
  locations: readonly PlacementLocation[],
  now: Instant,
): Decision {
  const rules: PlacementRules = { policy, priceBook, locations, now }
  const options = priceOptions(facts, rules)
  const current = options.find(option => option.location.id === facts.locationId)
  if (current === undefined) {
    throw new RangeError(`object ${facts.objectId} lies in an unknown location ${facts.locationId}`)
  }
  const choice = chooseOption(facts, current, options, rules)
  const money = moneyOutcome(current, choice.option, rules)
  const review = nextReview(facts, current, rules)
  const stays = choice.option === current
  const decision: Decision = {
    objectId: facts.objectId,
    generation: facts.generation,
    placementVersion: facts.placementVersion,
    fromLocationId: current.location.id,
    toLocationId: choice.option.location.id,
    reason: choice.reason,
    monthlySavingUsd: stays ? 0 : money.savingUsdPerMonth,
    monthlySavingStorageUsd: stays ? 0 : money.savingStorageUsdPerMonth,
    oneTimeUsd: stays ? 0 : money.oneTimeUsd,
    paybackDays: stays ? null : money.paybackDays,
    alternatives: options.map(option => alternativeOf(option, current, choice, rules)),
    inputs: inputsOf(facts, rules),
    reviewAt: review.at,
    reviewReason: review.reason,
    promoteAtReadsPerDay: review.promoteAtReadsPerDay,
  }
  if (!stays) {
    if (!sharesContainer(choice.option.location, current.location.id, locations)) return decision
    const { copyId } = facts
    return { ...decision, change: { kind: 'reclassify', sourceCopyId: copyId, targetCopyId: copyId } }
  }
  if (FROZEN.has(choice.reason)) return decision
  const copies = chooseCopies(facts, current, options, rules)
  return copies === null ? decision : withCopies(decision, copies, rules)
}

/** The same decision, which adds or drops a copy where the object would have stayed as it is. */
function withCopies(decision: Decision, copies: CopiesChoice, rules: PlacementRules): Decision {
  const { change, fromLocationId, oneTimeUsd, reason, savingUsdPerMonth, toLocationId } = copies
  return {
    ...decision,
    fromLocationId,
    toLocationId,
    reason,
    change,
    monthlySavingUsd: savingUsdPerMonth,
    monthlySavingStorageUsd: savingUsdPerMonth,
    oneTimeUsd,
    paybackDays: paybackDays(savingUsdPerMonth, oneTimeUsd, rules.priceBook.daysPerMonth),
  }
}

function inputsOf(facts: PlacementFacts, rules: PlacementRules): Decision['inputs'] {
  const { readsPerMonth, bytesPerRead } = expectedLoad(facts, rules)
  const { halfLife } = rules.policy.threshold
  return {
    size: facts.size,
    heatPerDay: facts.readsPerDay[halfLife],
    halfLife,
    heatScore: facts.heatScore,
    readsPerMonthExpected: readsPerMonth,
    bytesPerRead,
    daysInLocation: Math.max(0, rules.now - facts.enteredAt) / DAY,
    priceBook: priceBookLabel(rules.priceBook),
    policy: rules.policy.name,
    at: rules.now,
  }
}

function alternativeOf(
  option: PlacementOption,
  current: PlacementOption,
  choice: Choice,
  rules: PlacementRules,
): PlacementAlternative {
  const chosen = option === choice.option
  const isCurrent = option === current
  const priced = option.cost !== null && current.cost !== null
  return {
    locationId: option.location.id,
    locationName: option.location.name,
    tier: option.location.tier,
    cost: option.cost,
    chosen,
    rejected: chosen ? null : rejectionOf(option, isCurrent, choice),
    paybackDays: isCurrent || !priced ? null : moneyOutcome(current, option, rules).paybackDays,
  }
}

const FROZEN: ReadonlySet<Decision['reason']> = new Set([
  'quarantined',
  'migration-in-flight',
  'bucket-observed',
  'copy-not-readable',
  'no-price',
])

function rejectionOf(option: PlacementOption, isCurrent: boolean, choice: Choice): RejectionReason {
  if (option.forbidden !== null) return option.forbidden
  if (isCurrent) return 'current'
  if (FROZEN.has(choice.reason)) return 'decision-frozen'
  const gate = choice.gated.get(option)
  if (gate === 'would-cost-more') return 'more-expensive'
  if (gate !== undefined) return gate
  return option.location.tier === choice.option.location.tier ? 'more-expensive' : 'other-tier-wanted'
}
