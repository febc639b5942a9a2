import type { MigrationView } from '../database/migrations/migration-views.ts'
import { isEndState, MIGRATION_STATES, type MigrationKind, type MigrationState } from '../domain/migration.ts'
import type { MigrationEvent } from '../domain/migration-record.ts'
import { isPermitted } from '../migration/transitions.ts'
import type { MigrationResource } from './schemas/migration.ts'

/** Events a person causes, by what people call them. */
const EVENTS = { cancel: 'cancelled', retry: 'retried', rollback: 'rolled-back' } as const satisfies Record<
  string,
  MigrationEvent
>

/** States in which a migration is not finished, so that it can be paused and resumed. */
export const UNFINISHED: readonly MigrationState[] = MIGRATION_STATES.filter(state => !isEndState(state))

/** The states in which the table of transitions permits an action. */
export function permittedIn(action: keyof typeof EVENTS, kind: MigrationKind): readonly MigrationState[] {
  return MIGRATION_STATES.filter(state => isPermitted(kind, state, EVENTS[action]))
}

/** What a person can do with a migration now. */
export function actionsOf(
  migration: Pick<MigrationView, 'kind' | 'state' | 'paused' | 'cancelRequested'>,
): MigrationResource['can'] {
  const { kind, state, paused, cancelRequested } = migration
  const permits = (action: keyof typeof EVENTS) => permittedIn(action, kind).includes(state)
  const isBeingCancelled = cancelRequested && permits('cancel')
  return {
    pause: UNFINISHED.includes(state) && !paused && !isBeingCancelled,
    resume: UNFINISHED.includes(state) && paused,
    cancel: permits('cancel') && !cancelRequested,
    retry: permits('retry'),
    rollback: permits('rollback'),
  }
}
