import { isEndState, MIGRATION_STATES, type MigrationKind, type MigrationState } from '../domain/migration.ts'
import type { MigrationStep } from '../domain/migration-record.ts'
import { isPermitted, stepsFrom } from './transitions.ts'

/** What people can ask of a migration. */
export const MIGRATION_COMMANDS = ['pause', 'resume', 'cancel', 'retry', 'rollback'] as const
export type MigrationCommandName = (typeof MIGRATION_COMMANDS)[number]

/** Whether a command makes sense for a migration as it is: what a button asks before it offers it. */
export function migrationCan(
  command: MigrationCommandName,
  migration: { readonly kind: MigrationKind; readonly state: MigrationState; readonly paused: boolean },
): boolean {
  const { kind, state, paused } = migration
  if (command === 'pause') return permittedStates(command, kind).includes(state) && !paused
  if (command === 'resume') return permittedStates(command, kind).includes(state) && paused
  return permittedStates(command, kind).includes(state)
}

/** The states in which a command is permitted, from the table of the kind. */
export function permittedStates(
  command: MigrationCommandName,
  kind: MigrationKind = 'move',
): readonly MigrationState[] {
  switch (command) {
    case 'pause':
    case 'resume':
      return MIGRATION_STATES.filter(state => !isEndState(state))
    case 'cancel':
      return MIGRATION_STATES.filter(state => isPermitted(kind, state, 'cancelled'))
    case 'retry':
      return MIGRATION_STATES.filter(state => isPermitted(kind, state, 'retried'))
    case 'rollback':
      return MIGRATION_STATES.filter(state => isPermitted(kind, state, 'rolled-back'))
  }
}

/** The step a roll back is in this state, or null where it is not permitted. */
export function rollBackStep(state: MigrationState, kind: MigrationKind = 'move'): MigrationStep | null {
  return isPermitted(kind, state, 'rolled-back') ? stepsFrom(kind, state, ['rolled-back'])[0]! : null
}
