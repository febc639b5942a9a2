import { expect, it } from 'vitest'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { LedgerWorld } from './ledger-world.ts'

/** What is planned, and what is refused with which reason. */
export function describePlanning(world: LedgerWorld): void {
  const { newMigration, wanted, planned, claimed, record } = world

  it('plans an object once, and again when the former migration has ended', async () => {
    const first = await planned()
    const second = wanted({ objectId: first.objectId })
    expect(await world.harness.ledger.create([second], 'user:test')).toEqual({
      created: [],
      refused: [{ id: second.id, reason: 'in-flight' }],
    })
    const { lease } = await claimed(first.id)
    await record(lease, 'planned', 'cancelled')
    expect((await world.harness.ledger.create([second], 'user:test')).created).toEqual([second.id])
  })

  it('plans one of two that want the same object in one batch', async () => {
    const first = await newMigration()
    const result = await world.harness.ledger.create(
      [first, wanted({ objectId: first.objectId })],
      'user:test',
    )
    expect([result.created.length, result.refused.map(one => one.reason)]).toEqual([1, ['in-flight']])
  })

  it('refuses what is outdated or not allowed, and plans the others', async () => {
    const batch = [
      await newMigration({ generation: 2 }),
      await newMigration({ placementVersion: 0 }),
      wanted({ objectId: newId() }),
      await newMigration({}, world.harness.bucketIds.observed),
      await newMigration({ targetLocationId: newId() }),
      await newMigration({ targetLocationId: world.harness.locationIds.hotToo }),
      await newMigration(),
    ]
    const result = await world.harness.ledger.create(batch, 'user:test')
    const reasonOf = (id: Uuid) => result.refused.find(one => one.id === id)?.reason ?? null
    expect(batch.map(one => reasonOf(one.id))).toEqual([
      'outdated',
      'outdated',
      'outdated',
      'observed',
      'unknown-location',
      'same-place',
      null,
    ])
  })
}
