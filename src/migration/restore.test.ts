import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../domain/duration.ts'
import type { RestoreWait } from '../domain/migration.ts'
import { beginRestoreWait, judgeRestore, restoreRestMs } from './restore.ts'

const NOW = 1_000 * DAY

/** What a store that never restores is asked, and for how many days, looked at every hour. */
function askedUntilOverdue(answer: (requests: number) => 'archived' | 'restoring') {
  let wait = beginRestoreWait(NOW)
  for (let now = NOW; ; now += HOUR) {
    const verdict = judgeRestore(wait, answer(wait.requests), now)
    if (verdict === 'overdue') return { requests: wait.requests, days: (now - NOW) / DAY }
    if (verdict === 'ask') wait = { ...wait, requests: wait.requests + 1, requestedAt: now, isTaken: true }
  }
}

describe('the wait for a restore', () => {
  it('asks first, believes an answer for half a day, and asks again only while nothing is under way', () => {
    const first = beginRestoreWait(NOW)
    expect(judgeRestore(first, 'archived', NOW)).toBe('ask')
    const sent: RestoreWait = { ...first, requests: 1, requestedAt: NOW, isTaken: false }
    expect(judgeRestore(sent, 'archived', NOW + 1)).toBe('ask')
    const taken = { ...sent, isTaken: true }
    expect(judgeRestore(taken, 'archived', NOW + 11 * HOUR)).toBe('wait')
    expect(judgeRestore(taken, 'archived', NOW + 12 * HOUR)).toBe('ask')
    expect(judgeRestore(taken, 'restoring', NOW + 3 * DAY)).toBe('wait')
  })

  it('asks once a store that works on it for ever, and eight times one that forgets it', () => {
    const working = askedUntilOverdue(requests => (requests === 0 ? 'archived' : 'restoring'))
    expect(working).toEqual({ requests: 1, days: 7 + 1 / 24 })
    expect(askedUntilOverdue(() => 'archived')).toEqual({ requests: 8, days: 4 })
  })

  it('reads what can be read, however late, and nothing else', () => {
    const waits = fc.record({
      since: fc.nat(),
      requests: fc.nat(20),
      requestedAt: fc.option(fc.nat()),
      isTaken: fc.boolean(),
      looks: fc.nat(1_000),
      failures: fc.nat(10),
    })
    const kinds = fc.constantFrom('archived', 'restoring', 'restored', null)
    fc.assert(
      fc.property(waits, kinds, fc.nat(), (wait, kind, later) => {
        const verdict = judgeRestore(wait, kind, wait.since + later)
        expect(verdict === 'readable').toBe(kind === 'restored' || kind === null)
        const isLate = wait.since + later - (wait.requestedAt ?? wait.since) > 7 * DAY
        if (kind === 'restoring') expect(verdict).toBe(isLate ? 'overdue' : 'wait')
        if (wait.requests >= 8) expect(verdict).not.toBe('ask')
      }),
    )
  })

  it('rests from half a minute to an hour, longer each time', () => {
    const restAfter = (looks: number) => restoreRestMs({ ...beginRestoreWait(0), looks }, 0)
    expect(restAfter(1)).toBe(30_000)
    expect([2, 3, 7].map(looks => restAfter(looks))).toEqual([60_000, 120_000, 1_800_000])
    expect(restoreRestMs({ ...beginRestoreWait(0), looks: 500 }, 0.999_999_999)).toBe(HOUR)
  })
})
