import { expect, it } from 'vitest'
import { systemStateOf } from './system-state.ts'

const calm = {
  events: { perSecond: 3, applied: 100, lagSeconds: 1, lagMessages: 2, deadLetters: 0 },
  migrations: {
    inFlight: 0,
    unfinished: 0,
    paused: 0,
    byState: {},
    doneLastHour: 0,
    failedLastHour: 0,
    quarantined: 0,
    stop: null as { at: string; reason: string; principal: string } | null,
    pausedStores: [],
    pausedPlans: [],
    held: 0,
    overdue: 0,
    left: { migrations: 0, bytes: 0 },
    throughput: { objectsPerSecond: 0, bytesPerSecond: 0, measuredSeconds: 0 },
    end: { seconds: 0, at: null, unknownBecause: null },
  },
}

it('says the worst thing first, in one word', () => {
  const moving = { ...calm, migrations: { ...calm.migrations, inFlight: 2 } }
  const behind = { ...moving, events: { ...calm.events, lagSeconds: 61 } }
  const word = (overview: typeof calm | undefined, live: 'live' | 'lost' | 'connecting', quarantined = 0) =>
    systemStateOf(overview && { ...overview, migrations: { ...overview.migrations, quarantined } }, live).word
  expect(word(undefined, 'connecting')).toBe('Starting')
  expect(word(calm, 'live')).toBe('Steady')
  expect(word(moving, 'live')).toBe('Moving')
  expect(word(behind, 'live')).toBe('Behind')
  expect(word(behind, 'live', 1)).toBe('Needs you')
  expect(systemStateOf(calm, 'live', 1)).toMatchObject({ word: 'Needs you', tone: 'alarm' })
  const stop = { at: '2026-11-23T08:00:00.000Z', reason: 'smoke', principal: 'user:alice' }
  const stopped = { ...behind, migrations: { ...behind.migrations, stop } }
  expect(word(stopped, 'live', 1)).toBe('Stopped')
  expect(word(behind, 'lost', 1)).toBe('Unreachable')
})
