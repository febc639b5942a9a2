import { expect, test } from 'vitest'
import type { ObjectDetail } from '../../api/schemas/object.ts'
import { objectDetailView } from './object.ts'

const shown = (header: string, object: unknown) =>
  objectDetailView.columns.find(column => column.header === header)!.value(object as ObjectDetail)
const copyOf = (
  state: string,
  isPrimary: boolean,
  verifiedAt: string | null = '2026-01-01T00:00:00.000Z',
) => ({
  location: { name: 'here' },
  state,
  isPrimary,
  verifiedAt,
})

test('an object says of each copy whether it is good', () => {
  const copies = [
    copyOf('suspect', true),
    copyOf('complete', true),
    copyOf('complete', true, null),
    copyOf('grace', false),
    copyOf('suspect', false),
  ]
  expect(shown('COPIES', { copies }).split('; ')).toEqual([
    'here (primary, suspect)',
    'here (primary, verified)',
    'here (primary)',
    'here (grace, verified)',
    'here (suspect)',
  ])
})

test('an object in quarantine says why', () => {
  expect(shown('STATE', { state: 'quarantined', quarantinedBecause: 'no good copy' })).toBe(
    'quarantined: no good copy',
  )
  expect(shown('STATE', { state: 'settled', quarantinedBecause: null })).toBe('settled')
})
