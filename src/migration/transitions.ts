import type { MigrationKind, MigrationState } from '../domain/migration.ts'
import type { MigrationEffect, MigrationEvent, MigrationStep } from '../domain/migration-record.ts'

/** Where an event leads and what the ledger writes with it. */
interface Transition {
  readonly to: MigrationState
  readonly effects: readonly MigrationEffect[]
}

/** What an event means in a state; `refused` where it must not happen. */
type Cell = Transition | 'refused'

/** What every event means in every state. Total: a missing cell does not compile. */
export type TransitionTable = Readonly<Record<MigrationState, Readonly<Record<MigrationEvent, Cell>>>>

/** A row in which every event is refused; each state then says what it permits. */
const nothing = {
  'taken-up': 'refused',
  copied: 'refused',
  'copy-failed': 'refused',
  'copy-refused': 'refused',
  'same-place': 'refused',
  'source-changed': 'refused',
  'source-corrupt': 'refused',
  verified: 'refused',
  'verification-failed': 'refused',
  mismatched: 'refused',
  'switch-won': 'refused',
  'switch-lost': 'refused',
  'grace-began': 'refused',
  'grace-over': 'refused',
  'source-deleted': 'refused',
  'delete-failed': 'refused',
  'delete-refused': 'refused',
  'primary-lost': 'refused',
  superseded: 'refused',
  'attempts-exhausted': 'refused',
  cancelled: 'refused',
  'rolled-back': 'refused',
  retried: 'refused',
} as const satisfies Record<MigrationEvent, Cell>

/** The object moved on: the planner decides anew from what it is now. */
const abandonedBeforeSwitch = go('aborted', 'discard-target', 'ask-review', 'announce')

/** After the switch both copies may be stale; the one that is not primary goes to the sweeper. */
const abandonedAfterSwitch = go('aborted', 'discard-source', 'discard-target', 'ask-review', 'announce')

/** Ways to end that every state before the switch shares: the source stays as it was. */
const endsBeforeSwitch = {
  'source-changed': go('aborted', 'suspect-source', 'discard-target', 'ask-review', 'announce'),
  superseded: abandonedBeforeSwitch,
  'attempts-exhausted': go('quarantined', 'discard-target', 'announce'),
  cancelled: go('aborted', 'discard-target', 'announce'),
} as const

const rolledBack = go('rolled-back', 'switch-back', 'discard-target', 'announce')
const retained = go('retained', 'retain-source', 'ask-review', 'announce')
const retriedAnew = go('planned', 'reset-attempts', 'announce')

/** A move: one more copy, proven, made primary, the former one deleted after grace. */
const move: TransitionTable = {
  planned: {
    ...nothing,
    'taken-up': go('copying', 'count-attempt', 'intend-target', 'announce'),
    superseded: abandonedBeforeSwitch,
    cancelled: endsBeforeSwitch.cancelled,
  },
  copying: {
    ...nothing,
    ...endsBeforeSwitch,
    'taken-up': go('copying', 'count-attempt', 'intend-target'),
    copied: go('copied', 'note-target', 'keep-digests'),
    'copy-failed': go('copying'),
    'copy-refused': go('quarantined', 'discard-target', 'announce'),
    'same-place': go('aborted', 'drop-target', 'announce'),
    'source-corrupt': go('quarantined', 'suspect-source', 'discard-target', 'announce'),
  },
  copied: {
    ...nothing,
    ...endsBeforeSwitch,
    'taken-up': go('verifying'),
  },
  verifying: {
    ...nothing,
    ...endsBeforeSwitch,
    'taken-up': go('verifying', 'count-attempt'),
    verified: go('verified', 'complete-target'),
    'verification-failed': go('verifying'),
    mismatched: go('copying'),
  },
  verified: {
    ...nothing,
    ...endsBeforeSwitch,
    'taken-up': go('verified', 'count-attempt'),
    'verification-failed': go('verified'),
    mismatched: go('copying'),
    'switch-won': go('switched', 'switch-primary', 'reset-attempts', 'announce'),
    'switch-lost': abandonedBeforeSwitch,
  },
  switched: {
    ...nothing,
    'taken-up': go('switched'),
    'grace-began': go('grace'),
    superseded: abandonedAfterSwitch,
    'rolled-back': rolledBack,
  },
  grace: {
    ...nothing,
    'taken-up': go('grace'),
    'grace-over': go('deleting-source'),
    superseded: abandonedAfterSwitch,
    'rolled-back': rolledBack,
  },
  'deleting-source': {
    ...nothing,
    'taken-up': go('deleting-source', 'count-attempt'),
    'source-deleted': go('done', 'drop-source', 'ask-review', 'announce'),
    'source-changed': go('retained', 'suspect-source', 'ask-review', 'announce'),
    'delete-failed': go('deleting-source'),
    'delete-refused': retained,
    'primary-lost': go('quarantined', 'switch-back', 'suspect-target', 'announce'),
    superseded: abandonedAfterSwitch,
    'attempts-exhausted': retained,
  },
  done: nothing,
  aborted: { ...nothing, retried: retriedAnew },
  quarantined: { ...nothing, retried: retriedAnew },
  retained: { ...nothing, retried: go('deleting-source', 'reset-attempts', 'announce') },
  'rolled-back': nothing,
}

/** The life of every kind of migration. */
export const TRANSITIONS: Readonly<Record<MigrationKind, TransitionTable>> = { move }

/** An event was reported in a state where it must not happen: a programmer's error. */
export class RefusedTransition extends Error {
  override readonly name = 'RefusedTransition'
}

/**
 * The steps these events lead through, one after the other, from `state`. Throws {@link RefusedTransition}
 * when one of them must not happen where the former led.
 */
export function stepsFrom(
  kind: MigrationKind,
  state: MigrationState,
  events: readonly MigrationEvent[],
): readonly MigrationStep[] {
  const steps: MigrationStep[] = []
  let from = state
  for (const event of events) {
    const cell: Cell = TRANSITIONS[kind][from][event]
    if (cell === 'refused')
      throw new RefusedTransition(`${event} must not happen to a ${kind} that is ${from}`)
    steps.push({ event, from, to: cell.to, effects: cell.effects })
    from = cell.to
  }
  return steps
}

/** Whether an event may happen in a state: what commands and buttons ask before they offer it. */
export function isPermitted(kind: MigrationKind, state: MigrationState, event: MigrationEvent): boolean {
  return TRANSITIONS[kind][state][event] !== 'refused'
}

/** Events after which the same stage is tried again, as long as tries are left. */
export function isRetried(event: MigrationEvent): boolean {
  return ['copy-failed', 'verification-failed', 'mismatched', 'delete-failed'].includes(event)
}

function go(to: MigrationState, ...effects: MigrationEffect[]): Transition {
  return { to, effects }
}
