import { expect, it } from 'vitest'
import { MIGRATION_KINDS, MIGRATION_STATES } from '../../../src/domain/migration.ts'
import { TRANSITIONS } from '../../../src/migration/transitions.ts'
import { MIGRATION_ACTIONS } from '../api/actions.ts'
import { disabledReason, migrationCan, undoRefusal } from './migration-can.ts'

const everything = { pause: true, resume: true, cancel: true, retry: true, rollback: true }

it('allows exactly what the life cycle of a move allows', () => {
  const events = { cancel: 'cancelled', retry: 'retried', rollback: 'rolled-back' } as const
  for (const [action, event] of Object.entries(events) as [
    keyof typeof events,
    (typeof events)['cancel'],
  ][]) {
    for (const [state, verdict] of Object.entries(migrationCan[action])) {
      const cell = TRANSITIONS.move[state as keyof (typeof TRANSITIONS)['move']][event]
      expect(`${action} in ${state}: ${verdict === null}`).toBe(
        `${action} in ${state}: ${cell !== 'refused'}`,
      )
    }
  }
})

it('says why a viewer can do nothing', () => {
  const migration = { state: 'copying', paused: false, cancelRequested: false, can: everything } as const
  for (const action of MIGRATION_ACTIONS)
    expect(disabledReason(action, migration, 'viewer')).toMatch(/only look/)
})

it('pauses what runs and resumes what is paused', () => {
  const running = { state: 'copying', paused: false, cancelRequested: false, can: everything } as const
  const paused = { ...running, paused: true }
  expect(disabledReason('pause', running, 'operator')).toBeNull()
  expect(disabledReason('resume', running, 'operator')).toBe('It is not paused.')
  expect(disabledReason('pause', paused, 'operator')).toBe('It is already paused.')
  expect(disabledReason('resume', paused, 'operator')).toBeNull()
  expect(disabledReason('pause', { ...running, state: 'done' }, 'operator')).toBe('It has ended.')
})

it('cancels once', () => {
  const migration = { state: 'copying', paused: false, cancelRequested: true, can: everything } as const
  expect(disabledReason('cancel', migration, 'operator')).toBe('Cancelling already.')
  expect(disabledReason('pause', migration, 'operator')).toBe('It is being cancelled.')
  expect(disabledReason('pause', { ...migration, state: 'grace' }, 'operator')).toBeNull()
})

it('lets the server have the last word', () => {
  const migration = {
    state: 'grace',
    paused: false,
    cancelRequested: false,
    can: { ...everything, rollback: false },
  } as const
  expect(disabledReason('rollback', migration, 'admin')).toMatch(/server does not allow/)
})

it('undoes what ended well, and no repair', () => {
  const open = MIGRATION_STATES.filter(state => undoRefusal({ kind: 'move', state }, 'operator') === null)
  expect(open).toEqual(['done', 'retained'])
  const kinds = MIGRATION_KINDS.filter(kind => undoRefusal({ kind, state: 'done' }, 'operator') === null)
  expect(kinds).toEqual(MIGRATION_KINDS.filter(kind => kind !== 'repair'))
  expect(undoRefusal({ kind: 'move', state: 'done' }, 'viewer')).toMatch(/only look/)
})
