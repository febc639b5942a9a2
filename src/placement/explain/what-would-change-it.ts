import type { Instant } from '../../domain/clock.ts'
import { DAY } from '../../domain/duration.ts'
import type { ReviewReason } from '../../domain/placement.ts'
import type { PlacementLocation } from '../../domain/placement-facts.ts'
import { billedBytes, minimumDaysLeft } from '../cost/placement-cost.ts'
import { residenceEndsAt } from '../money-gates.ts'
import { nextCrossing } from '../next-review.ts'
import { bandOf, edgesOf } from '../policy/heat-bands.ts'
import { isPinned } from '../price-options.ts'
import { lacksEncryption } from '../store-knowledge.ts'
import { costOf, type ExplainedDecision, presentAlternative } from './explained-decision.ts'
import { bytesText, daysText, edgeText, momentText, plain, usdText } from './figures.ts'
import { sizeThatPays, slaOf } from './reason-sentences.ts'

/** Something that would make the answer another one. */
export interface PlacementCondition {
  readonly kind: 'heat' | 'price' | 'date' | 'setting'
  readonly text: string
  /** The heat at which the answer changes, in reads per day. */
  readonly heatPerDay: number | null
  readonly at: Instant | null
}

/** What would change the answer: the heat, the price, the date or a setting, the likeliest first. */
export function whatWouldChangeIt(e: ExplainedDecision): PlacementCondition[] {
  const settings = settingConditions(e)
  const isHeld = isPinned(e.facts, e.rules.now) || FROZEN.has(e.decision.reason)
  return [...settings, ...(isHeld ? [] : [...heatConditions(e), ...priceConditions(e)]), ...dateConditions(e)]
}

const FROZEN: ReadonlySet<string> = new Set([
  'quarantined',
  'migration-in-flight',
  'bucket-observed',
  'copy-not-readable',
])

function heatConditions(e: ExplainedDecision): PlacementCondition[] {
  const { threshold } = e.rules.policy
  const heat = e.decision.inputs.heatPerDay
  const edges = edgesOf(e.here.tier, threshold)
  const above = edges.filter(edge => edge > heat)
  const conditions = above.map((edge): PlacementCondition => {
    const tier = bandOf(edge, e.here.tier, threshold)
    const text =
      tier === e.here.tier
        ? `From ${edgeText(edge)} on it would belong where it is, in the ${tier} tier.`
        : `From ${edgeText(edge)} on it would belong in the ${tier} tier.`
    return { kind: 'heat', text, heatPerDay: edge, at: null }
  })
  const below = Math.max(...edges.filter(edge => edge <= heat))
  const at = nextCrossing(e.facts, e.here.tier, e.rules)
  if (at === null) return conditions
  const tier = bandOf(below * (1 - 1e-9), e.here.tier, threshold)
  const text = `Below ${edgeText(below)} it would belong in the ${tier} tier; if nobody reads it, that is on ${momentText(at)}.`
  return [{ kind: 'heat', text, heatPerDay: below, at }, ...conditions]
}

/** The storage price at which the move that money holds back would pay in time. */
function priceConditions(e: ExplainedDecision): PlacementCondition[] {
  const { blocked, rules } = e
  const conditions: PlacementCondition[] = []
  const minimum = rules.policy.minimumObjectBytes
  if (blocked?.cost == null || !e.stays || e.facts.size < minimum) return conditions
  const size = sizeThatPays(e)
  if (size !== null) {
    const text = `An object of ${bytesText(size)} with the same heat would move to ${blocked.locationName}.`
    conditions.push({ kind: 'price', text, heatPerDay: null, at: null })
  }
  const price = rules.priceBook.locations.find(({ id }) => id === priceIdOf(e, blocked.locationId))!
  const saving = costOf(presentAlternative(e)) - costOf(blocked)
  const savingNeeded =
    (blocked.cost.oneTimeUsd / rules.policy.maximumPaybackDays) * rules.priceBook.daysPerMonth
  const billedGb = billedBytes(price, e.facts.size) / price.bytesPerGb
  const needed = price.storageUsdPerGbMonth - Math.max(0, savingNeeded - saving) / billedGb
  if (billedGb > 0 && needed > 0 && needed < price.storageUsdPerGbMonth) {
    const text = `It would pay if storage in ${blocked.locationName} cost ${usdText(needed)} instead of ${usdText(price.storageUsdPerGbMonth)} per GB and month.`
    conditions.push({ kind: 'price', text, heatPerDay: null, at: null })
  }
  return conditions
}

