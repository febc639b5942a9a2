import type { ObjectId, Uuid } from '../../domain/identifiers.ts'
import type {
  Migration,
  MigrationDirection,
  MigrationEvidence,
  MigrationKind,
  MigrationState,
  VerifyWay,
} from '../../domain/migration.ts'

/** A migration's row, without what only people read. */
export interface MigrationRow {
  id: Uuid
  kind: MigrationKind
  object_id: ObjectId
  bucket_id: Uuid
  key: string
  generation: number
  placement_version: number
  source_copy_id: Uuid
  source_location_id: Uuid
  target_copy_id: Uuid
  target_location_id: Uuid
  size: number
  state: MigrationState
  direction: MigrationDirection
  priority: number
  attempt: number
  attempts_max: number
  paused: boolean
  cancel_requested: boolean
  lease_owner: string | null
  fencing_token: number
  verify: VerifyWay
  encryption_required: boolean
  copies_required: number
  regions_required: number
  grace_ms: number
  grace_until_ms: number | null
  evidence: MigrationEvidence
  decision_id: Uuid | null
  plan_id: Uuid | null
}

/** The columns of a {@link MigrationRow}; the migration is `m`. */
export const MIGRATION_COLUMNS = `
  m.id, m.kind, m.object_id, m.bucket_id, m.key, m.generation, m.placement_version, m.source_copy_id,
  m.source_location_id, m.target_copy_id, m.target_location_id, m.size, m.state, m.direction, m.priority,
  m.attempt, m.attempts_max, m.paused, m.cancel_requested, m.lease_owner, m.fencing_token, m.verify, m.encryption_required,
  m.copies_required, m.regions_required, m.grace_ms,
  m.grace_until_ms, m.evidence, m.decision_id, m.plan_id`

/** The migration a row speaks of. */
export function migrationOf(row: MigrationRow): Migration {
  return {
    id: row.id,
    kind: row.kind,
    objectId: row.object_id,
    bucketId: row.bucket_id,
    key: row.key,
    generation: row.generation,
    placementVersion: row.placement_version,
    sourceCopyId: row.source_copy_id,
    sourceLocationId: row.source_location_id,
    targetLocationId: row.target_location_id,
    targetCopyId: row.target_copy_id,
    size: row.size,
    state: row.state,
    direction: row.direction,
    priority: row.priority,
    attempt: row.attempt,
    attemptsMax: row.attempts_max,
    paused: row.paused,
    cancelRequested: row.cancel_requested,
    leaseOwner: row.lease_owner,
    fencingToken: BigInt(row.fencing_token),
    verify: row.verify,
    encryptionRequired: row.encryption_required,
    copiesRequired: row.copies_required,
    regionsRequired: row.regions_required,
    graceMs: row.grace_ms,
    graceUntil: row.grace_until_ms,
    evidence: row.evidence,
    decisionId: row.decision_id,
    planId: row.plan_id,
  }
}
