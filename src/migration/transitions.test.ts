import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  END_STATES,
  isEndState,
  MIGRATION_STATES,
  type MigrationState,
  WORKING_STATES,
} from '../domain/migration.ts'
import { MIGRATION_EVENTS, type MigrationEffect, type MigrationStep } from '../domain/migration-record.ts'
import { isPermitted, RefusedTransition, stepsFrom, TRANSITIONS } from './transitions.ts'

/** Lives: sequences of choices among the events that a state permits, from `planned` on. */
const lives = fc.array(fc.nat(1_000), { maxLength: 60 }).map(choices => {
  const steps: MigrationStep[] = []
  let state: MigrationState = 'planned'
  for (const choice of choices) {
    const permitted = MIGRATION_EVENTS.filter(event => isPermitted('move', state, event))
    if (permitted.length === 0) break
    const [step] = stepsFrom('move', state, [permitted[choice % permitted.length]!])
    steps.push(step!)
    state = step!.to
  }
  return steps
})

/** The part of a life since it was planned or planned anew. */
function sincePlanned(steps: readonly MigrationStep[]): readonly MigrationStep[] {
  return steps.slice(steps.findLastIndex(step => step.to === 'planned') + 1)
}

function indexOfEffect(steps: readonly MigrationStep[], effect: MigrationEffect): number {
  return steps.findIndex(step => step.effects.includes(effect))
}

describe('the life of a move', () => {
  it('never drops the source unless it verified, switched and waited for grace', () => {
    fc.assert(
      fc.property(lives, life => {
        const steps = sincePlanned(life)
        const dropped = indexOfEffect(steps, 'drop-source')
        if (dropped < 0) return
        const milestones = ['verified', 'switch-won', 'grace-over'].map(event =>
          steps.findIndex(step => step.event === event),
        )
        expect(milestones.every(index => index >= 0)).toBe(true)
        expect([...milestones, dropped]).toEqual([...milestones, dropped].sort((a, b) => a - b))
        expect(indexOfEffect(steps, 'switch-back')).toBe(-1)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never discards the target while it is primary', () => {
    fc.assert(
      fc.property(lives, life => {
        const switched = indexOfEffect(sincePlanned(life), 'switch-primary')
        if (switched < 0) return
        for (const step of sincePlanned(life).slice(switched + 1)) {
          if (!step.effects.includes('discard-target')) continue
          // A superseded target is not primary any more; otherwise the source became primary just before.
          const back = step.effects.indexOf('switch-back')
          const isBack = back >= 0 && back < step.effects.indexOf('discard-target')
          expect(step.event === 'superseded' || isBack).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('reaches an end from every working state', () => {
    for (const start of WORKING_STATES) {
      const seen = new Set<MigrationState>([start])
      for (const state of seen) {
        for (const cell of Object.values(TRANSITIONS.move[state])) if (cell !== 'refused') seen.add(cell.to)
      }
      expect([...seen].some(isEndState)).toBe(true)
      expect(seen.has('done')).toBe(true)
    }
  })

  it('leaves an end only when a person retries', () => {
    for (const state of END_STATES) {
      const permitted = MIGRATION_EVENTS.filter(event => isPermitted('move', state, event))
      const isFinal = state === 'done' || state === 'rolled-back'
      expect(permitted).toEqual(isFinal ? [] : ['retried'])
    }
  })

  it('can be taken up in every working state, and never changes its stage by that twice', () => {
    for (const state of WORKING_STATES) {
      const [first, second] = stepsFrom('move', state, ['taken-up', 'taken-up'])
      expect(second!.to).toBe(first!.to)
    }
  })

  it('can be cancelled until the switch and rolled back from then until the deletion', () => {
    const can = (event: 'cancelled' | 'rolled-back') =>
      MIGRATION_STATES.filter(state => isPermitted('move', state, event))
    expect(can('cancelled')).toEqual([
      'planned',
      'waiting-restore',
      'copying',
      'copied',
      'verifying',
      'verified',
    ])
    expect(can('rolled-back')).toEqual(['switched', 'grace'])
  })

  it('lets a superseded object end it in every working state', () => {
    for (const state of WORKING_STATES) {
      expect(stepsFrom('move', state, ['superseded'])[0]!.to).toBe('aborted')
    }
  })

  it('announces the beginning, the switch and every end', () => {
    fc.assert(
      fc.property(lives, life => {
        for (const step of life) {
          const isMilestone = isEndState(step.to) || step.event === 'switch-won' || step.from === 'planned'
          if (isMilestone) expect(step.effects).toContain('announce')
        }
      }),
    )
  })

  it('chains steps, each starting where the one before ended', () => {
    const steps = stepsFrom('move', 'copying', ['copied', 'taken-up', 'verified'])
    expect(steps.map(step => [step.from, step.to])).toEqual([
      ['copying', 'copied'],
      ['copied', 'verifying'],
      ['verifying', 'verified'],
    ])
  })

  it('throws for an event that must not happen', () => {
    expect(() => stepsFrom('move', 'grace', ['cancelled'])).toThrow(RefusedTransition)
    expect(() => stepsFrom('move', 'done', ['taken-up'])).toThrow(
      /taken-up must not happen to a move that is done/,
    )
  })
})
