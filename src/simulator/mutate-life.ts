import { MIGRATION_STATES, type MigrationState } from '../domain/migration.ts'
import { MIGRATION_EVENTS, type MigrationEffect, type MigrationEvent } from '../domain/migration-record.ts'
import { TRANSITIONS, type TransitionTable } from '../migration/transitions.ts'

/** One single change of the life-cycle table. */
export interface Mutant {
  /** For people, and for lists of exceptions: `state event change`. */
  readonly name: string
  readonly state: MigrationState
  readonly event: MigrationEvent
  readonly cell: TransitionTable[MigrationState][MigrationEvent]
}

/** Effects that do the same to the other copy. */
const COUNTERPARTS: Partial<Record<MigrationEffect, MigrationEffect>> = {
  'switch-primary': 'switch-back',
  'switch-back': 'switch-primary',
  'discard-target': 'discard-source',
  'discard-source': 'discard-target',
  'drop-target': 'drop-source',
  'drop-source': 'drop-target',
  'suspect-source': 'suspect-target',
  'suspect-target': 'suspect-source',
  'retain-source': 'discard-source',
}

/** Every table that differs from the real one by an effect that is missing, or is done to the other copy. */
export function effectMutants(): Mutant[] {
  return cells().flatMap(({ state, event, cell }) => {
    if (cell === 'refused') return []
    return cell.effects.flatMap((effect, index) => {
      const without = cell.effects.toSpliced(index, 1)
      const dropped = {
        name: `${state} ${event} without ${effect}`,
        state,
        event,
        cell: { ...cell, effects: without },
      }
      const counterpart = COUNTERPARTS[effect]
      if (counterpart === undefined || cell.effects.includes(counterpart)) return [dropped]
      const name = `${state} ${event} ${counterpart} for ${effect}`
      return [
        dropped,
        { name, state, event, cell: { ...cell, effects: cell.effects.with(index, counterpart) } },
      ]
    })
  })
}

/**
 * Every table that differs by a guard: what is refused is permitted and changes nothing, what is permitted is
 * refused, or leads to another state.
 */
export function guardMutants(): Mutant[] {
  return cells().flatMap(({ state, event, cell }): Mutant[] => {
    if (cell === 'refused') {
      return MIGRATION_STATES.map(to => ({
        name: `${state} ${event} permitted, to ${to}`,
        state,
        event,
        cell: { to, effects: [] },
      }))
    }
    const elsewhere = MIGRATION_STATES.filter(to => to !== cell.to).map(to => ({
      name: `${state} ${event} to ${to}`,
      state,
      event,
      cell: { ...cell, to },
    }))
    return [{ name: `${state} ${event} refused`, state, event, cell: 'refused' }, ...elsewhere]
  })
}

/** Runs `work` while the life of moves is the mutant's. Nothing else may use the table meanwhile. */
export async function livingAs<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
  const lives = TRANSITIONS as Record<'move', TransitionTable>
  const real = lives.move
  lives.move = mutated(real, mutant)
  try {
    return await work()
  } finally {
    lives.move = real
  }
}

/** A table with one cell changed. */
export function mutated(table: TransitionTable, { state, event, cell }: Mutant): TransitionTable {
  return { ...table, [state]: { ...table[state], [event]: cell } }
}

function cells() {
  const { move } = TRANSITIONS
  return MIGRATION_STATES.flatMap(state =>
    MIGRATION_EVENTS.map(event => ({ state, event, cell: move[state][event] })),
  )
}
