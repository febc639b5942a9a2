import { expect, it } from 'vitest'
import { wallClock } from '../../domain/clock.ts'
import type { Migration } from '../../domain/migration.ts'
import type { LockedLedger, MigrationLedger } from '../../migration/ledger.ts'
import { systemTimers } from '../timers.ts'
import { JobSignals, moverTimeouts } from './job-signals.ts'
import { type MigrationEnd, type MigrationJob, requestSignal, underObjectLock } from './migration-job.ts'
import type { MigrationParts } from './migration-parts.ts'

it('the time of a work that others wait for begins when the object is locked, however long that took', async () => {
  const signals = new JobSignals(moverTimeouts(wallClock, systemTimers), systemTimers)
  const seen: (AbortSignal | null)[] = []
  const withObjectLock: MigrationLedger['withObjectLock'] = async (_lease, { lane }, work) => {
    expect(lane).toContain('copying')
    seen.push(signals.lane)
    return work({} as LockedLedger)
  }
  const end = { location: { storeId: 'store' } } as MigrationEnd
  const job = {
    parts: { ledger: { withObjectLock } as MigrationLedger } as MigrationParts,
    held: { signals, isRowLocked: false },
    source: end,
    target: end,
    migration: { state: 'copying', size: 1, attempt: 1, evidence: {} } as Migration,
  } as unknown as MigrationJob
  await underObjectLock(job, { isBrief: true }, async () => {
    seen.push(signals.lane)
    expect(requestSignal(job, 0)).toBe(signals.lane)
  })
  expect([seen[0], seen[1] !== null, signals.lane]).toEqual([null, true, null])
})
