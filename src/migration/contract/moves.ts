import { expect, it } from 'vitest'
import { stepsFrom } from '../transitions.ts'
import { type LedgerWorld, SHA256 } from './ledger-world.ts'

/** What a move means for the catalog, step by step. */
export function describeMoves(world: LedgerWorld): void {
  const { planned, claimed, record, copyOf } = world

  it('keeps the row of a leftover whose upload is not aborted, though its bytes would be replaced', async () => {
    const first = await planned()
    const { lease } = await claimed(first.id)
    await world.harness.ledger.record(lease, {
      steps: stepsFrom('move', 'planned', ['taken-up']),
      modelNow: 1,
    })
    await world.harness.ledger.reportProgress(lease, { uploadId: 'upload-1' })
    await record(lease, 'copying', 'cancelled')
    const second = await planned({ objectId: first.objectId })
    const next = await claimed(second.id)
    await world.harness.ledger.record(next.lease, {
      steps: stepsFrom('move', 'planned', ['taken-up']),
      modelNow: 1,
    })
    await record(next.lease, 'copying', 'copied')
    expect(await copyOf(first.objectId, first.targetCopyId)).toMatchObject({ state: 'deleting' })
  })

  it('moves the primary, keeps the source in grace, then forgets it, with a timeline', async () => {
    const { id, objectId, targetCopyId } = await planned()
    const { lease, migration } = await claimed(id)
    await record(lease, 'planned', 'taken-up')
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'staging', isPrimary: false })
    await record(lease, 'copying', 'copied', 'taken-up')
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ identity: { etag: 'target-etag' } })
    const switched = await record(lease, 'verifying', 'verified', 'switch-won', 'grace-began')
    expect(switched).toMatchObject({ state: 'grace', attempt: 0, graceUntil: 6_000 })
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({
      state: 'complete',
      isPrimary: true,
      verifiedAt: 5_000,
    })
    expect(await copyOf(objectId, migration.sourceCopyId)).toMatchObject({
      state: 'grace',
      isPrimary: false,
      graceUntil: 6_000,
    })
    expect(await world.harness.placementVersion(objectId)).toBe(2)
    const subject = await world.harness.ledger.readSubject(id)
    expect(subject.version?.digests).toMatchObject({ sha256: SHA256, sha256Source: 'mover-read' })
    await record(lease, 'grace', 'grace-over', 'source-deleted')
    expect((await world.harness.copies(objectId)).map(copy => copy.id)).toEqual([targetCopyId])
    expect(await world.harness.reviewAt(objectId)).toBe(5_000)
    const steps = (await world.harness.timeline(id)).map(line => `${line.event}:${line.to}`)
    expect(steps.slice(-8)).toEqual([
      'taken-up:copying',
      'copied:copied',
      'taken-up:verifying',
      'verified:verified',
      'switch-won:switched',
      'grace-began:grace',
      'grace-over:deleting-source',
      'source-deleted:done',
    ])
    expect(await world.harness.announcements(id)).toEqual(['copying', 'switched', 'done'])
  })

  it('counts a try of the copying anew once the source is restored, and keeps how it was waited for', async () => {
    const { id, objectId, targetCopyId } = await planned()
    const { lease } = await claimed(id)
    await record(lease, 'planned', 'taken-up', 'restore-needed')
    const { now } = await world.harness.ledger.readSubject(id)
    expect(Math.abs(now - (await world.harness.ledger.readSubject(id)).now)).toBeLessThan(60_000)
    const restore = { since: now, requests: 1, requestedAt: now, isTaken: true, looks: 1, failures: 0 }
    await world.harness.ledger.reportProgress(lease, { restore })
    await world.harness.ledger.release(lease, 0, true)
    await world.harness.makeDue()
    const next = await claimed(id)
    expect(next.migration).toMatchObject({ state: 'waiting-restore', attempt: 0, evidence: { restore } })
    const copying = await record(next.lease, 'waiting-restore', 'taken-up', 'restored', 'taken-up')
    expect(copying).toMatchObject({ state: 'copying', attempt: 1, evidence: { restore } })
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'staging' })
    expect(await world.harness.announcements(id)).toEqual(['copying', 'waiting-restore'])
  })

  it('rejects a switch of an object that moved on, and writes nothing', async () => {
    const { id, objectId, targetCopyId } = await planned()
    const { lease } = await claimed(id)
    await record(lease, 'planned', 'taken-up', 'copied', 'taken-up')
    await world.harness.overwrite(objectId)
    await expect(record(lease, 'verifying', 'verified', 'switch-won')).rejects.toMatchObject({
      name: 'LedgerError',
      kind: 'switch-lost',
    })
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'staging', isPrimary: false })
    expect((await record(lease, 'verifying', 'superseded')).state).toBe('aborted')
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'deleting' })
  })

  it('switches back to a source that is still in grace', async () => {
    const { id, objectId, targetCopyId } = await planned()
    const { lease, migration } = await claimed(id)
    await record(lease, 'planned', 'taken-up', 'copied', 'taken-up', 'verified', 'switch-won', 'grace-began')
    await record(lease, 'grace', 'rolled-back')
    const source = await copyOf(objectId, migration.sourceCopyId)
    expect(source).toMatchObject({ state: 'complete', isPrimary: true, graceUntil: null })
    expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'deleting', isPrimary: false })
    expect(await world.harness.placementVersion(objectId)).toBe(3)
  })
}
