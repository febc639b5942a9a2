import { describe, expect, it } from 'vitest'
import { newId } from '../../domain/identifiers.ts'
import { stepsFrom } from '../transitions.ts'
import { LEASE_MS, type LedgerWorld } from './ledger-world.ts'

/** Work under the lock of an object, alone and with others of its lane. */
export function describeLocks(world: LedgerWorld): void {
  const { planned, claimed, leaseOf, record, copyOf } = world

  describe.each([
    ['alone', null],
    ['with others of its lane', 'lane'],
  ])('under the lock of an object, %s', (_name, lane) => {
    it('commits what is recorded under the lock when the work resolves, and nothing when it rejects', async () => {
      const { id, objectId, targetCopyId } = await planned()
      const { lease } = await claimed(id)
      const place = { storeId: '', container: '', nativeKey: '' }
      await world.harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane }, async locked => {
        expect((await locked.readSubject()).object.generation).toBe(1)
        expect(await locked.copiesAt({ ...place, storeId: newId() })).toEqual([])
        expect(await locked.copies()).toMatchObject([{ objectId, isPrimary: true }])
        await locked.record({ steps: stepsFrom('move', 'planned', ['taken-up']), modelNow: 1 })
      })
      expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'staging' })
    })

    it('lets one worker at a time work under the lock of an object', async () => {
      const { id } = await planned()
      const { lease } = await claimed(id)
      await world.harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane }, async () => {
        const second = world.harness.ledger.withObjectLock(
          lease,
          { waitMsMax: 50, lane },
          async () => 'too early',
        )
        await expect(second).rejects.toMatchObject({ name: 'LedgerError', kind: 'busy' })
        await world.harness.expireLeases()
        const all = await world.harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
        expect(all.map(one => one.id)).not.toContain(id)
      })
    })

    it('keeps nothing of what was recorded under the lock when the work rejects', async () => {
      const { id, objectId } = await planned()
      const { lease } = await claimed(id)
      const attempt = world.harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane }, async locked => {
        await locked.record({ steps: stepsFrom('move', 'planned', ['taken-up']), modelNow: 1 })
        throw new Error('the store went away')
      })
      await expect(attempt).rejects.toThrow('the store went away')
      expect(await world.harness.copies(objectId)).toHaveLength(1)
      expect((await record(lease, 'planned', 'taken-up')).state).toBe('copying')
    })
  })

  it('tells that the policy began to require encryption since the migration was planned', async () => {
    const { id } = await planned()
    const { lease, migration } = await claimed(id)
    const { harness } = world
    expect((await harness.ledger.readSubject(id)).bucket.encryptionRequired).toBe(false)
    await harness.requireEncryption(harness.bucketIds.exclusive)
    expect((await harness.ledger.readSubject(id)).bucket.encryptionRequired).toBe(true)
    await harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane: null }, async locked => {
      expect((await locked.readSubject()).bucket.encryptionRequired).toBe(true)
    })
    expect(migration.encryptionRequired).toBe(false)
  })

  it('runs works of one lane side by side, each with its own outcome', async () => {
    const plans = await Promise.all(Array.from({ length: 40 }, () => planned()))
    const all = await world.harness.ledger.claim({ worker: 'one', limit: 1_000, leaseMs: LEASE_MS })
    const leases = plans.map(({ id }) => leaseOf(all.find(one => one.id === id)!, 'one'))
    const taken = { steps: stepsFrom('move', 'planned', ['taken-up']), modelNow: 1 }
    const outcomes = await Promise.allSettled(
      leases.map((lease, index) =>
        world.harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane: 'lane' }, async locked => {
          if (index === 7) throw new Error('this one failed')
          const stale = { ...lease, fencingToken: lease.fencingToken - 1n }
          if (index === 8) return world.harness.ledger.record(stale, taken)
          return locked.record(taken)
        }),
      ),
    )
    expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7, 8])
    const staged = await Promise.all(
      plans.map(async plan => (await world.harness.copies(plan.objectId)).length),
    )
    expect(staged).toEqual(plans.map((_plan, index) => (index === 7 || index === 8 ? 1 : 2)))
  })
}
