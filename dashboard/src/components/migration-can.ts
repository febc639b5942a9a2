import type { MigrationAction } from '../api/actions.ts'
import type { Migration, Session } from '../api/types.ts'

type State = Migration['state']
/** Null: allowed. Otherwise why not, as a sentence for a person. */
type Verdict = string | null

const ENDED = 'It has ended.'
const SWITCHED = 'Readers already use the new copy: roll it back instead.'
const NOT_SWITCHED = 'Readers still use the old copy: cancel it instead.'
const UNDER_WAY = 'It is under way and retries by itself.'
const DELETING = 'The old copy is being deleted: move the object back instead.'
const MOVED = 'The old copy is gone: undo it instead.'

/**
 * What a person can do with a migration in each state, and why not where they cannot. Mirrors the life cycle
 * of `src/migration/transitions.ts` (events cancelled, retried, rolled-back); the API has the last word.
 */
export const migrationCan: Readonly<
  Record<Exclude<MigrationAction, 'pause' | 'resume'>, Record<State, Verdict>>
> = {
  cancel: {
    planned: null,
    'waiting-restore': null,
    copying: null,
    copied: null,
    verifying: null,
    verified: null,
    switched: SWITCHED,
    grace: SWITCHED,
    'deleting-source': DELETING,
    done: ENDED,
    aborted: ENDED,
    quarantined: ENDED,
    retained: ENDED,
    'rolled-back': ENDED,
  },
  retry: {
    planned: UNDER_WAY,
    'waiting-restore': UNDER_WAY,
    copying: UNDER_WAY,
    copied: UNDER_WAY,
    verifying: UNDER_WAY,
    verified: UNDER_WAY,
    switched: UNDER_WAY,
    grace: UNDER_WAY,
    'deleting-source': UNDER_WAY,
    done: 'It is done.',
    aborted: null,
    quarantined: null,
    retained: null,
    'rolled-back': 'It was rolled back; the planner decides anew.',
  },
  rollback: {
    planned: NOT_SWITCHED,
    'waiting-restore': NOT_SWITCHED,
    copying: NOT_SWITCHED,
    copied: NOT_SWITCHED,
    verifying: NOT_SWITCHED,
    verified: NOT_SWITCHED,
    switched: null,
    grace: null,
    'deleting-source': DELETING,
    done: MOVED,
    aborted: ENDED,
    quarantined: ENDED,
    retained: ENDED,
    'rolled-back': ENDED,
  },
}

const END_STATES: readonly State[] = ['done', 'aborted', 'quarantined', 'retained', 'rolled-back']

export function isEnded(state: State): boolean {
  return END_STATES.includes(state)
}

/** Why this person cannot do this with this migration now; null when they can. */
export function disabledReason(
  action: MigrationAction,
  migration: Pick<Migration, 'state' | 'paused' | 'cancelRequested' | 'can'>,
  role: Session['role'],
): Verdict {
  if (role === 'viewer') return 'Your token may only look.'
  const verdict = stateVerdict(action, migration)
  if (verdict !== null) return verdict
  return migration.can[action] ? null : 'The server does not allow this in its present state.'
}

function stateVerdict(
  action: MigrationAction,
  migration: Pick<Migration, 'state' | 'paused' | 'cancelRequested'>,
): Verdict {
  switch (action) {
    case 'pause':
      if (isEnded(migration.state)) return ENDED
      if (isBeingCancelled(migration)) return 'It is being cancelled.'
      return migration.paused ? 'It is already paused.' : null
    case 'resume':
      if (isEnded(migration.state)) return ENDED
      return migration.paused ? null : 'It is not paused.'
    case 'cancel':
      if (isBeingCancelled(migration)) return 'Cancelling already.'
      return migrationCan.cancel[migration.state]
    case 'retry':
    case 'rollback':
      return migrationCan[action][migration.state]
    default:
      return action satisfies never
  }
}

/** Whether a request to cancel still ends it: past the switch it came too late. */
function isBeingCancelled({ cancelRequested, state }: Pick<Migration, 'state' | 'cancelRequested'>): boolean {
  return cancelRequested && migrationCan.cancel[state] === null
}

/** Why this person cannot undo this migration by its reverse; null when they may ask for its price. */
export function undoRefusal(migration: Pick<Migration, 'kind' | 'state'>, role: Session['role']): Verdict {
  if (role === 'viewer') return 'Your token may only look.'
  if (migration.kind === 'repair') return 'A repair put the right bytes where bad ones were.'
  if (migration.state === 'done' || migration.state === 'retained') return null
  return isEnded(migration.state) ? 'Nothing was changed that could be undone.' : 'It has not ended.'
}
