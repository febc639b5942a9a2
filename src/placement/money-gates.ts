import { type Bytes, TIB } from '../domain/bytes.ts'
import { DAY } from '../domain/duration.ts'
import type { PlacementFacts } from '../domain/placement-facts.ts'
import { paybackDays, storagePartUsd } from './cost/placement-cost.ts'
import { costAt, expectedLoad, type PlacementOption, type PlacementRules } from './price-options.ts'

/** Why a move for money may not happen now. */
export type GateReason = 'minimum-residence' | 'too-small-to-pay' | 'payback-too-long' | 'would-cost-more'

/** What a move from one place to another would save and when it has paid. */
export interface MoneyOutcome {
  readonly savingUsdPerMonth: number
  /** Of it, storage and monitoring; the rest is reads. */
  readonly savingStorageUsdPerMonth: number
  readonly oneTimeUsd: number
  readonly paybackDays: number | null
}

/** What moving from `current` to `option` would save. Both must have a price. */
export function moneyOutcome(
  current: PlacementOption,
  option: PlacementOption,
  rules: PlacementRules,
): MoneyOutcome {
  const savingUsdPerMonth = (current.cost?.totalUsdPerMonth ?? 0) - (option.cost?.totalUsdPerMonth ?? 0)
  const storageUsdOf = ({ cost }: PlacementOption) => (cost === null ? 0 : storagePartUsd(cost))
  const oneTimeUsd = option.cost?.oneTimeUsd ?? 0
  return {
    savingUsdPerMonth,
    savingStorageUsdPerMonth: storageUsdOf(current) - storageUsdOf(option),
    oneTimeUsd,
    paybackDays: paybackDays(savingUsdPerMonth, oneTimeUsd, rules.priceBook.daysPerMonth),
  }
}

/**
 * The first reason why a move for money does not happen now, or null when it pays: the object has not
 * stayed its minimum residence, it is smaller than the policy's limit, the place would cost more, or the
 * saving does not repay the one-time cost in time. Where only the object's size is to blame, it says so.
 */
export function gateOf(
  facts: PlacementFacts,
  current: PlacementOption,
  option: PlacementOption,
  rules: PlacementRules,
): GateReason | null {
  const { policy } = rules
  if (rules.now < residenceEndsAt(facts, rules)) return 'minimum-residence'
  if (facts.size < policy.minimumObjectBytes) return 'too-small-to-pay'
  const { savingUsdPerMonth, paybackDays: days } = moneyOutcome(current, option, rules)
  if (days !== null && days <= policy.maximumPaybackDays) return null
  if (payingSize(facts, current, option, rules) !== null) return 'too-small-to-pay'
  return savingUsdPerMonth > 0 ? 'payback-too-long' : 'would-cost-more'
}

/** Model time from which the object may be moved for money. */
export function residenceEndsAt(facts: PlacementFacts, { policy }: PlacementRules): number {
  return facts.enteredAt + policy.minimumResidenceDays * DAY
}

const PAYING_SIZE_MAX = TIB
const SEARCH_PRECISION = 1.01

/**
 * The size from which an object with the same heat would repay this move in time, to within one percent;
 * null when this object does, or when no size up to 1 TiB would. Prices per object weigh less the larger an
 * object is, so everything above pays too.
 */
export function payingSize(
  facts: PlacementFacts,
  current: PlacementOption,
  option: PlacementOption,
  rules: PlacementRules,
): Bytes | null {
  if (pays(facts.size) || !pays(PAYING_SIZE_MAX)) return null
  let tooSmall = Math.max(1, facts.size)
  let enough = PAYING_SIZE_MAX
  while (enough / tooSmall > SEARCH_PRECISION) {
    const middle = Math.sqrt(tooSmall * enough)
    if (pays(middle)) enough = middle
    else tooSmall = middle
  }
  return Math.ceil(enough)

  function pays(size: Bytes): boolean {
    if (size < rules.policy.minimumObjectBytes) return false
    const load = expectedLoad(facts, rules)
    const share = facts.size === 0 ? 1 : load.bytesPerRead / facts.size
    const resized = { ...facts, size }
    const resizedLoad = { ...load, size, bytesPerRead: share * size }
    const here = costAt(current.location, resizedLoad, resized, rules)
    const there = costAt(option.location, resizedLoad, resized, rules)
    const days = moneyOutcome({ ...current, cost: here }, { ...option, cost: there }, rules).paybackDays
    return days !== null && days <= rules.policy.maximumPaybackDays
  }
}
