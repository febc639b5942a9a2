import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeLeftover, type LeftoverFinding, type PrimaryFinding } from './last-copy.ts'

const facts = fc.record({
  mode: fc.constantFrom('observed' as const, 'shared' as const, 'exclusive' as const),
  primary: fc.constantFrom<PrimaryFinding[]>('sound', 'suspect', 'other', 'gone', 'unknown'),
  leftover: fc.constantFrom<LeftoverFinding[]>('proven', 'unproven', 'gone'),
})

describe('a copy of present content that is to be deleted', () => {
  it('loses no bytes unless the primary copy is sound', () => {
    fc.assert(
      fc.property(facts, found => {
        const isKept = found.mode === 'observed' || found.leftover === 'gone'
        if (judgeLeftover(found) === 'delete') expect(isKept || found.primary === 'sound').toBe(true)
      }),
    )
  })

  it('becomes primary only when it is proven and the primary copy is not sound', () => {
    fc.assert(
      fc.property(facts, found => {
        if (judgeLeftover(found) !== 'promote') return
        expect(found.leftover).toBe('proven')
        expect(found.primary).not.toBe('sound')
      }),
    )
  })

  it('waits for the catalog where others wrote over the primary copy', () => {
    expect(judgeLeftover({ mode: 'shared', primary: 'other', leftover: 'proven' })).toBe('wait')
    expect(judgeLeftover({ mode: 'exclusive', primary: 'other', leftover: 'proven' })).toBe('promote')
    expect(judgeLeftover({ mode: 'exclusive', primary: 'other', leftover: 'unproven' })).toBe('keep')
  })
})
