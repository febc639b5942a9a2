import { HOUR } from '../../domain/duration.ts'
import type { DecisionReason } from '../../domain/placement.ts'
import { paybackDays } from '../cost/placement-cost.ts'
import { payingSize } from '../money-gates.ts'
import { edgesOf } from '../policy/heat-bands.ts'
import { requiredCopies } from '../policy/required-copies.ts'
import { isPinned, priceOptions, restoreHoursAt } from '../price-options.ts'
import { lacksEncryption } from '../store-knowledge.ts'
import { costOf, type ExplainedDecision, presentAlternative } from './explained-decision.ts'
import {
  bytesText,
  daysText,
  durationText,
  edgeText,
  momentText,
  plain,
  readRateText,
  usdText,
} from './figures.ts'

/** Why the object stays or goes, in one or two sentences. */
export function reasonSentence(explained: ExplainedDecision): string {
  return SENTENCES[explained.decision.reason](explained)
}

const SENTENCES: Readonly<Record<DecisionReason, (explained: ExplainedDecision) => string>> = {
  'heat-fell-below-band': e =>
    `Its heat is below ${edgeText(edgeCrossed(e))}, so it goes to ${e.there.name} in the ${e.there.tier} tier: ` +
    `that saves ${usdText(e.decision.monthlySavingUsd)} a month, costs ${usdText(e.decision.oneTimeUsd)} once ` +
    `and has paid for itself after ${payback(e.decision.paybackDays)}.`,
  'heat-rose-above-band': e =>
    `It has warmed to the ${e.wantedTier} band, so it goes to ${e.there.name} in the ${e.there.tier} tier for its readers: ` +
    `that costs ${usdText(e.decision.oneTimeUsd)} once and ${monthlyChange(e)}.`,
  'already-in-wanted-tier': e => `${wanted(e)} where it is.`,
  'inside-hysteresis': e =>
    `It would not enter the ${e.here.tier} tier anew, which takes ${edgeText(enterEdge(e))}, but keeps its place until ` +
    `it falls below ${edgeText(edgeBelowPresent(e))}: without this gap objects would flap between tiers.`,
  'minimum-residence': e =>
    `${wanted(e)} but it has been here for ${durationText(e.rules.now - e.facts.enteredAt)} only, and the policy keeps ` +
    `objects ${daysText(e.rules.policy.minimumResidenceDays)} before it moves them for money.`,
  'too-small-to-pay': tooSmallSentence,
  'payback-too-long': e => {
    const blocked = e.blocked!
    const saving = costOf(presentAlternative(e)) - costOf(blocked)
    return (
      `${wanted(e)} but ${blocked.locationName} would save ${usdText(saving)} a month and cost ` +
      `${usdText(blocked.cost!.oneTimeUsd)} once: that has paid for itself only after ${payback(blocked.paybackDays)}, ` +
      `and the policy allows ${daysText(e.rules.policy.maximumPaybackDays)}.`
    )
  },
  'would-cost-more': e =>
    `${wanted(e)} but with ${plain(Number(e.decision.inputs.readsPerMonthExpected.toPrecision(3)))} reads expected a month, ${countedHeat(e)}, ` +
    `${e.blocked!.locationName} would cost ${usdText(costOf(e.blocked!))} a month, ` +
    `${usdText(costOf(e.blocked!) - costOf(presentAlternative(e)))} more than here.`,
  pinned: e =>
    e.stays
      ? `It is pinned here ${pinEnd(e)}.${presentPlaceLacksEncryption(e) ? ` ${lackSentence(e)}: only the pin keeps it here.` : ''}`
      : `It is pinned to ${e.there.name} ${pinEnd(e)}, so it goes there.`,
  'sla-requires-faster': e =>
    `Its readers are promised the first byte within ${plain(slaOf(e)!)} ms and ${e.here.name} takes ` +
    `${plain(e.here.firstByteMsP99)} ms (99th percentile), so it goes to ${e.there.name}: that costs ` +
    `${usdText(e.decision.oneTimeUsd)} once and ${monthlyChange(e)}.`,
  'no-allowed-location': nowhereSentence,
  'bucket-observed': e =>
    `The bucket ${e.facts.bucketName} is only observed: we watch its objects and never move them.`,
  'migration-in-flight': inFlightSentence,
  'cheaper-in-tier': e =>
    `${e.there.name} is in the same tier and cheaper, so it goes there: that saves ` +
    `${usdText(e.decision.monthlySavingUsd)} a month, costs ${usdText(e.decision.oneTimeUsd)} once and has paid for ` +
    `itself after ${payback(e.decision.paybackDays)}.`,
  'location-not-allowed': e =>
    `The policy ${e.rules.policy.name} does not allow ${e.here.name}, so it goes to ${e.there.name}: that costs ` +
    `${usdText(e.decision.oneTimeUsd)} once and ${monthlyChange(e)}.`,
  'encryption-required': e =>
    `${lackSentence(e)}, so it goes to ${e.there.name}: that costs ` +
    `${usdText(e.decision.oneTimeUsd)} once and ${monthlyChange(e)}.`,
  'no-price': e =>
    `The price book has no entry ${e.here.priceId} for ${e.here.name}, and without a price there is no reason in money to move.`,
  quarantined: e =>
    `It is quarantined (${e.facts.quarantinedBecause}): a person must look before anything moves it.`,
  'location-retiring': e =>
    `${e.here.name} is being emptied, so it goes to ${e.there.name}: that costs ` +
    `${usdText(e.decision.oneTimeUsd)} once and ${monthlyChange(e)}.${restoreSentence(e)}`,
  'too-few-copies': e =>
    `The policy ${e.rules.policy.name} asks for ${copiesText(e)}, so another one is added at ${e.there.name}: that costs ` +
    `${usdText(e.decision.oneTimeUsd)} once and ${usdText(-e.decision.monthlySavingUsd)} a month.`,
  'too-many-copies': e =>
    `${lacksEncryption(e.there, e.rules.policy) ? `${lackSentence(e, e.there)}, so the copy there` : `The policy ${e.rules.policy.name} asks for ${copiesText(e)}, so the one at ${e.here.name}`} goes once the others are proven: that saves ` +
    `${usdText(e.decision.monthlySavingUsd)} a month and costs ${usdText(e.decision.oneTimeUsd)} once.`,
  'copy-not-readable': e =>
    e.facts.copyIsSound
      ? `${e.here.name} cannot be read from now (${e.here.storeState === 'active' ? 'it is offline' : `its store is ${e.here.storeState}`}), so nothing can be moved away from it.`
      : 'Its copy is suspect: nothing moves it until the copy is verified or repaired.',
}

