import { expect, it } from 'vitest'
import type { MigrationResource } from '../../api/schemas/migration.ts'
import { holdsText, migrationView } from './migration.ts'

const id = '0190b5a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b'

function text(heldBy: MigrationResource['heldBy'], paused = false): string {
  return holdsText({ id, planId: 'P', heldBy, paused } as MigrationResource)
}

it('says of each thing a migration rests for how it is ended', () => {
  expect(text([])).toBe('')
  expect(text([], true)).toBe(`it is paused itself (dim migration resume ${id})`)
  expect(text(['stop'])).toContain('dim migration resume --all')
  expect(text(['source-store'])).toContain('the store it reads')
  expect(text(['target-store'])).toContain('the store it writes')
  expect(text(['full-target'])).toContain('dim location clear-full')
  expect(text(['plan'], true)).toBe(
    `it is paused itself (dim migration resume ${id}); its plan is paused (dim plan resume P)`,
  )
})

it('says of a request to cancel only while it may still end the migration', () => {
  const state = (facts: Partial<MigrationResource>) => {
    const facing = { heldBy: [], cancelRequested: true, paused: false, finishedAt: null, graceUntil: null }
    return migrationView.columns[1]!.value({ ...facing, ...facts } as unknown as MigrationResource)
  }
  expect(state({ state: 'copying' })).toBe('copying (cancelling)')
  expect(state({ state: 'grace', graceUntil: '2026-01-01T00:00:00Z' })).toBe('grace')
  expect(state({ state: 'aborted', finishedAt: '2026-01-01T00:00:00Z', paused: true })).toBe('aborted')
})
