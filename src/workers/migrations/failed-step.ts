import { databaseTroubleOf } from '../../database/database-trouble.ts'
import { PublicationInFlight } from '../../database/writes/publications-in-flight.ts'
import type { MigrationState } from '../../domain/migration.ts'
import { LedgerError, type MigrationEvent } from '../../domain/migration-record.ts'
import { StoreError, type StoreErrorKind } from '../../stores/object-store.ts'
import { StepFailure } from './migration-job.ts'

/** What an error of a step means: the event to report, its kind and words for people. */
export interface FailedStep {
  /** Null: nothing is reported; the migration rests and the step begins again. */
  readonly event: MigrationEvent | null
  readonly kind: string
  readonly message: string
}

/** What no later try can change while source and target are the same. */
export const LASTING: ReadonlySet<StoreErrorKind> = new Set([
  'invalid-key',
  'too-large',
  'metadata-too-large',
  'unsupported',
  // Held bytes stay, and archived ones are not there to be read, until somebody else does something about it.
  'locked',
  'archived',
])

/** What a step's error means in the state in which it happened. */
export function failedStepOf(state: MigrationState, error: unknown): FailedStep {
  if (error instanceof StepFailure) return { event: error.event, kind: error.kind, message: error.message }
  const kind = kindOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof LedgerError && error.kind === 'switch-lost') {
    return { event: state === 'verified' ? 'switch-lost' : 'superseded', kind, message }
  }
  return { event: eventOf(state, error), kind, message }
}

/** What the database itself suffers from tells nothing of a migration: it rests, and its try did not happen. */
export const DATABASE_TROUBLE = 'database-trouble'

function eventOf(state: MigrationState, error: unknown): MigrationEvent | null {
  if (databaseTroubleOf(error) !== null) return null
  switch (state) {
    case 'copying':
      return error instanceof StoreError && LASTING.has(error.kind) ? 'copy-refused' : 'copy-failed'
    case 'verifying':
    case 'verified':
      return 'verification-failed'
    case 'deleting-source':
      return 'delete-failed'
    default:
      return null
  }
}

function kindOf(error: unknown): string {
  if (error instanceof StoreError && error.kind === 'aborted' && isDeadline(error.cause)) return 'timeout'
  if (error instanceof StoreError || error instanceof LedgerError) return error.kind
  if (databaseTroubleOf(error) !== null) return DATABASE_TROUBLE
  // As a deletion that was cut off: nothing but waiting helps, and it is no fault of the object.
  if (error instanceof PublicationInFlight) return 'timeout'
  return 'unexpected'
}

/**
 * A request that hung until its deadline tells of the store; one that was given up for another reason does
 * not.
 */
function isDeadline(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'TimeoutError'
}