function priceIdOf(e: ExplainedDecision, locationId: string): string {
  return e.rules.locations.find(location => location.id === locationId)!.priceId
}

function dateConditions(e: ExplainedDecision): PlacementCondition[] {
  const { facts, rules, decision } = e
  const conditions: PlacementCondition[] = []
  const add = (at: Instant, text: string) => conditions.push({ kind: 'date', text, heatPerDay: null, at })
  const residence = residenceEndsAt(facts, rules)
  if (decision.reason === 'minimum-residence') {
    add(residence, `From ${momentText(residence)} on it may move for money.`)
  }
  const price = rules.priceBook.locations.find(({ id }) => id === e.here.priceId)
  const daysLeft = price === undefined ? 0 : minimumDaysLeft(price, facts.enteredAt, rules.now)
  if (daysLeft > 0) {
    const at = rules.now + daysLeft * DAY
    add(
      at,
      `Until ${momentText(at)} leaving ${e.here.name} costs the rest of its minimum of ${daysText(price!.minimumStorageDays)}.`,
    )
  }
  if (isPinned(facts, rules.now) && facts.pinnedUntil !== null) {
    add(facts.pinnedUntil, `The pin expires on ${momentText(facts.pinnedUntil)}.`)
  }
  const rises =
    decision.promoteAtReadsPerDay === null ? '' : ', and at once when its heat rises into the next band'
  const why = REVIEW_WORDS[decision.reviewReason]
  add(decision.reviewAt, `It is looked at again on ${momentText(decision.reviewAt)} (${why})${rises}.`)
  return conditions
}

const REVIEW_WORDS: Readonly<Record<ReviewReason, string>> = {
  'heat-crossing': 'its heat leaves its band then, if nobody reads it',
  'minimum-duration-ends': 'the minimum storage duration ends',
  'minimum-residence-ends': 'the minimum residence ends',
  'pin-expires': 'the pin expires',
  'maximum-interval': 'every object is, after this time at the latest',
  promotion: 'its heat rose',
  'new-object': 'it is new',
  requested: 'somebody asked',
  'policy-changed': 'its policy changed',
  'prices-changed': 'prices changed',
  'migration-finished': 'a migration finished',
  'cap-reached': 'the caps of this hour are used up',
}

function settingConditions(e: ExplainedDecision): PlacementCondition[] {
  const { facts, rules, decision } = e
  const conditions: PlacementCondition[] = []
  const add = (text: string) => conditions.push({ kind: 'setting', text, heatPerDay: null, at: null })
  if (decision.reason === 'pinned') add('Without the pin it would be placed by its heat and the prices.')
  if (decision.reason === 'bucket-observed') {
    add(`In the mode shared or exclusive, objects of ${facts.bucketName} could be moved.`)
  }
  if (facts.size < rules.policy.minimumObjectBytes) {
    add(
      `The policy ${rules.policy.name} moves objects from ${bytesText(rules.policy.minimumObjectBytes)} on (minimumObjectBytes).`,
    )
  }
  if (decision.reason === 'payback-too-long' && e.blocked?.paybackDays != null) {
    add(
      `With maximumPaybackDays of ${plain(Math.ceil(e.blocked.paybackDays))} in the policy it would move to ${e.blocked.locationName}.`,
    )
  }
  const unencrypted = placesWithoutEncryption(e)
  const unsure = unencrypted.filter(({ storeKind }) => storeKind === 's3').map(({ storeName }) => storeName)
  for (const name of new Set(unsure))
    add(`If the store ${name} does encrypt, \`dim store probe ${name} --learn\` finds that out.`)
  if (unencrypted.length > 0)
    add(
      'Added as a store of its own with a clientEncryptionKey, a store that does not encrypt is given nothing but sealed bytes, and is allowed.',
    )
  const tooSlow = decision.alternatives.find(
    ({ rejected, tier }) => rejected === 'latency-above-sla' && tier === e.wantedTier,
  )
  if (tooSlow !== undefined) {
    add(
      `Without the limit of ${plain(slaOf(e)!)} ms to the first byte, ${tooSlow.locationName} could be considered.`,
    )
  }
  return conditions
}

/** The places that the policy's demand for encryption forbids, the present one among them. */
function placesWithoutEncryption({
  here,
  there,
  rules,
  alternatives,
}: ExplainedDecision): PlacementLocation[] {
  const refused = new Set(
    alternatives.filter(({ rejected }) => rejected === 'not-encrypted').map(({ locationId }) => locationId),
  )
  return rules.locations.filter(
    location =>
      (location === here || location === there || refused.has(location.id)) &&
      lacksEncryption(location, rules.policy),
  )
}
