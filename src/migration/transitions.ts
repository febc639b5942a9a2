import { isEndState, type MigrationKind, type MigrationState } from '../domain/migration.ts'
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
  'restore-needed': 'refused',
  restored: 'refused',
  'restore-overdue': 'refused',
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
  joined: 'refused',
  'too-few-copies': 'refused',
  'grace-began': 'refused',
  'grace-over': 'refused',
  'source-deleted': 'refused',
  'delete-failed': 'refused',
  'delete-refused': 'refused',
  'primary-lost': 'refused',
  'primary-replaced': 'refused',
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

const primaryLost = go('quarantined', 'switch-back', 'suspect-target', 'announce')
/** The source is needed after all; what else is primary by then stays so. */
const keptAfterAll = go('rolled-back', 'take-back', 'ask-review', 'announce')
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
  'waiting-restore': {
    ...nothing,
    'taken-up': go('waiting-restore'),
    restored: go('copying'),
    'restore-overdue': endsBeforeSwitch['attempts-exhausted'],
    'copy-refused': endsBeforeSwitch['attempts-exhausted'],
    'source-changed': endsBeforeSwitch['source-changed'],
    superseded: abandonedBeforeSwitch,
    cancelled: endsBeforeSwitch.cancelled,
  },
  copying: {
    ...nothing,
    ...endsBeforeSwitch,
    'taken-up': go('copying', 'count-attempt', 'intend-target'),
    'restore-needed': go('waiting-restore', 'announce'),
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
    'primary-lost': primaryLost,
    'primary-replaced': keptAfterAll,
    superseded: abandonedAfterSwitch,
    'attempts-exhausted': retained,
  },
  done: nothing,
  aborted: { ...nothing, retried: retriedAnew },
  quarantined: { ...nothing, retried: retriedAnew },
  retained: { ...nothing, retried: go('deleting-source', 'reset-attempts', 'announce') },
  'rolled-back': nothing,
}

/**
 * A copy more: written and proven like the target of a move, which then joins the others. Nothing is deleted.
 */
const addCopy: TransitionTable = {
  planned: move.planned,
  'waiting-restore': move['waiting-restore'],
  copying: move.copying,
  copied: move.copied,
  verifying: move.verifying,
  verified: {
    ...nothing,
    ...endsBeforeSwitch,
    'taken-up': go('verified', 'count-attempt'),
    'verification-failed': go('verified'),
    mismatched: go('copying'),
    joined: go('done', 'join-target', 'ask-review', 'announce'),
    'switch-lost': abandonedBeforeSwitch,
  },
  switched: nothing,
  grace: nothing,
  'deleting-source': nothing,
  done: nothing,
  aborted: move.aborted,
  quarantined: move.quarantined,
  retained: nothing,
  'rolled-back': nothing,
}

/**
 * A bad copy is replaced where it lies, from the primary one: like a copy more, in a place that is not free.
 */
const repair: TransitionTable = { ...addCopy }

/** Ends that leave every copy as it was. */
const abandonedUntouched = go('aborted', 'ask-review', 'announce')
const givenUpUntouched = go('quarantined', 'announce')
const cancelledUntouched = go('aborted', 'announce')

/** After a dropped copy entered grace: a client made both it and the others stale. */
const dropSuperseded = go('aborted', 'discard-source', 'ask-review', 'announce')
const dropRolledBack = go('rolled-back', 'take-back', 'announce')

