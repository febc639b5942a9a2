import { expect, it } from 'vitest'
import { newId } from '../../domain/identifiers.ts'
import type { NewMigration } from '../../domain/migration-record.ts'
import type { LedgerWorld } from './ledger-world.ts'

/** Copies added and dropped: the kinds `add-copy` and `drop-copy`. */
export function describeCopiesKept(world: LedgerWorld): void {
  const { newMigration, planned, claimed, recordOf, copyOf, effects } = world

  it('adds a copy beside the primary one, and counts a change of the copies', async () => {
    const { id, objectId, targetCopyId } = await planned({ kind: 'add-copy', verify: 'read-back' })
    const { lease, migration } = await claimed(id)
    expect(migration).toMatchObject({ kind: 'add-copy', verify: 'read-back', copiesRequired: 1 })
    const ended = await recordOf(lease, migration, 'taken-up', 'copied', 'taken-up', 'verified', 'joined')
    expect(ended.state).toBe('done')
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'complete', isPrimary: false })
    expect(await copyOf(objectId, migration.sourceCopyId)).toMatchObject({ isPrimary: true })
    expect(await world.harness.placementVersion(objectId)).toBe(2)
    expect(await world.harness.reviewAt(objectId)).toBe(5_000)
  })

  it('lets no copy join an object that moved on', async () => {
    const { id, objectId, targetCopyId } = await planned({ kind: 'add-copy' })
    const { lease, migration } = await claimed(id)
    const copied = await recordOf(lease, migration, 'taken-up', 'copied', 'taken-up')
    await world.harness.overwrite(objectId)
    await expect(recordOf(lease, copied, 'verified', 'joined')).rejects.toMatchObject({
      kind: 'switch-lost',
    })
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'staging' })
  })

  it('refuses a copy more where one lies already', async () => {
    const wantedMigration = await newMigration({ kind: 'add-copy' })
    await world.harness.seedCopy(wantedMigration.objectId, world.harness.locationIds.cold, 'complete')
    const { refused } = await world.harness.ledger.create([wantedMigration], 'user:test')
    expect(refused).toEqual([{ id: wantedMigration.id, reason: 'occupied' }])
  })

  /** A drop of the primary copy in `hot`, or of the other one in `cold`. */
  async function plannedDrop(drops: 'primary' | 'other') {
    const change = await newMigration({ kind: 'drop-copy', copiesRequired: 1 })
    const [primary] = await world.harness.copies(change.objectId)
    const other = await world.harness.seedCopy(change.objectId, world.harness.locationIds.cold, 'complete')
    const isPrimary = drops === 'primary'
    const drop: NewMigration = {
      ...change,
      sourceCopyId: isPrimary ? primary!.id : other,
      targetCopyId: isPrimary ? other : primary!.id,
      targetLocationId: isPrimary ? world.harness.locationIds.cold : world.harness.locationIds.hot,
    }
    expect(await world.harness.ledger.create([drop], 'user:test')).toMatchObject({ created: [drop.id] })
    return drop
  }

  it.each(['primary', 'other'] as const)('gives the %s copy its last day, then forgets it', async drops => {
    const { id, objectId, sourceCopyId, targetCopyId } = await plannedDrop(drops)
    const { lease, migration } = await claimed(id)
    const resting = await recordOf(lease, migration, 'taken-up', 'switch-won', 'grace-began')
    expect(resting).toMatchObject({ state: 'grace', graceUntil: 6_000 })
    expect(await copyOf(objectId, sourceCopyId!)).toMatchObject({ state: 'grace', isPrimary: false })
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'complete', isPrimary: true })
    await recordOf(lease, resting, 'grace-over', 'source-deleted')
    expect((await world.harness.copies(objectId)).map(copy => copy.id)).toEqual([targetCopyId])
    expect(await world.harness.placementVersion(objectId)).toBe(3)
  })

  it.each(['too-few-copies', 'primary-replaced'] as const)(
    'takes a copy back that is needed after all: %s',
    async event => {
      const { id, objectId, sourceCopyId, targetCopyId } = await plannedDrop('primary')
      const { lease, migration } = await claimed(id)
      const resting = await recordOf(lease, migration, 'taken-up', 'switch-won', 'grace-began')
      const ended = await recordOf(lease, resting, 'grace-over', event)
      expect(ended.state).toBe('rolled-back')
      expect(await copyOf(objectId, sourceCopyId!)).toMatchObject({ state: 'complete', isPrimary: false })
      expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'complete', isPrimary: true })
    },
  )

  it('drops no copy when no good one would be left', async () => {
    const change = await newMigration({ kind: 'drop-copy' })
    const [primary] = await world.harness.copies(change.objectId)
    const suspect = await world.harness.seedCopy(change.objectId, world.harness.locationIds.cold, 'suspect')
    const drop = { ...change, sourceCopyId: primary!.id, targetCopyId: suspect }
    const alone = { ...change, id: newId(), sourceCopyId: primary!.id }
    const { refused } = await world.harness.ledger.create([drop, alone], 'user:test')
    expect(refused.map(one => one.reason)).toEqual(['no-source', 'no-source'])
  })

  it('leaves a copy alone that is no longer in grace when it would be taken back', async () => {
    const { id, objectId, sourceCopyId } = await plannedDrop('other')
    const { lease, migration } = await claimed(id)
    await recordOf(lease, migration, 'taken-up', 'switch-won', 'grace-began')
    const resting = await effects(lease, 'grace', 'suspect-source')
    const ended = await recordOf(lease, resting, 'grace-over', 'too-few-copies')
    expect(ended.state).toBe('rolled-back')
    expect(await copyOf(objectId, sourceCopyId!)).toMatchObject({ state: 'suspect', isPrimary: false })
  })

  it('takes no copy of an object back that a client overwrote', async () => {
    const { id, objectId, sourceCopyId } = await plannedDrop('other')
    const { lease, migration } = await claimed(id)
    const resting = await recordOf(lease, migration, 'taken-up', 'switch-won', 'grace-began')
    await world.harness.overwrite(objectId)
    await expect(recordOf(lease, resting, 'grace-over', 'too-few-copies')).rejects.toMatchObject({
      kind: 'switch-lost',
    })
    expect(await copyOf(objectId, sourceCopyId!)).toMatchObject({ state: 'grace' })
  })
}
