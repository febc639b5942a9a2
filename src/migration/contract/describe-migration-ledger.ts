import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import type { Migration } from '../../domain/migration.ts'
import type { MigrationEvent, MigrationLease, NewMigration } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import type { MigrationLedger } from '../ledger.ts'
import { stepsFrom } from '../transitions.ts'

/** What the suite needs around a ledger. Locations `hot`, `cold` and `hot-too` (same container) exist. */
export interface LedgerHarness {
  readonly ledger: MigrationLedger
  readonly locationIds: { readonly hot: Uuid; readonly cold: Uuid; readonly hotToo: Uuid }
  readonly bucketIds: { readonly exclusive: Uuid; readonly observed: Uuid }
  /** An object of 10 bytes with one complete primary copy in `hot`; generation 1, placement version 1. */
  seedObject(bucketId: Uuid, key: string): Promise<void>
  /** A client overwrites the object: one more generation. */
  overwrite(objectId: Uuid): Promise<void>
  /** One more copy of the object's generation. Resolves to its id. */
  seedCopy(objectId: Uuid, locationId: Uuid, state: Copy['state']): Promise<Uuid>
  copies(objectId: Uuid): Promise<readonly Copy[]>
  placementVersion(objectId: Uuid): Promise<number>
  reviewAt(objectId: Uuid): Promise<number | null>
  timeline(migrationId: Uuid): Promise<readonly { event: string; from: string; to: string; worker: string }[]>
  announcements(migrationId: Uuid): Promise<readonly string[]>
  expireLeases(): Promise<void>
  makeDue(): Promise<void>
  pause(migrationId: Uuid): Promise<void>
  dispose(): Promise<void>
}

