import type { NextReviewRow } from '../../database/placement/object-reviews.ts'
import type { OpenDecision, PlacementFactsRow } from '../../database/placement/placement-facts.ts'
import type { Instant } from '../../domain/clock.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { directionBetween, type MigrationDirection } from '../../domain/migration.ts'
import type { Decision } from '../../domain/placement.ts'
import type { PlacementFacts, PlacementLocation } from '../../domain/placement-facts.ts'
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
  /** A migration that waits for a full location, in whose place this move is. Left out: none. */
  readonly replaces?: Uuid
}

/** Decides about one object and reserves room where it should go. */
export function reviewObject(
  row: PlacementFactsRow,
  policy: PlanningPolicy,
  rules: PlanningRules,
  now: Instant,
): ReviewedObject {
  const { openDecision } = row
  const facts = { ...row.facts, ...heatReadingAt(row.facts, now) }
  const locations = withOwnReservation(rules.locations, openDecision, facts.size)
  const judged =
    placeElsewhere(facts, policy, rules, locations, now) ?? judge(facts, policy, rules, locations, now)
  const { decision, move } = judged
  const next = {
    objectId: facts.objectId,
    at: decision.reviewAt,
    reason: decision.reviewReason,
    promoteLnHeat: promotionThreshold(decision.promoteAtReadsPerDay, policy.spec.threshold.halfLife),
  }
  const takesRoom = move !== null && decision.change?.kind !== 'drop-copy'
  if (takesRoom && !isSameMove(decision, openDecision)) reserve(rules, decision.toLocationId, facts.size)
  return { ...judged, policy, next, openDecision }
}

type Judged = Pick<ReviewedObject, 'facts' | 'decision' | 'move' | 'replaces'>

/**
 * What is decided of an object that waits for a full location, as if it did not: where its policy sends it to another
 * place by itself. Null where it waits for none, or goes on waiting: a person approves what a person was asked for.
 */
function placeElsewhere(
  facts: PlacementFacts,
  policy: PlanningPolicy,
  rules: PlanningRules,
  locations: readonly PlacementLocation[],
  now: Instant,
): Judged | null {
  const { migrationId, waitsForRoomAt } = facts
  if (waitsForRoomAt === undefined || migrationId === null) return null
  const judged = judge({ ...facts, migrationId: null }, policy, rules, locations, now)
  const { decision, move } = judged
  const isElsewhere = decision.toLocationId !== waitsForRoomAt && decision.change?.kind !== 'drop-copy'
  return move?.isAutomatic === true && isElsewhere ? { ...judged, replaces: migrationId } : null
}

function judge(
  facts: PlacementFacts,
  policy: PlanningPolicy,
  rules: PlanningRules,
  locations: readonly PlacementLocation[],
  now: Instant,
): Judged {
  const decision = decidePlacement(facts, policy.spec, rules.priceBook, locations, now)
  if (decision.toLocationId === decision.fromLocationId) return { facts, decision, move: null }
  const tierOf = (id: string) => locations.find(location => location.id === id)!.tier
  const isMove = decision.change === undefined || decision.change.kind === 'reclassify'
  const direction = isMove
    ? directionBetween(tierOf(decision.fromLocationId), tierOf(decision.toLocationId))
    : 'lateral'
  const isAutomatic =
    policy.spec.approval === 'automatic' ||
    (policy.spec.approval === 'automatic-promotions' && direction === 'promotion')
  return { facts, decision, move: { direction, isAutomatic } }
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