/** That it has to be restored first, and how long that takes; nothing where it can be read at once. */
function restoreSentence({ here, rules }: ExplainedDecision): string {
  const price = rules.priceBook.locations.find(({ id }) => id === here.priceId) ?? null
  const hours = restoreHoursAt(here, price)
  return hours === null ? '' : ` It has to be restored first, which takes up to ${plain(hours)} hours.`
}

function nowhereSentence(e: ExplainedDecision): string {
  const { facts, rules } = e
  if (isPinned(facts, rules.now)) {
    const pin = rules.locations.find(({ id }) => id === facts.pinnedLocationId)
    return `It is pinned to ${pin?.name ?? 'a place that is gone'} ${pinEnd(e)}, which may not take it; the alternatives say why.`
  }
  return presentPlaceLacksEncryption(e)
    ? `${lackSentence(e)}, but no other location may take it, so it stays; the alternatives say why.`
    : `${wanted(e)} but no location there may take it; the alternatives say why.`
}

function inFlightSentence({ facts, rules }: ExplainedDecision): string {
  const target = rules.locations.find(({ id }) => id === facts.waitsForRoomAt)
  if (target === undefined) return 'It is being moved right now, and is looked at again when that has ended.'
  const since = target.fullSince == null ? '' : ` since ${momentText(target.fullSince)}`
  return `It waits to be moved to ${target.name}, which is full${since}, and no other place is better meanwhile.`
}

function presentPlaceLacksEncryption({ here, rules }: ExplainedDecision): boolean {
  return lacksEncryption(here, rules.policy)
}

function lackSentence({ here, rules }: ExplainedDecision, place = here): string {
  return `The policy ${rules.policy.name} requires encryption, and the store ${place.storeName} of ${place.name} is not known to encrypt`
}

/** `2 copies in 2 regions`. */
function copiesText({ rules }: ExplainedDecision): string {
  const { copies, regions } = requiredCopies(rules)
  const where = regions > 1 ? ` in ${regions} regions` : ''
  return `${copies} ${copies === 1 ? 'copy' : 'copies'}${where}`
}

