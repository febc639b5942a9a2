import { expect } from 'vitest'
import { newId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import type { Migration, MigrationState } from '../../domain/migration.ts'
import type {
  MigrationEffect,
  MigrationEvent,
  MigrationLease,
  NewMigration,
} from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { stepsFrom } from '../transitions.ts'
import type { LedgerHarness } from './ledger-harness.ts'

/** The digest of what every migration of the suite read. */
export const SHA256 = 'ab'.repeat(32)
/** How long leases of the suite last. */
export const LEASE_MS = 30_000

/** What the rooms of the suite share: migrations planned and leased, and steps recorded. */
export interface LedgerWorld {
  /** Of the ledger under test; made before the first test. */
  readonly harness: LedgerHarness
  /** A migration of a new object, a move to `cold` unless told otherwise; not planned yet. */
  newMigration(change?: Partial<NewMigration>, bucketId?: Uuid): Promise<NewMigration>
  /** A migration of an object that there is. */
  wanted(change: Partial<NewMigration> & { objectId: Uuid }): NewMigration
  /** A migration of a new object, planned. */
  planned(change?: Partial<NewMigration>): Promise<NewMigration>
  /** Leases everything that is due; the one asked for is among it. */
  claimed(id: Uuid, worker?: string): Promise<{ migration: Migration; lease: MigrationLease }>
  leaseOf(migration: Migration, worker: string): MigrationLease
  /** Records events of a move, with digests and the target's identity. */
  record(lease: MigrationLease, from: MigrationState, ...events: MigrationEvent[]): Promise<Migration>
  /** Records events of a migration of any kind from where it is. */
  recordOf(lease: MigrationLease, migration: Migration, ...events: MigrationEvent[]): Promise<Migration>
  /** Writes what the ledger writes with these effects, and leaves the migration where it is. */
  effects(lease: MigrationLease, state: MigrationState, ...effects: MigrationEffect[]): Promise<Migration>
  copyOf(objectId: Uuid, id: Uuid): Promise<Copy | undefined>
}

/** A world around a harness that may be made later. */
export function createLedgerWorld(harnessNow: () => LedgerHarness): LedgerWorld {
  let objects = 0
  const targetIdentity = { etag: 'target-etag', versionId: null }
  const world: LedgerWorld = {
    get harness() {
      return harnessNow()
    },
    async newMigration(change = {}, bucketId = harnessNow().bucketIds.exclusive) {
      const key = `object-${++objects}`
      await harnessNow().seedObject(bucketId, key)
      return world.wanted({ objectId: objectIdOf(bucketId, key), ...change })
    },
    wanted: change => ({
      id: newId(),
      generation: 1,
      placementVersion: 1,
      targetCopyId: newId(),
      targetLocationId: harnessNow().locationIds.cold,
      priority: 50,
      direction: 'demotion',
      graceMs: 1_000,
      attemptsMax: 3,
      decisionId: null,
      planId: null,
      monthlySavingUsd: null,
      oneTimeUsd: null,
      ...change,
    }),
    async planned(change = {}) {
      const migration = await world.newMigration(change)
      const result = await harnessNow().ledger.create([migration], 'user:test')
      expect(result).toEqual({ created: [migration.id], refused: [] })
      return migration
    },
    async claimed(id, worker = 'one') {
      const all = await harnessNow().ledger.claim({ worker, limit: 1_000, leaseMs: LEASE_MS })
      const migration = all.find(one => one.id === id)!
      return { migration, lease: world.leaseOf(migration, worker) }
    },
    leaseOf: ({ id, objectId, fencingToken }, worker) => ({
      migrationId: id,
      objectId,
      worker,
      fencingToken,
    }),
    record: (lease, from, ...events) =>
      harnessNow().ledger.record(lease, {
        steps: stepsFrom('move', from, events),
        evidence: { sha256: SHA256, crc64nvme: '0123456789abcdef', targetIdentity },
        modelNow: 5_000,
      }),
    recordOf: (lease, { kind, state }, ...events) =>
      harnessNow().ledger.record(lease, {
        steps: stepsFrom(kind, state, events),
        evidence: { sha256: SHA256, targetIdentity },
        modelNow: 5_000,
      }),
    effects: (lease, state, ...effects) =>
      harnessNow().ledger.record(lease, {
        steps: [{ event: 'taken-up', from: state, to: state, effects }],
        modelNow: 5_000,
      }),
    copyOf: async (objectId, id) => (await harnessNow().copies(objectId)).find(copy => copy.id === id),
  }
  return world
}
