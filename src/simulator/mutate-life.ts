import {
  MIGRATION_KINDS,
  MIGRATION_STATES,
  type MigrationKind,
  type MigrationState,
} from '../domain/migration.ts'
import { MIGRATION_EVENTS, type MigrationEffect, type MigrationEvent } from '../domain/migration-record.ts'
import { TRANSITIONS, type TransitionTable } from '../migration/transitions.ts'

/** One single change of the life-cycle table. */
export interface Mutant {
  /** For people, and for lists of exceptions: `kind state event change`. */
  readonly name: string
  readonly kind: MigrationKind
  readonly state: MigrationState
  readonly event: MigrationEvent
  readonly cell: TransitionTable[MigrationState][MigrationEvent]
}

/** Effects that do the same to the other copy. */
const COUNTERPARTS: Partial<Record<MigrationEffect, MigrationEffect>> = {
  'switch-primary': 'switch-back',
  'join-target': 'switch-primary',
  'switch-back': 'switch-primary',
  'take-back': 'switch-back',
  'discard-target': 'discard-source',
  'discard-source': 'discard-target',
  'drop-target': 'drop-source',
  'drop-source': 'drop-target',
  'suspect-source': 'suspect-target',
  'suspect-target': 'suspect-source',
  'retain-source': 'discard-source',
}

/** Every table that differs from the real one by an effect that is missing, or is done to the other copy. */
export function effectMutants(kind: MigrationKind): Mutant[] {
  return cells(kind).flatMap(({ state, event, cell }) => {
    if (cell === 'refused') return []
    return cell.effects.flatMap((effect, index) => {
      const without = cell.effects.toSpliced(index, 1)
      const dropped = {
        name: `${kind} ${state} ${event} without ${effect}`,
        kind,
        state,
        event,
        cell: { ...cell, effects: without },
      }
      const counterpart = COUNTERPARTS[effect]
      if (counterpart === undefined || cell.effects.includes(counterpart)) return [dropped]
      const name = `${kind} ${state} ${event} ${counterpart} for ${effect}`
      return [
        dropped,
        { name, kind, state, event, cell: { ...cell, effects: cell.effects.with(index, counterpart) } },
      ]
    })
  })
}

/**
 * Every table that differs by a guard: what is refused is permitted and changes nothing, what is permitted is
 * refused, or leads to another state.
 */
export function guardMutants(kind: MigrationKind): Mutant[] {
  return cells(kind).flatMap(({ state, event, cell }): Mutant[] => {
    if (cell === 'refused') {
      return MIGRATION_STATES.map(to => ({
        name: `${kind} ${state} ${event} permitted, to ${to}`,
        kind,
        state,
        event,
        cell: { to, effects: [] },
      }))
    }
    const elsewhere = MIGRATION_STATES.filter(to => to !== cell.to).map(to => ({
      name: `${kind} ${state} ${event} to ${to}`,
      kind,
      state,
      event,
      cell: { ...cell, to },
    }))
    return [{ name: `${kind} ${state} ${event} refused`, kind, state, event, cell: 'refused' }, ...elsewhere]
  })
}

/** Runs `work` while the life of its kind is the mutant's. Nothing else may use the table meanwhile. */
export async function livingAs<T>(mutant: Mutant, work: () => Promise<T>): Promise<T> {
  const lives = TRANSITIONS as Record<MigrationKind, TransitionTable>
  const real = lives[mutant.kind]
  lives[mutant.kind] = mutated(real, mutant)
  try {
    return await work()
  } finally {
    lives[mutant.kind] = real
  }
}

/**
 * Lives through `work` with the real tables and tells which cells it looked at, as `kind state event`: what never
 * looked at a mutant's cell is the same with the mutant. Nothing else may use the tables meanwhile.
 */
export async function cellsSeenBy(work: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
  const lives = TRANSITIONS as Record<MigrationKind, TransitionTable>
  const real = { ...lives }
  for (const kind of MIGRATION_KINDS) lives[kind] = watched(kind, real[kind], seen)
  try {
    await work()
    return seen
  } finally {
    Object.assign(lives, real)
  }
}

function watched(kind: MigrationKind, table: TransitionTable, seen: Set<string>): TransitionTable {
  const rows = MIGRATION_STATES.map(state => {
    const row = new Proxy(table[state], {
      get(cells, event) {
        seen.add(cellName({ kind, state, event: event as MigrationEvent }))
        return cells[event as MigrationEvent]
      },
    })
    return [state, row] as const
  })
  return Object.fromEntries(rows) as unknown as TransitionTable
}

/** A cell of the tables, as {@link cellsSeenBy} names it. */
export function cellName({ kind, state, event }: Pick<Mutant, 'kind' | 'state' | 'event'>): string {
  return `${kind} ${state} ${event}`
}

/** A table with one cell changed. */
export function mutated(table: TransitionTable, { state, event, cell }: Mutant): TransitionTable {
  return { ...table, [state]: { ...table[state], [event]: cell } }
}

function cells(kind: MigrationKind) {
  const table = TRANSITIONS[kind]
  return MIGRATION_STATES.flatMap(state =>
    MIGRATION_EVENTS.map(event => ({ state, event, cell: table[state][event] })),
  )
}
