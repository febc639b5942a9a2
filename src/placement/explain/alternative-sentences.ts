import type { PlacementAlternative, PlacementCost, RejectionReason } from '../../domain/placement.ts'
import type { PlacementLocation } from '../../domain/placement-facts.ts'
import { restoreHoursAt } from '../price-options.ts'
import { costOf, type ExplainedDecision } from './explained-decision.ts'
import { bytesText, daysText, momentText, plain, usdSumText, usdText } from './figures.ts'
import { slaOf } from './reason-sentences.ts'

/** What one place would cost, part by part, and why it was or was not chosen. */
export function alternativeSentence(e: ExplainedDecision, alternative: PlacementAlternative): string {
  const { cost, locationName, tier } = alternative
  const isHere = alternative.locationId === e.here.id
  const place = `${locationName} (${tier}${isHere ? ', where it is' : ''})`
  const verdict = verdictOf(e, alternative)
  if (cost === null) return `${place}: ${verdict}`
  const monthly = sumOf(monthlyParts(cost), cost.totalUsdPerMonth, 'a month')
  const once = isHere ? '' : ` Moving there: ${sumOf(onceParts(cost), cost.oneTimeUsd, 'once')}.`
  return `${place}: ${monthly}.${once} ${verdict}`
}

function verdictOf(e: ExplainedDecision, alternative: PlacementAlternative): string {
  const { change } = e.decision
  if (alternative.locationId === e.there.id && change?.kind === 'add-copy') return 'A copy is added here.'
  if (alternative.locationId === e.there.id && change?.kind === 'drop-copy')
    return 'Its copy here is dropped.'
  if (!alternative.chosen) return rejection(e, alternative)
  return alternative.locationId === e.here.id ? 'Chosen: it stays.' : 'Chosen.'
}

type Part = readonly [name: string, usd: number]

function monthlyParts(cost: PlacementCost): Part[] {
  return [
    ['storage', cost.storageUsdPerMonth],
    ['read requests', cost.readRequestsUsdPerMonth],
    ['retrieval', cost.retrievalUsdPerMonth],
    ['egress', cost.egressUsdPerMonth],
    ['monitoring', cost.monitoringUsdPerMonth],
  ]
}

function onceParts(cost: PlacementCost): Part[] {
  return [
    ['entering', cost.transitionUsd],
    ['reading the source', cost.sourceRetrievalUsd],
    ['the way', cost.sourceEgressUsd],
    ['early deletion', cost.earlyDeletionUsd],
    ['grace', cost.graceStorageUsd],
    ['reading back', cost.verificationUsd],
  ]
}

/** `$3.00 a month = storage $1.00 + egress $2.00`. Parts that round to nothing are left out. */
function sumOf(parts: readonly Part[], total: number, when: string): string {
  const text = usdSumText(
    parts.map(([, usd]) => usd),
    total,
  )
  const paid = parts.flatMap(([name], index) => {
    const usd = text.parts[index]
    return usd === null ? [] : [`${name} ${usd}`]
  })
  if (paid.length === 0) return `nothing ${when}`
  return `${text.total} ${when} = ${paid.join(' + ')}`
}

function rejection(e: ExplainedDecision, alternative: PlacementAlternative): string {
  const reason: RejectionReason = alternative.rejected ?? 'other-tier-wanted'
  const { policy } = e.rules
  const { locationName } = alternative
  const location = e.rules.locations.find(candidate => candidate.id === alternative.locationId)!
  switch (reason) {
    case 'current':
      return 'It leaves this place.'
    case 'other-tier-wanted':
      return `Not chosen: the heat asks for the ${e.wantedTier} tier.`
    case 'latency-above-sla':
      return `Not allowed: the first byte takes ${plain(location.firstByteMsP99)} ms there (99th percentile), the limit is ${plain(slaOf(e)!)} ms.`
    case 'offline':
      return `Not allowed: copies there are offline and take ${plain(restoreHoursOf(e, location))} hours to restore.`
    case 'capacity':
      if (location.fullSince != null)
        return `Not possible: ${locationName} is full since ${momentText(location.fullSince)}, as its store says.`
      return `Not possible: ${bytesText(location.freeBytes ?? 0)} are free there, it needs ${bytesText(e.facts.size)}.`
    case 'pinned-elsewhere':
      return 'Not allowed: the object is pinned elsewhere.'
    case 'not-in-policy':
      return `Not allowed by the policy ${policy.name}.`
    case 'no-price':
      return `Not considered: the price book has no entry ${location.priceId}.`
    case 'more-expensive': {
      const more = costOf(alternative) - costOf(chosenOf(e))
      return `Not chosen: ${usdText(more)} a month more.`
    }
    case 'payback-too-long':
      return `Not chosen: paid back after ${alternative.paybackDays === null ? 'never' : daysText(alternative.paybackDays)}, the policy allows ${daysText(policy.maximumPaybackDays)}.`
    case 'too-small-to-pay':
      return 'Not chosen: the object is too small to pay for the move.'
    case 'minimum-residence':
      return `Not yet: objects stay ${daysText(policy.minimumResidenceDays)} before they move for money.`
    case 'store-not-active':
      return `Not possible: its store is ${location.storeState}.`
    case 'same-container':
      return 'Not possible: it is another class of the container the object is in, and a class is changed in place only by its name, and where nobody else writes.'
    case 'copy-there':
      return 'Not chosen: another copy of the object lies there already.'
    case 'retiring':
      return 'Not allowed: it is being emptied.'
    case 'not-encrypted':
      return `Not allowed: the policy ${policy.name} requires encryption, and the store ${location.storeName} is not known to encrypt.`
    case 'too-few-regions':
      return `Not allowed: with the other copies it would lie in fewer regions than the policy ${policy.name} asks for.`
    case 'decision-frozen':
      return 'Not considered: the object is not moved at all now.'
    default:
      return reason satisfies never
  }
}

function restoreHoursOf({ rules }: ExplainedDecision, location: PlacementLocation): number {
  const price = rules.priceBook.locations.find(({ id }) => id === location.priceId) ?? null
  return restoreHoursAt(location, price) ?? 0
}

function chosenOf(e: ExplainedDecision): PlacementAlternative {
  return e.alternatives.find(alternative => alternative.chosen)!
}
