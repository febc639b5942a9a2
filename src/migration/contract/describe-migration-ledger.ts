import { afterAll, beforeAll, describe } from 'vitest'
import { describeCopiesChanged } from './copies-changed.ts'
import { describeCopiesKept } from './copies-kept.ts'
import { describeLeases } from './leases.ts'
import type { LedgerHarness } from './ledger-harness.ts'
import { createLedgerWorld } from './ledger-world.ts'
import { describeLocks } from './locks.ts'
import { describeMoves } from './moves.ts'
import { describePlanning } from './planning.ts'
import { describeRecords } from './records.ts'

export type { LedgerHarness } from './ledger-harness.ts'

/** States each sentence of `MigrationLedger` for one implementation. */
export function describeMigrationLedger(options: {
  readonly name: string
  readonly newHarness: () => Promise<LedgerHarness>
}): void {
  describe(`migration ledger: ${options.name}`, () => {
    let harness: LedgerHarness
    beforeAll(async () => {
      harness = await options.newHarness()
    })
    afterAll(() => harness.dispose())

    const world = createLedgerWorld(() => harness)
    describe('planning', () => describePlanning(world))
    describe('leases', () => describeLeases(world))
    describe('records', () => describeRecords(world))
    describe('moves', () => describeMoves(world))
    describe('copies kept', () => describeCopiesKept(world))
    describe('copies changed', () => describeCopiesChanged(world))
    describe('locks', () => describeLocks(world))
  })
}
