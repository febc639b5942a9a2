import { listPlacementLocations, readPlacementFacts } from '../../database/placement/placement-facts.ts'
import { findPolicy } from '../../database/placement/policies.ts'
import { findCurrentPriceBook } from '../../database/placement/price-books.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { PlacementLocation, StoredPlacementFacts, StoreKnowledge } from '../../domain/placement-facts.ts'
import { heatReadingAt } from '../../heat/heat-reading.ts'
import { decidePlacement } from '../../placement/decide-placement.ts'
import { explainPlacement } from '../../placement/explain/explain-placement.ts'
import { placeOfChange } from '../../placement/explain/explained-decision.ts'
import { withOwnReservation } from '../../placement/own-reservation.ts'
import type { PlacementRules } from '../../placement/price-options.ts'
import { withStoreKnowledge } from '../../placement/store-knowledge.ts'
import type { ApiOptions } from '../context.ts'
import { optionalTimeText, timeText } from '../present.ts'
import { ApiError, notFound } from '../problems.ts'
import type { ExplanationResource } from '../schemas/explanation.ts'
import { type CapabilitiesOptions, capabilitiesReader } from '../store-capabilities.ts'

/**
 * Makes the decision about one object again, as the planner would now, and words it for a person. Nothing is
 * kept. `address`, bucket and key, names the object where it is missing. Throws an ApiError `conflict` where
 * there is nothing to decide by: no policy, or no price book.
 */
export async function explainObject(
  objectId: string,
  address: string,
  options: RulesOptions,
): Promise<ExplanationResource> {
  const [row] = await readPlacementFacts(options.database, [objectId])
  if (row === undefined) throw notFound('object with a primary copy', address)
  const stored = await rulesFor(row.facts, options)
  const locations = withOwnReservation(stored.locations, row.openDecision, row.facts.size)
  const rules = { ...stored, locations }
  const facts = { ...row.facts, ...heatReadingAt(row.facts, rules.now) }
  const decision = decidePlacement(facts, rules.policy, rules.priceBook, rules.locations, rules.now)
  const explanation = explainPlacement(facts, decision, rules)
  const here = locationIn(rules, facts.locationId)
  const there = locationIn(rules, placeOfChange(decision))
  const stays = decision.fromLocationId === decision.toLocationId
  return {
    objectId,
    bucket: facts.bucketName,
    key: facts.key,
    size: facts.size,
    location: { id: here.id, name: here.name },
    tier: here.tier,
    stays,
    change: stays ? null : (decision.change?.kind ?? 'move'),
    targetLocation: { id: there.id, name: there.name },
    reason: decision.reason,
    summary: explanation.summary,
    monthlySavingUsd: decision.monthlySavingUsd,
    oneTimeUsd: decision.oneTimeUsd,
    paybackDays: decision.paybackDays,
    alternatives: explanation.alternatives.map(({ locationId, text }) => ({
      ...decision.alternatives.find(alternative => alternative.locationId === locationId)!,
      explanation: text,
    })),
    whatWouldChangeIt: explanation.whatWouldChangeIt.map(condition => ({
      ...condition,
      at: optionalTimeText(condition.at),
    })),
    inputs: { ...decision.inputs, at: timeText(decision.inputs.at) },
    reviewAt: timeText(decision.reviewAt),
    reviewReason: decision.reviewReason,
    migrationId: facts.migrationId,
  }
}

function locationIn(rules: PlacementRules, locationId: string): PlacementRules['locations'][number] {
  const location = rules.locations.find(candidate => candidate.id === locationId)
  if (location === undefined) throw notFound('location', locationId)
  return location
}

/** What is needed to tell what decides about an object. */
export type RulesOptions = CapabilitiesOptions & Pick<ApiOptions, 'clock'>

/** What decides about an object now. Throws an ApiError `conflict` where it has no policy or no price. */
export async function rulesFor(facts: StoredPlacementFacts, options: RulesOptions): Promise<PlacementRules> {
  const { clock, database } = options
  const now = clock.now()
  const [policy, priceBook, locations] = await Promise.all([
    facts.policyId === null ? null : findPolicy(database, facts.policyId),
    findCurrentPriceBook(database, timeText(now).slice(0, 10)),
    listPlacementLocations(database),
  ])
  if (policy === null)
    throw new ApiError(
      'conflict',
      `the bucket ${facts.bucketName} has no policy, so nothing decides about its objects: give it one`,
    )
  if (priceBook === null)
    throw new ApiError('conflict', 'there is no price book, so no place has a price: add one')
  const known = await knowledgeByStore(locations, options)
  return {
    policy: policy.spec,
    priceBook: priceBook.book,
    locations: withStoreKnowledge(locations, known),
    now,
  }
}

async function knowledgeByStore(
  locations: readonly PlacementLocation[],
  options: CapabilitiesOptions,
): Promise<ReadonlyMap<Uuid, StoreKnowledge | null>> {
  const capabilitiesOf = capabilitiesReader(options)
  const storeIds = [...new Set(locations.map(({ storeId }) => storeId))]
  return new Map(
    await Promise.all(
      storeIds.map(async (id): Promise<[Uuid, StoreKnowledge | null]> => [id, await capabilitiesOf(id)]),
    ),
  )
}
