import { expect, it } from 'vitest'
import type { LedgerWorld } from './ledger-world.ts'

/** Copies changed where they lie: the kinds `reclassify` and `repair`. */
export function describeCopiesChanged(world: LedgerWorld): void {
  const { newMigration, claimed, recordOf, copyOf, effects } = world

  /** A leased change of the class of a new object's only copy. */
  async function reclassifying() {
    const change = await newMigration({
      kind: 'reclassify',
      targetLocationId: world.harness.locationIds.hotToo,
    })
    const [copy] = await world.harness.copies(change.objectId)
    const reclassify = { ...change, sourceCopyId: copy!.id, targetCopyId: copy!.id }
    await world.harness.ledger.create([reclassify], 'user:test')
    return { ...(await claimed(reclassify.id)), copyId: copy!.id, objectId: change.objectId }
  }

  it('lets a copy that changed its class lie in the other location, with its new identity', async () => {
    const { copyId, lease, migration, objectId } = await reclassifying()
    const ended = await recordOf(lease, migration, 'taken-up', 'copied', 'taken-up', 'verified')
    expect(ended.state).toBe('done')
    expect(await world.harness.copies(objectId)).toMatchObject([
      {
        id: copyId,
        locationId: world.harness.locationIds.hotToo,
        isPrimary: true,
        state: 'complete',
        identity: { etag: 'target-etag' },
        enteredAt: 5_000,
        verifiedAt: 5_000,
      },
    ])
    expect(await world.harness.placementVersion(objectId)).toBe(2)
  })

  it('writes a changed class down although the object was placed anew meanwhile', async () => {
    const { copyId, lease, migration, objectId } = await reclassifying()
    const copying = await recordOf(lease, migration, 'taken-up')
    // The only copy is not in grace, so this counts a change of the copies and nothing else.
    const placedAnew = await effects(lease, copying.state, 'take-back')
    expect(await world.harness.placementVersion(objectId)).toBe(2)
    expect((await recordOf(lease, placedAnew, 'copied', 'taken-up', 'verified')).state).toBe('done')
    expect(await copyOf(objectId, copyId)).toMatchObject({
      locationId: world.harness.locationIds.hotToo,
      identity: { etag: 'target-etag' },
    })
    expect(await world.harness.placementVersion(objectId)).toBe(3)
  })

  it.each(['overwritten', 'found bad'])('relocates no copy that was %s meanwhile', async how => {
    const { copyId, lease, migration, objectId } = await reclassifying()
    const copying = await recordOf(lease, migration, 'taken-up')
    if (how === 'overwritten') await world.harness.overwrite(objectId)
    else await effects(lease, copying.state, 'suspect-target')
    await expect(recordOf(lease, copying, 'copied')).rejects.toMatchObject({ kind: 'switch-lost' })
    expect(await copyOf(objectId, copyId)).toMatchObject({
      locationId: world.harness.locationIds.hot,
      identity: { etag: 'source-etag' },
    })
  })

  it('reclassifies only within a container', async () => {
    const change = await newMigration({ kind: 'reclassify' })
    const [copy] = await world.harness.copies(change.objectId)
    const away = { ...change, sourceCopyId: copy!.id, targetCopyId: copy!.id }
    const { refused } = await world.harness.ledger.create([away], 'user:test')
    expect(refused.map(one => one.reason)).toEqual(['same-place'])
  })

  it('repairs a suspect copy in its place, and only one', async () => {
    const change = await newMigration({ kind: 'repair', priority: 100 })
    expect((await world.harness.ledger.create([change], 'user:test')).refused).toMatchObject([
      { reason: 'not-broken' },
    ])
    const bad = await world.harness.seedCopy(change.objectId, world.harness.locationIds.cold, 'suspect')
    await world.harness.ledger.create([change], 'user:test')
    const { lease, migration } = await claimed(change.id)
    expect(migration.evidence.targetKey).toBe(migration.key)
    await recordOf(lease, migration, 'taken-up', 'copied', 'taken-up', 'verified', 'joined')
    const copies = await world.harness.copies(change.objectId)
    expect(copies.map(copy => copy.id)).not.toContain(bad)
    expect(copies.map(copy => copy.state)).toEqual(['complete', 'complete'])
  })
}
