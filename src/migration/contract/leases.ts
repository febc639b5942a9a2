import { expect, it } from 'vitest'
import type { MigrationLease, NewMigration } from '../../domain/migration-record.ts'
import { LEASE_MS, type LedgerWorld } from './ledger-world.ts'

/** Who gets which migration, for how long, and who takes over. */
export function describeLeases(world: LedgerWorld): void {
  const { planned, claimed, record } = world

  it('leases the higher priority first, then the longer due, and respects the limit', async () => {
    await world.harness.ledger.claim({ worker: 'everything else', limit: 1_000, leaseMs: LEASE_MS })
    const low = await planned({ priority: 10 })
    const high = await planned({ priority: 90 })
    const alsoHigh = await planned({ priority: 90 })
    const two = await world.harness.ledger.claim({ worker: 'one', limit: 2, leaseMs: LEASE_MS })
    expect(two.map(one => one.id)).toEqual([high.id, alsoHigh.id])
    const rest = await world.harness.ledger.claim({ worker: 'one', limit: 2, leaseMs: LEASE_MS })
    expect(rest.map(one => one.id)).toEqual([low.id])
  })

  it('leases what waits for the end of its grace before a queue of moves, up to half of a claim', async () => {
    await world.harness.ledger.claim({ worker: 'everything else', limit: 1_000, leaseMs: LEASE_MS })
    const switched = await planned({ priority: 10 })
    const { lease } = await claimed(switched.id)
    await record(lease, 'planned', 'taken-up')
    await record(lease, 'copying', 'copied', 'taken-up')
    await record(lease, 'verifying', 'verified', 'switch-won', 'grace-began')
    await world.harness.ledger.release(lease, 0, false)
    await world.harness.makeDue()
    const high = [await planned({ priority: 90 }), await planned({ priority: 90 })]
    const two = await world.harness.ledger.claim({ worker: 'one', limit: 2, leaseMs: LEASE_MS })
    expect(new Set(two.map(one => one.id))).toEqual(new Set([switched.id, high[0]!.id]))
    await world.harness.ledger.claim({ worker: 'one', limit: 1_000, leaseMs: LEASE_MS })
  })

  it('leases what waits for a restore, the longer due first, up to half of what moves', async () => {
    await world.harness.ledger.claim({ worker: 'everything else', limit: 1_000, leaseMs: LEASE_MS })
    const waiting: NewMigration[] = []
    const leases: MigrationLease[] = []
    for (const priority of [10, 20]) {
      const migration = await planned({ priority })
      const { lease } = await claimed(migration.id)
      expect((await record(lease, 'planned', 'taken-up', 'restore-needed')).state).toBe('waiting-restore')
      waiting.push(migration)
      leases.push(lease)
    }
    for (const lease of leases) await world.harness.ledger.release(lease, 0, true)
    const high = [await planned({ priority: 90 }), await planned({ priority: 90 })]
    const two = await world.harness.ledger.claim({ worker: 'one', limit: 2, leaseMs: LEASE_MS })
    expect(new Set(two.map(one => one.id))).toEqual(new Set([waiting[0]!.id, high[0]!.id]))
    expect(two.find(one => one.id === waiting[0]!.id)).toMatchObject({ attempt: 0 })
    const rest = await world.harness.ledger.claim({ worker: 'one', limit: 1_000, leaseMs: LEASE_MS })
    expect(new Set(rest.map(one => one.id))).toEqual(new Set([waiting[1]!.id, high[1]!.id]))
  })

  it('never leases one migration to two workers', async () => {
    await Promise.all(Array.from({ length: 40 }, () => planned()))
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        world.harness.ledger.claim({ worker: `w${index}`, limit: 7, leaseMs: LEASE_MS }),
      ),
    )
    const ids = claims.flat().map(one => one.id)
    expect(ids).toHaveLength(40)
    expect(new Set(ids).size).toBe(40)
  })

  it('does not lease what is paused, rests or has ended', async () => {
    const paused = await planned()
    await world.harness.pause(paused.id)
    const resting = await planned()
    const ended = await planned()
    const { lease } = await claimed(ended.id)
    await record(lease, 'planned', 'cancelled')
    await world.harness.ledger.release({ ...lease, ...(await leaseFor(resting)) }, 60_000, false)
    const again = await world.harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
    expect(again.map(one => one.id)).toEqual([])
    await world.harness.makeDue()
    const later = await world.harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
    expect(later.map(one => one.id)).toEqual([resting.id])
  })

  /** The lease the first claim of a fresh migration gave to worker `one`. */
  async function leaseFor(migration: NewMigration): Promise<MigrationLease> {
    return { migrationId: migration.id, objectId: migration.objectId, worker: 'one', fencingToken: 1n }
  }

  it('lets another worker take over when the lease ran out, with a higher fencing token', async () => {
    const { id } = await planned()
    const first = await claimed(id, 'one')
    expect(await world.harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })).toEqual([])
    await world.harness.expireLeases()
    const all = await world.harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
    const second = all.find(one => one.id === id)!
    expect(second.takenOverFrom).toBe('one')
    expect(second.fencingToken).toBe(first.migration.fencingToken + 1n)
  })

  it('refuses every write of a worker whose lease was taken over', async () => {
    const { id, objectId } = await planned()
    const late = await claimed(id, 'late')
    await world.harness.expireLeases()
    const next = await claimed(id, 'next')
    const fenced = { name: 'LedgerError', kind: 'fenced' }
    await expect(record(late.lease, 'planned', 'taken-up')).rejects.toMatchObject(fenced)
    await expect(world.harness.ledger.reportProgress(late.lease, { bytesCopied: 1 })).rejects.toMatchObject(
      fenced,
    )
    const work = () => Promise.reject(new Error('must not run'))
    for (const lane of [null, 'lane']) {
      const attempt = world.harness.ledger.withObjectLock(late.lease, { waitMsMax: 100, lane }, work)
      await expect(attempt).rejects.toMatchObject(fenced)
    }
    expect(await world.harness.ledger.renew([late.lease], LEASE_MS)).toEqual([])
    await world.harness.ledger.release(late.lease, 0, false)
    expect(await world.harness.copies(objectId)).toHaveLength(1)
    expect((await record(next.lease, 'planned', 'taken-up')).leaseOwner).toBe('next')
  })

  it('renews leases so that nobody takes over', async () => {
    const { id } = await planned()
    const { lease } = await claimed(id)
    await world.harness.expireLeases()
    expect((await world.harness.ledger.renew([lease], LEASE_MS)).map(one => one.id)).toEqual([id])
    const all = await world.harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
    expect(all.map(one => one.id)).not.toContain(id)
  })
}