function tooSmallSentence(e: ExplainedDecision): string {
  const { policy } = e.rules
  if (e.facts.size < policy.minimumObjectBytes) {
    return `${wanted(e)} but the policy moves no object below ${bytesText(policy.minimumObjectBytes)} for money.`
  }
  const from = sizeThatPays(e)
  const blocked = e.blocked!
  const saving = costOf(presentAlternative(e)) - costOf(blocked)
  const outcome =
    saving > 0
      ? `saves only ${usdText(saving)} a month there and costs ${usdText(blocked.cost!.oneTimeUsd)} to move, paid back after ${payback(paybackDays(saving, blocked.cost!.oneTimeUsd, e.rules.priceBook.daysPerMonth))}`
      : `would cost ${usdText(-saving)} a month more there, because of what is charged per object`
  return (
    `${wanted(e)} but it is too small to pay: an object of ${bytesText(e.facts.size)} ${outcome}` +
    `${from === null ? '' : `. With the same heat ${blocked.locationName} pays from ${bytesText(from)}`}.`
  )
}

/** The size from which the blocked move would pay; null where no size would. */
export function sizeThatPays(e: ExplainedDecision): number | null {
  if (e.blocked === null) return null
  const options = priceOptions(e.facts, e.rules)
  const current = options.find(option => option.location.id === e.here.id)!
  const target = options.find(option => option.location.id === e.blocked!.locationId)!
  return payingSize(e.facts, current, target, e.rules)
}

/** How hot the object is, as a sentence's beginning. */
export function heatSentence({ decision: { inputs }, rules }: ExplainedDecision): string {
  const { halfLife } = rules.policy.threshold
  const score = `heat score ${plain(Math.round(inputs.heatScore))} of 100`
  if (inputs.heatPerDay === 0) return 'Nobody has read it yet.'
  return `By its heat ${readRateText(inputs.heatPerDay)} (half-life ${HALF_LIFE_WORDS[halfLife]}, ${score}).`
}

/** Bands go by the policy's heat; money by the 30-day heat where that is higher. */
function countedHeat({ rules }: ExplainedDecision): string {
  const { halfLife } = rules.policy.threshold
  if (halfLife === '30d') return 'by the heat of half-life 30 days'
  return `by the higher of the heats of half-life ${HALF_LIFE_WORDS[halfLife]} and 30 days`
}

const HALF_LIFE_WORDS = { '6h': '6 hours', '3d': '3 days', '30d': '30 days' } as const

function wanted(e: ExplainedDecision): string {
  const what = e.decision.inputs.heatPerDay === 0 ? 'An object without readers' : 'That heat'
  return `${what} belongs in the ${e.wantedTier} tier,`
}

/** The edge above the wanted tier, which the heat has fallen through. */
function edgeCrossed(e: ExplainedDecision): number {
  const [warm, hot] = edgesOf(e.here.tier, e.rules.policy.threshold)
  return e.wantedTier === 'cold' ? warm : hot
}

function edgeBelowPresent(e: ExplainedDecision): number {
  const [warm, hot] = edgesOf(e.here.tier, e.rules.policy.threshold)
  return e.here.tier === 'hot' ? hot : warm
}

function enterEdge({ here, rules }: ExplainedDecision): number {
  const { hot, warm } = rules.policy.threshold
  return here.tier === 'hot' ? hot.enterReadsPerDay : warm.enterReadsPerDay
}

function monthlyChange({ decision }: ExplainedDecision): string {
  const saving = decision.monthlySavingUsd
  return saving >= 0 ? `saves ${usdText(saving)} a month` : `${usdText(-saving)} more a month`
}

function payback(days: number | null): string {
  if (days === null) return 'never'
  return days < 2 ? durationText(days * 24 * HOUR) : daysText(days)
}

function pinEnd({ facts }: ExplainedDecision): string {
  return facts.pinnedUntil === null
    ? 'until somebody removes the pin'
    : `until ${momentText(facts.pinnedUntil)}`
}

/** The promise to its readers, the object's own before the policy's. */
export function slaOf({ facts, rules }: ExplainedDecision): number | null {
  return facts.latencySlaMs ?? rules.policy.latencySlaMs
}