/** A copy less: enough others are proven, it waits in grace, they are proven again, and it goes. */
const dropCopy: TransitionTable = {
  planned: {
    ...nothing,
    'taken-up': go('verifying', 'count-attempt', 'announce'),
    superseded: abandonedUntouched,
    cancelled: cancelledUntouched,
  },
  'waiting-restore': nothing,
  copying: nothing,
  copied: nothing,
  verifying: {
    ...nothing,
    'taken-up': go('verifying', 'count-attempt'),
    'verification-failed': go('verifying'),
    'switch-won': go('switched', 'switch-primary', 'reset-attempts', 'announce'),
    'too-few-copies': abandonedUntouched,
    superseded: abandonedUntouched,
    'attempts-exhausted': givenUpUntouched,
    cancelled: cancelledUntouched,
  },
  verified: nothing,
  switched: {
    ...nothing,
    'taken-up': go('switched'),
    'grace-began': go('grace'),
    superseded: dropSuperseded,
    'rolled-back': dropRolledBack,
  },
  grace: {
    ...nothing,
    'taken-up': go('grace'),
    'grace-over': go('deleting-source'),
    superseded: dropSuperseded,
    'rolled-back': dropRolledBack,
  },
  'deleting-source': {
    ...nothing,
    'taken-up': go('deleting-source', 'count-attempt'),
    'source-deleted': go('done', 'drop-source', 'ask-review', 'announce'),
    'source-changed': go('retained', 'suspect-source', 'ask-review', 'announce'),
    'delete-failed': go('deleting-source'),
    'delete-refused': retained,
    'primary-lost': primaryLost,
    'primary-replaced': keptAfterAll,
    'too-few-copies': keptAfterAll,
    superseded: dropSuperseded,
    'attempts-exhausted': retained,
  },
  done: nothing,
  aborted: move.aborted,
  quarantined: move.quarantined,
  retained: move.retained,
  'rolled-back': nothing,
}

/**
 * Another storage class in the same place: the store changes it, and the copy is looked at again. Once a
 * change may have been asked for, no end is reached before the store was seen: an identity that nobody wrote
 * down would make a good copy unreadable. A restore is waited for before any change is asked for.
 */
const reclassify: TransitionTable = {
  planned: {
    ...nothing,
    'taken-up': go('copying', 'count-attempt', 'announce'),
    superseded: abandonedUntouched,
    cancelled: cancelledUntouched,
  },
  'waiting-restore': {
    ...nothing,
    'taken-up': go('waiting-restore'),
    restored: go('copying'),
    'restore-overdue': givenUpUntouched,
    'copy-refused': givenUpUntouched,
    'source-changed': go('aborted', 'suspect-source', 'ask-review', 'announce'),
    superseded: abandonedUntouched,
    cancelled: cancelledUntouched,
  },
  copying: {
    ...nothing,
    'taken-up': go('copying', 'count-attempt'),
    'restore-needed': go('waiting-restore', 'announce'),
    copied: go('copied', 'relocate-copy'),
    'copy-failed': go('copying'),
    'copy-refused': givenUpUntouched,
    'source-changed': go('aborted', 'suspect-source', 'ask-review', 'announce'),
    superseded: abandonedUntouched,
  },
  copied: {
    ...nothing,
    'taken-up': go('verifying'),
    superseded: abandonedUntouched,
  },
  verifying: {
    ...nothing,
    'taken-up': go('verifying', 'count-attempt'),
    verified: go('done', 'prove-target', 'ask-review', 'announce'),
    'verification-failed': go('verifying'),
    mismatched: go('quarantined', 'suspect-target', 'announce'),
    superseded: abandonedUntouched,
    'attempts-exhausted': givenUpUntouched,
  },
  verified: nothing,
  switched: nothing,
  grace: nothing,
  'deleting-source': nothing,
  done: nothing,
  aborted: move.aborted,
  quarantined: move.quarantined,
  retained: nothing,
  'rolled-back': nothing,
}

/** The life of every kind of migration. */
export const TRANSITIONS: Readonly<Record<MigrationKind, TransitionTable>> = {
  move,
  'add-copy': addCopy,
  'drop-copy': dropCopy,
  reclassify,
  repair,
}

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

/** Events after which a stage is tried again. */
const FAILURES: readonly MigrationEvent[] = [
  'copy-failed',
  'verification-failed',
  'mismatched',
  'delete-failed',
]

/** Whether a stage is tried again after an event, as long as tries are left. */
export function isRetried(kind: MigrationKind, state: MigrationState, event: MigrationEvent): boolean {
  const cell: Cell = TRANSITIONS[kind][state][event]
  return FAILURES.includes(event) && cell !== 'refused' && !isEndState(cell.to)
}

/** Being taken up again and failing again prove nothing; whatever else happens is progress. */
export function isProgress(event: MigrationEvent): boolean {
  return event !== 'taken-up' && !FAILURES.includes(event)
}

function go(to: MigrationState, ...effects: MigrationEffect[]): Transition {
  return { to, effects }
}