const SHA256 = 'ab'.repeat(32)
const LEASE_MS = 30_000

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

    let objects = 0
    async function newMigration(change: Partial<NewMigration> = {}, bucket = harness.bucketIds.exclusive) {
      const key = `object-${++objects}`
      await harness.seedObject(bucket, key)
      return wanted({ objectId: objectIdOf(bucket, key), ...change })
    }

    function wanted(change: Partial<NewMigration> & { objectId: Uuid }): NewMigration {
      return {
        id: newId(),
        generation: 1,
        placementVersion: 1,
        targetCopyId: newId(),
        targetLocationId: harness.locationIds.cold,
        priority: 50,
        direction: 'demotion',
        graceMs: 1_000,
        attemptsMax: 3,
        decisionId: null,
        planId: null,
        monthlySavingUsd: null,
        oneTimeUsd: null,
        ...change,
      }
    }

    async function planned(change: Partial<NewMigration> = {}): Promise<NewMigration> {
      const migration = await newMigration(change)
      const result = await harness.ledger.create([migration], 'user:test')
      expect(result).toEqual({ created: [migration.id], refused: [] })
      return migration
    }

    /** Leases everything that is due; the one asked for is among it. */
    async function claimed(
      id: Uuid,
      worker = 'one',
    ): Promise<{ migration: Migration; lease: MigrationLease }> {
      const all = await harness.ledger.claim({ worker, limit: 1_000, leaseMs: LEASE_MS })
      const migration = all.find(one => one.id === id)!
      return { migration, lease: leaseOf(migration, worker) }
    }

    function leaseOf(migration: Migration, worker: string): MigrationLease {
      const { id, objectId, fencingToken } = migration
      return { migrationId: id, objectId, worker, fencingToken }
    }

    function record(lease: MigrationLease, from: Migration['state'], ...events: MigrationEvent[]) {
      const targetIdentity = { etag: 'target-etag', versionId: null }
      return harness.ledger.record(lease, {
        steps: stepsFrom('move', from, events),
        evidence: { sha256: SHA256, crc64nvme: '0123456789abcdef', targetIdentity },
        modelNow: 5_000,
      })
    }

    const copyOf = async (objectId: Uuid, id: Uuid) =>
      (await harness.copies(objectId)).find(copy => copy.id === id)

    it('plans an object once, and again when the former migration has ended', async () => {
      const first = await planned()
      const second = wanted({ objectId: first.objectId })
      expect(await harness.ledger.create([second], 'user:test')).toEqual({
        created: [],
        refused: [{ id: second.id, reason: 'in-flight' }],
      })
      const { lease } = await claimed(first.id)
      await record(lease, 'planned', 'cancelled')
      expect((await harness.ledger.create([second], 'user:test')).created).toEqual([second.id])
    })

    it('plans one of two that want the same object in one batch', async () => {
      const first = await newMigration()
      const result = await harness.ledger.create([first, wanted({ objectId: first.objectId })], 'user:test')
      expect([result.created.length, result.refused.map(one => one.reason)]).toEqual([1, ['in-flight']])
    })

    it('keeps the row of a leftover whose upload is not aborted, though its bytes would be replaced', async () => {
      const first = await planned()
      const { lease } = await claimed(first.id)
      await harness.ledger.record(lease, { steps: stepsFrom('move', 'planned', ['taken-up']), modelNow: 1 })
      await harness.ledger.reportProgress(lease, { uploadId: 'upload-1' })
      await record(lease, 'copying', 'cancelled')
      const second = await planned({ objectId: first.objectId })
      const next = await claimed(second.id)
      await harness.ledger.record(next.lease, {
        steps: stepsFrom('move', 'planned', ['taken-up']),
        modelNow: 1,
      })
      await record(next.lease, 'copying', 'copied')
      expect(await copyOf(first.objectId, first.targetCopyId)).toMatchObject({ state: 'deleting' })
    })

    it('refuses what is outdated or not allowed, and plans the others', async () => {
      const batch = [
        await newMigration({ generation: 2 }),
        await newMigration({ placementVersion: 0 }),
        wanted({ objectId: newId() }),
        await newMigration({}, harness.bucketIds.observed),
        await newMigration({ targetLocationId: newId() }),
        await newMigration({ targetLocationId: harness.locationIds.hotToo }),
        await newMigration(),
      ]
      const result = await harness.ledger.create(batch, 'user:test')
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

    it('leases the higher priority first, then the longer due, and respects the limit', async () => {
      await harness.ledger.claim({ worker: 'everything else', limit: 1_000, leaseMs: LEASE_MS })
      const low = await planned({ priority: 10 })
      const high = await planned({ priority: 90 })
      const alsoHigh = await planned({ priority: 90 })
      const two = await harness.ledger.claim({ worker: 'one', limit: 2, leaseMs: LEASE_MS })
      expect(two.map(one => one.id)).toEqual([high.id, alsoHigh.id])
      const rest = await harness.ledger.claim({ worker: 'one', limit: 2, leaseMs: LEASE_MS })
      expect(rest.map(one => one.id)).toEqual([low.id])
    })

    it('leases what waits for the end of its grace before a queue of moves, up to half of a claim', async () => {
      await harness.ledger.claim({ worker: 'everything else', limit: 1_000, leaseMs: LEASE_MS })
      const switched = await planned({ priority: 10 })
      const { lease } = await claimed(switched.id)
      await record(lease, 'planned', 'taken-up')
      await record(lease, 'copying', 'copied', 'taken-up')
      await record(lease, 'verifying', 'verified', 'switch-won', 'grace-began')
      await harness.ledger.release(lease, 0, false)
      await harness.makeDue()
      const high = [await planned({ priority: 90 }), await planned({ priority: 90 })]
      const two = await harness.ledger.claim({ worker: 'one', limit: 2, leaseMs: LEASE_MS })
      expect(new Set(two.map(one => one.id))).toEqual(new Set([switched.id, high[0]!.id]))
      await harness.ledger.claim({ worker: 'one', limit: 1_000, leaseMs: LEASE_MS })
    })

    it('never leases one migration to two workers', async () => {
      await Promise.all(Array.from({ length: 40 }, () => planned()))
      const claims = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          harness.ledger.claim({ worker: `w${index}`, limit: 7, leaseMs: LEASE_MS }),
        ),
      )
      const ids = claims.flat().map(one => one.id)
      expect(ids).toHaveLength(40)
      expect(new Set(ids).size).toBe(40)
    })

    it('does not lease what is paused, rests or has ended', async () => {
      const paused = await planned()
      await harness.pause(paused.id)
      const resting = await planned()
      const ended = await planned()
      const { lease } = await claimed(ended.id)
      await record(lease, 'planned', 'cancelled')
      await harness.ledger.release({ ...lease, ...(await leaseFor(resting)) }, 60_000, false)
      const again = await harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
      expect(again.map(one => one.id)).toEqual([])
      await harness.makeDue()
      const later = await harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
      expect(later.map(one => one.id)).toEqual([resting.id])
    })

    /** The lease the first claim of a fresh migration gave to worker `one`. */
    async function leaseFor(migration: NewMigration): Promise<MigrationLease> {
      return { migrationId: migration.id, objectId: migration.objectId, worker: 'one', fencingToken: 1n }
    }

    it('lets another worker take over when the lease ran out, with a higher fencing token', async () => {
      const { id } = await planned()
      const first = await claimed(id, 'one')
      expect(await harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })).toEqual([])
      await harness.expireLeases()
      const all = await harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
      const second = all.find(one => one.id === id)!
      expect(second.takenOverFrom).toBe('one')
      expect(second.fencingToken).toBe(first.migration.fencingToken + 1n)
    })

    it('refuses every write of a worker whose lease was taken over', async () => {
      const { id, objectId } = await planned()
      const late = await claimed(id, 'late')
      await harness.expireLeases()
      const next = await claimed(id, 'next')
      const fenced = { name: 'LedgerError', kind: 'fenced' }
      await expect(record(late.lease, 'planned', 'taken-up')).rejects.toMatchObject(fenced)
      await expect(harness.ledger.reportProgress(late.lease, { bytesCopied: 1 })).rejects.toMatchObject(
        fenced,
      )
      const work = () => Promise.reject(new Error('must not run'))
      for (const lane of [null, 'lane']) {
        const attempt = harness.ledger.withObjectLock(late.lease, { waitMsMax: 100, lane }, work)
        await expect(attempt).rejects.toMatchObject(fenced)
      }
      expect(await harness.ledger.renew([late.lease], LEASE_MS)).toEqual([])
      await harness.ledger.release(late.lease, 0, false)
      expect(await harness.copies(objectId)).toHaveLength(1)
      expect((await record(next.lease, 'planned', 'taken-up')).leaseOwner).toBe('next')
    })

    it('refuses a step that does not start where the migration is', async () => {
      const { id } = await planned()
      const { lease } = await claimed(id)
      await record(lease, 'planned', 'taken-up')
      await expect(record(lease, 'planned', 'taken-up')).rejects.toMatchObject({ kind: 'fenced' })
    })

    it('renews leases so that nobody takes over', async () => {
      const { id } = await planned()
      const { lease } = await claimed(id)
      await harness.expireLeases()
      expect((await harness.ledger.renew([lease], LEASE_MS)).map(one => one.id)).toEqual([id])
      const all = await harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
      expect(all.map(one => one.id)).not.toContain(id)
    })

    it('counts tries, gives one back on request, and keeps the evidence', async () => {
      const { id } = await planned()
      const { lease } = await claimed(id)
      expect((await record(lease, 'planned', 'taken-up')).attempt).toBe(1)
      expect((await record(lease, 'copying', 'taken-up')).attempt).toBe(2)
      await harness.ledger.reportProgress(lease, { bytesCopied: 7, uploadId: 'u' })
      await harness.ledger.release(lease, 0, true)
      const again = await claimed(id, 'two')
      expect(again.migration.attempt).toBe(1)
      expect(again.migration.evidence).toMatchObject({ bytesCopied: 7, uploadId: 'u', sha256: SHA256 })
    })

    it('forgets evidence that is null, and the last error with the next step', async () => {
      const { id } = await planned()
      const { lease } = await claimed(id)
      await record(lease, 'planned', 'taken-up')
      await harness.ledger.reportProgress(lease, { uploadId: 'u' })
      const failed = await harness.ledger.record(lease, {
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
      await harness.ledger.record(lease, {
        steps: stepsFrom('move', 'planned', ['taken-up']),
        modelNow: 1,
        releaseForMs: 60_000,
      })
      await expect(record(lease, 'copying', 'copied')).rejects.toMatchObject({ kind: 'fenced' })
      expect(await harness.ledger.claim({ worker: 'x', limit: 1_000, leaseMs: LEASE_MS })).toEqual([])
      await harness.makeDue()
      expect(await claimed(id, 'x')).toMatchObject({ migration: { state: 'copying' } })
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
      expect(await harness.placementVersion(objectId)).toBe(2)
      const subject = await harness.ledger.readSubject(id)
      expect(subject.version?.digests).toMatchObject({ sha256: SHA256, sha256Source: 'mover-read' })
      await record(lease, 'grace', 'grace-over', 'source-deleted')
      expect((await harness.copies(objectId)).map(copy => copy.id)).toEqual([targetCopyId])
      expect(await harness.reviewAt(objectId)).toBe(5_000)
      const steps = (await harness.timeline(id)).map(line => `${line.event}:${line.to}`)
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
      expect(await harness.announcements(id)).toEqual(['copying', 'switched', 'done'])
    })

    it('rejects a switch of an object that moved on, and writes nothing', async () => {
      const { id, objectId, targetCopyId } = await planned()
      const { lease } = await claimed(id)
      await record(lease, 'planned', 'taken-up', 'copied', 'taken-up')
      await harness.overwrite(objectId)
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
      await record(
        lease,
        'planned',
        'taken-up',
        'copied',
        'taken-up',
        'verified',
        'switch-won',
        'grace-began',
      )
      await record(lease, 'grace', 'rolled-back')
      const source = await copyOf(objectId, migration.sourceCopyId)
      expect(source).toMatchObject({ state: 'complete', isPrimary: true, graceUntil: null })
      expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'deleting', isPrimary: false })
      expect(await harness.placementVersion(objectId)).toBe(3)
    })

    describe('of another kind', () => {
      /** Records events of a migration of this kind, from a state on. */
      function recordOf(lease: MigrationLease, migration: Migration, ...events: MigrationEvent[]) {
        const targetIdentity = { etag: 'target-etag', versionId: null }
        return harness.ledger.record(lease, {
          steps: stepsFrom(migration.kind, migration.state, events),
          evidence: { sha256: SHA256, targetIdentity },
          modelNow: 5_000,
        })
      }

      it('adds a copy beside the primary one, and counts a change of the copies', async () => {
        const { id, objectId, targetCopyId } = await planned({ kind: 'add-copy', verify: 'read-back' })
        const { lease, migration } = await claimed(id)
        expect(migration).toMatchObject({ kind: 'add-copy', verify: 'read-back', copiesRequired: 1 })
        const ended = await recordOf(lease, migration, 'taken-up', 'copied', 'taken-up', 'verified', 'joined')
        expect(ended.state).toBe('done')
        expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'complete', isPrimary: false })
        expect(await copyOf(objectId, migration.sourceCopyId)).toMatchObject({ isPrimary: true })
        expect(await harness.placementVersion(objectId)).toBe(2)
        expect(await harness.reviewAt(objectId)).toBe(5_000)
      })

      it('lets no copy join an object that moved on', async () => {
        const { id, objectId, targetCopyId } = await planned({ kind: 'add-copy' })
        const { lease, migration } = await claimed(id)
        const copied = await recordOf(lease, migration, 'taken-up', 'copied', 'taken-up')
        await harness.overwrite(objectId)
        await expect(recordOf(lease, copied, 'verified', 'joined')).rejects.toMatchObject({
          kind: 'switch-lost',
        })
        expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'staging' })
      })

      it('refuses a copy more where one lies already', async () => {
        const wantedMigration = await newMigration({ kind: 'add-copy' })
        await harness.seedCopy(wantedMigration.objectId, harness.locationIds.cold, 'complete')
        const { refused } = await harness.ledger.create([wantedMigration], 'user:test')
        expect(refused).toEqual([{ id: wantedMigration.id, reason: 'occupied' }])
      })

      /** A drop of the primary copy in `hot`, or of the other one in `cold`. */
      async function plannedDrop(drops: 'primary' | 'other') {
        const change = await newMigration({ kind: 'drop-copy', copiesRequired: 1 })
        const [primary] = await harness.copies(change.objectId)
        const other = await harness.seedCopy(change.objectId, harness.locationIds.cold, 'complete')
        const isPrimary = drops === 'primary'
        const drop: NewMigration = {
          ...change,
          sourceCopyId: isPrimary ? primary!.id : other,
          targetCopyId: isPrimary ? other : primary!.id,
          targetLocationId: isPrimary ? harness.locationIds.cold : harness.locationIds.hot,
        }
        expect(await harness.ledger.create([drop], 'user:test')).toMatchObject({ created: [drop.id] })
        return drop
      }

      it.each(['primary', 'other'] as const)(
        'gives the %s copy its last day, then forgets it',
        async drops => {
          const { id, objectId, sourceCopyId, targetCopyId } = await plannedDrop(drops)
          const { lease, migration } = await claimed(id)
          const resting = await recordOf(lease, migration, 'taken-up', 'switch-won', 'grace-began')
          expect(resting).toMatchObject({ state: 'grace', graceUntil: 6_000 })
          expect(await copyOf(objectId, sourceCopyId!)).toMatchObject({ state: 'grace', isPrimary: false })
          expect(await copyOf(objectId, targetCopyId)).toMatchObject({ state: 'complete', isPrimary: true })
          await recordOf(lease, resting, 'grace-over', 'source-deleted')
          expect((await harness.copies(objectId)).map(copy => copy.id)).toEqual([targetCopyId])
          expect(await harness.placementVersion(objectId)).toBe(3)
        },
      )

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
        const [primary] = await harness.copies(change.objectId)
        const suspect = await harness.seedCopy(change.objectId, harness.locationIds.cold, 'suspect')
        const drop = { ...change, sourceCopyId: primary!.id, targetCopyId: suspect }
        const alone = { ...change, id: newId(), sourceCopyId: primary!.id }
        const { refused } = await harness.ledger.create([drop, alone], 'user:test')
        expect(refused.map(one => one.reason)).toEqual(['no-source', 'no-source'])
      })

      it('lets a copy that changed its class lie in the other location, with its new identity', async () => {
        const change = await newMigration({
          kind: 'reclassify',
          targetLocationId: harness.locationIds.hotToo,
        })
        const [copy] = await harness.copies(change.objectId)
        const reclassify = { ...change, sourceCopyId: copy!.id, targetCopyId: copy!.id }
        await harness.ledger.create([reclassify], 'user:test')
        const { lease, migration } = await claimed(reclassify.id)
        const ended = await recordOf(lease, migration, 'taken-up', 'copied', 'taken-up', 'verified')
        expect(ended.state).toBe('done')
        expect(await harness.copies(change.objectId)).toMatchObject([
          {
            id: copy!.id,
            locationId: harness.locationIds.hotToo,
            isPrimary: true,
            state: 'complete',
            identity: { etag: 'target-etag' },
            enteredAt: 5_000,
            verifiedAt: 5_000,
          },
        ])
        expect(await harness.placementVersion(change.objectId)).toBe(2)
      })

      it('reclassifies only within a container', async () => {
        const change = await newMigration({ kind: 'reclassify' })
        const [copy] = await harness.copies(change.objectId)
        const away = { ...change, sourceCopyId: copy!.id, targetCopyId: copy!.id }
        const { refused } = await harness.ledger.create([away], 'user:test')
        expect(refused.map(one => one.reason)).toEqual(['same-place'])
      })

      it('repairs a suspect copy in its place, and only one', async () => {
        const change = await newMigration({ kind: 'repair', priority: 100 })
        expect((await harness.ledger.create([change], 'user:test')).refused).toMatchObject([
          { reason: 'not-broken' },
        ])
        const bad = await harness.seedCopy(change.objectId, harness.locationIds.cold, 'suspect')
        await harness.ledger.create([change], 'user:test')
        const { lease, migration } = await claimed(change.id)
        expect(migration.evidence.targetKey).toBe(migration.key)
        await recordOf(lease, migration, 'taken-up', 'copied', 'taken-up', 'verified', 'joined')
        const copies = await harness.copies(change.objectId)
        expect(copies.map(copy => copy.id)).not.toContain(bad)
        expect(copies.map(copy => copy.state)).toEqual(['complete', 'complete'])
      })
    })

    describe.each([
      ['alone', null],
      ['with others of its lane', 'lane'],
    ])('under the lock of an object, %s', (_name, lane) => {
      it('commits what is recorded under the lock when the work resolves, and nothing when it rejects', async () => {
        const { id, objectId, targetCopyId } = await planned()
        const { lease } = await claimed(id)
        const place = { storeId: '', container: '', nativeKey: '' }
        await harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane }, async locked => {
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
        await harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane }, async () => {
          const second = harness.ledger.withObjectLock(
            lease,
            { waitMsMax: 50, lane },
            async () => 'too early',
          )
          await expect(second).rejects.toMatchObject({ name: 'LedgerError', kind: 'busy' })
          await harness.expireLeases()
          const all = await harness.ledger.claim({ worker: 'two', limit: 1_000, leaseMs: LEASE_MS })
          expect(all.map(one => one.id)).not.toContain(id)
        })
      })

      it('keeps nothing of what was recorded under the lock when the work rejects', async () => {
        const { id, objectId } = await planned()
        const { lease } = await claimed(id)
        const attempt = harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane }, async locked => {
          await locked.record({ steps: stepsFrom('move', 'planned', ['taken-up']), modelNow: 1 })
          throw new Error('the store went away')
        })
        await expect(attempt).rejects.toThrow('the store went away')
        expect(await harness.copies(objectId)).toHaveLength(1)
        expect((await record(lease, 'planned', 'taken-up')).state).toBe('copying')
      })
    })

    it('runs works of one lane side by side, each with its own outcome', async () => {
      const plans = await Promise.all(Array.from({ length: 40 }, () => planned()))
      const all = await harness.ledger.claim({ worker: 'one', limit: 1_000, leaseMs: LEASE_MS })
      const leases = plans.map(({ id }) => leaseOf(all.find(one => one.id === id)!, 'one'))
      const taken = { steps: stepsFrom('move', 'planned', ['taken-up']), modelNow: 1 }
      const outcomes = await Promise.allSettled(
        leases.map((lease, index) =>
          harness.ledger.withObjectLock(lease, { waitMsMax: 1_000, lane: 'lane' }, async locked => {
            if (index === 7) throw new Error('this one failed')
            const stale = { ...lease, fencingToken: lease.fencingToken - 1n }
            if (index === 8) return harness.ledger.record(stale, taken)
            return locked.record(taken)
          }),
        ),
      )
      expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7, 8])
      const staged = await Promise.all(plans.map(async plan => (await harness.copies(plan.objectId)).length))
      expect(staged).toEqual(plans.map((_plan, index) => (index === 7 || index === 8 ? 1 : 2)))
    })

    it('writes records that come at the same time, and refuses only those that must not be', async () => {
      const plans = await Promise.all(Array.from({ length: 20 }, () => planned()))
      const all = await harness.ledger.claim({ worker: 'one', limit: 1_000, leaseMs: LEASE_MS })
      const leases = plans.map(({ id }) => leaseOf(all.find(one => one.id === id)!, 'one'))
      await Promise.all(leases.map(lease => record(lease, 'planned', 'taken-up', 'copied', 'taken-up')))
      await harness.overwrite(plans[3]!.objectId)
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
  })
}
