import type { NextReviewRow } from '../../database/placement/object-reviews.ts'
import type { OpenDecision, PlacementFactsRow } from '../../database/placement/placement-facts.ts'
import type { Instant } from '../../domain/clock.ts'
import { directionBetween, type MigrationDirection } from '../../domain/migration.ts'
import type { Decision } from '../../domain/placement.ts'
import type { PlacementFacts } from '../../domain/placement-facts.ts'
import { heatReadingAt } from '../../heat/heat-reading.ts'
import { decidePlacement } from '../../placement/decide-placement.ts'
import { withOwnReservation } from '../../placement/own-reservation.ts'
import { type PlanningPolicy, type PlanningRules, reserve } from './planning-rules.ts'
import { promotionThreshold } from './promotion-threshold.ts'

/** What came out of looking at one object. */
export interface ReviewedObject {
  readonly facts: PlacementFacts
  readonly decision: Decision
  readonly policy: PlanningPolicy
  readonly next: NextReviewRow
  /** Null when the object stays. */
  readonly move: { readonly direction: MigrationDirection; readonly isAutomatic: boolean } | null
  readonly openDecision: OpenDecision | null
}

/** Decides about one object and reserves room where it should go. */
export function reviewObject(
  row: PlacementFactsRow,
  policy: PlanningPolicy,
  rules: PlanningRules,
  now: Instant,
): ReviewedObject {
  const facts = { ...row.facts, ...heatReadingAt(row.facts, now) }
  const locations = withOwnReservation(rules.locations, row.openDecision, facts.size)
  const decision = decidePlacement(facts, policy.spec, rules.priceBook, locations, now)
  const next = {
    objectId: facts.objectId,
    at: decision.reviewAt,
    reason: decision.reviewReason,
    promoteLnHeat: promotionThreshold(decision.promoteAtReadsPerDay, policy.spec.threshold.halfLife),
  }
  const stays = decision.toLocationId === decision.fromLocationId
  if (stays) return { facts, decision, policy, next, move: null, openDecision: row.openDecision }
  const tierOf = (id: string) => locations.find(location => location.id === id)!.tier
  const isMove = decision.change === undefined || decision.change.kind === 'reclassify'
  const direction = isMove
    ? directionBetween(tierOf(decision.fromLocationId), tierOf(decision.toLocationId))
    : 'lateral'
  const takesRoom = decision.change?.kind !== 'drop-copy'
  if (takesRoom && !isSameMove(decision, row.openDecision)) reserve(rules, decision.toLocationId, facts.size)
  const isAutomatic =
    policy.spec.approval === 'automatic' ||
    (policy.spec.approval === 'automatic-promotions' && direction === 'promotion')
  return { facts, decision, policy, next, move: { direction, isAutomatic }, openDecision: row.openDecision }
}

/** Whether a decision that waits for a person already says what this one says. */
export function isSameMove(decision: Decision, open: OpenDecision | null): boolean {
  return (
    open !== null &&
    open.toLocationId === decision.toLocationId &&
    open.generation === decision.generation &&
    open.placementVersion === decision.placementVersion
  )
}
