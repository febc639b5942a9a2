import { expect, it } from 'vitest'
import { stepsFrom } from '../transitions.ts'
import { LEASE_MS, type LedgerWorld, SHA256 } from './ledger-world.ts'

/** How steps and evidence become durable, and who may not write. */
export function describeRecords(world: LedgerWorld): void {
  const { planned, claimed, leaseOf, record, copyOf } = world

  it('refuses a step that does not start where the migration is', async () => {
    const { id } = await planned()
    const { lease } = await claimed(id)
    await record(lease, 'planned', 'taken-up')
    await expect(record(lease, 'planned', 'taken-up')).rejects.toMatchObject({ kind: 'fenced' })
  })

  it('counts tries, gives one back on request, and keeps the evidence', async () => {
    const { id } = await planned()
    const { lease } = await claimed(id)
    expect((await record(lease, 'planned', 'taken-up')).attempt).toBe(1)
    expect((await record(lease, 'copying', 'taken-up')).attempt).toBe(2)
    await world.harness.ledger.reportProgress(lease, { bytesCopied: 7, uploadId: 'u' })
    await world.harness.ledger.release(lease, 0, true)
    const again = await claimed(id, 'two')
    expect(again.migration.attempt).toBe(1)
    expect(again.migration.evidence).toMatchObject({ bytesCopied: 7, uploadId: 'u', sha256: SHA256 })
  })

  it('forgets evidence that is null, and the last error with the next step', async () => {
    const { id } = await planned()
    const { lease } = await claimed(id)
    await record(lease, 'planned', 'taken-up')
    await world.harness.ledger.reportProgress(lease, { uploadId: 'u' })
    const failed = await world.harness.ledger.record(lease, {
      steps: stepsFrom('move', 'copying', ['copy-failed']),
      evidence: { uploadId: null, error: { kind: 'timeout', message: 'slow' } },
      modelNow: 1,
    })
    expect(failed.evidence).toMatchObject({ error: { kind: 'timeout', message: 'slow' } })
    expect(failed.evidence).not.toHaveProperty('uploadId')
    expect((await record(lease, 'copying', 'taken-up')).evidence).not.toHaveProperty('error')
  })

  it('gives the lease up in the transaction of a step, and rests', async () => {
    const { id } = await planned()
    const { lease } = await claimed(id)
    await world.harness.ledger.record(lease, {
      steps: stepsFrom('move', 'planned', ['taken-up']),
      modelNow: 1,
      releaseForMs: 60_000,
    })
    await expect(record(lease, 'copying', 'copied')).rejects.toMatchObject({ kind: 'fenced' })
    expect(await world.harness.ledger.claim({ worker: 'x', limit: 1_000, leaseMs: LEASE_MS })).toEqual([])
    await world.harness.makeDue()
    expect(await claimed(id, 'x')).toMatchObject({ migration: { state: 'copying' } })
  })

  it('writes records that come at the same time, and refuses only those that must not be', async () => {
    const plans = await Promise.all(Array.from({ length: 20 }, () => planned()))
    const all = await world.harness.ledger.claim({ worker: 'one', limit: 1_000, leaseMs: LEASE_MS })
    const leases = plans.map(({ id }) => leaseOf(all.find(one => one.id === id)!, 'one'))
    await Promise.all(leases.map(lease => record(lease, 'planned', 'taken-up', 'copied', 'taken-up')))
    await world.harness.overwrite(plans[3]!.objectId)
    const stale = { ...leases[5]!, fencingToken: leases[5]!.fencingToken - 1n }
    const outcomes = await Promise.allSettled(
      leases.map((lease, index) =>
        record(index === 5 ? stale : lease, 'verifying', 'verified', 'switch-won', 'grace-began'),
      ),
    )
    const kinds = outcomes.map(one => (one.status === 'rejected' ? one.reason.kind : one.value.state))
    expect(kinds).toEqual(
      plans.map((_plan, index) => (index === 3 ? 'switch-lost' : index === 5 ? 'fenced' : 'grace')),
    )
    expect(await copyOf(plans[3]!.objectId, plans[3]!.targetCopyId)).toMatchObject({ state: 'staging' })
    expect(await copyOf(plans[5]!.objectId, plans[5]!.targetCopyId)).toMatchObject({ state: 'staging' })
    expect(await copyOf(plans[6]!.objectId, plans[6]!.targetCopyId)).toMatchObject({ isPrimary: true })
  })
}
