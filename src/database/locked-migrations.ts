import type { Uuid } from '../domain/identifiers.ts'
import type { Migration } from '../domain/migration.ts'
import {
  LedgerError,
  type MigrationLease,
  type MigrationRecord,
  type MigrationSubject,
  type NativePlace,
} from '../domain/migration-record.ts'
import type { Copy } from '../domain/object.ts'
import { type BatchOutcome, createBatcher } from './batches.ts'
import { listPlacedCopies, type PlacedCopy } from './copies.ts'
import { fenced, type LeasedRecord, writeRecords } from './migration-steps.ts'
import { readMigrationSubjects } from './migration-subjects.ts'
import { tryLockObjects, withObjectLock } from './object-lock.ts'
import { type Connection, type Database, inTransaction } from './postgres.ts'

/** The ledger while an object is locked; see migration/ledger. */
export interface LockedLedger {
  readSubject(): Promise<MigrationSubject>
  copiesAt(place: NativePlace): Promise<readonly Copy[]>
  copies(): Promise<readonly Copy[]>
  record(record: MigrationRecord): Promise<Migration>
}

/** What a worker does under an object's lock. */
export interface LockedWork {
  readonly lease: MigrationLease
  readonly waitMsMax: number
  /** Takes about as long as one small request, so that it may share a transaction with others. */
  readonly isBrief: boolean
  readonly work: (locked: LockedLedger) => Promise<unknown>
}

/** How many brief works share a transaction, and how many such transactions there are at once. */
const WORKS_MAX = 64
const GROUPS_MAX = 2

/** PostgreSQL's code for a lock that was not free in time. */
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Makes what runs works under their objects' locks. Brief ones that are asked for at the same time share a
 * transaction: they run side by side, what they record is written with one statement for all, and everything
 * commits when the last of them is done. A work whose object is busy waits on a connection of its own.
 */
export function createLockedRunner(database: Database): (asked: LockedWork) => Promise<unknown> {
  const inGroup = createBatcher<LockedWork, typeof BUSY | unknown>({
    itemsMax: WORKS_MAX,
    runsMax: GROUPS_MAX,
    run: works => runGroup(database, works),
  })
  return async asked => {
    const result = asked.isBrief ? await inGroup(asked) : BUSY
    return result === BUSY ? runAlone(database, asked) : result
  }
}

/** The object's lock was not free. */
const BUSY = Symbol('busy')

async function runAlone(database: Database, asked: LockedWork): Promise<unknown> {
  const { lease, waitMsMax } = asked
  try {
    return await withObjectLock(database, lease.objectId, waitMsMax, async connection => {
      const [outcome] = await runLocked(connection, [asked])
      if (outcome !== undefined && 'value' in outcome) return outcome.value
      throw outcome?.error
    })
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error
    throw new LedgerError('busy', `object ${lease.objectId} is being written by somebody else`, error)
  }
}

async function runGroup(
  database: Database,
  works: readonly LockedWork[],
): Promise<readonly BatchOutcome<unknown>[]> {
  return inTransaction(database, async connection => {
    const locked = await tryLockObjects(
      connection,
      works.map(({ lease }) => lease.objectId),
    )
    const ready = works.filter(({ lease }) => locked.has(lease.objectId))
    const outcomes = await runLocked(connection, ready)
    const outcomeOf = new Map(ready.map((work, index) => [work, outcomes[index]!]))
    return works.map(work => outcomeOf.get(work) ?? { value: BUSY })
  })
}

/**
 * Runs works whose objects are locked, in a transaction. Rejects, so that all of it is rolled back, when a
 * work fails after it recorded something.
 */
async function runLocked(
  connection: Connection,
  works: readonly LockedWork[],
): Promise<readonly BatchOutcome<unknown>[]> {
  const held = await holdMigrations(
    connection,
    works.map(({ lease }) => lease),
  )
  const ours = works.filter(({ lease }) => held.has(lease.migrationId))
  const subjects = await readMigrationSubjects(
    connection,
    ours.map(({ lease }) => lease.migrationId),
  )
  const copies = await listPlacedCopies(
    connection,
    ours.map(({ lease }) => lease.objectId),
  )
  const records = new SharedRecords(connection, ours.length)
  return Promise.all(
    works.map(async ({ lease, work }): Promise<BatchOutcome<unknown>> => {
      if (!held.has(lease.migrationId)) return { error: fenced(lease) }
      const placed = copies.filter(({ copy }) => copy.objectId === lease.objectId)
      const locked = lockedLedgerOf(lease, subjects.get(lease.migrationId), placed, records)
      try {
        return { value: await work(locked) }
      } catch (error) {
        if (records.hasWritten(lease)) throw error
        return { error }
      } finally {
        records.finish()
      }
    }),
  )
}

function lockedLedgerOf(
  lease: MigrationLease,
  subject: MigrationSubject | undefined,
  placed: readonly PlacedCopy[],
  records: SharedRecords,
): LockedLedger {
  return {
    readSubject: async () => {
      if (subject === undefined) throw new Error(`there is no migration ${lease.migrationId} with an object`)
      return subject
    },
    copiesAt: async wanted =>
      placed
        .filter(
          ({ place }) =>
            place.storeId === wanted.storeId &&
            place.container === wanted.container &&
            place.nativeKey === wanted.nativeKey,
        )
        .map(({ copy }) => copy),
    copies: async () => placed.map(({ copy }) => copy),
    record: record => records.record({ lease, record }),
  }
}

/** Writes what works record once none of them is busy any more: each has recorded something or is done. */
class SharedRecords {
  readonly #connection: Connection
  readonly #written = new Set<Uuid>()
  #busy: number
  #waiting: {
    readonly entry: LeasedRecord
    readonly resolve: (migration: Migration) => void
    readonly reject: (error: unknown) => void
  }[] = []

  constructor(connection: Connection, works: number) {
    this.#connection = connection
    this.#busy = works
  }

  record(entry: LeasedRecord): Promise<Migration> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject })
      this.finish()
    })
  }

  /** One work less is busy. */
  finish(): void {
    this.#busy--
    if (this.#busy === 0 && this.#waiting.length > 0) void this.#write()
  }

  hasWritten(lease: MigrationLease): boolean {
    return this.#written.has(lease.migrationId)
  }

  async #write(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    this.#busy = batch.length
    try {
      const entries = batch.map(({ entry }) => entry)
      const outcomes = await writeRecords(this.#connection, entries, { areObjectsLocked: true })
      for (const [index, { entry, resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index]!
        if ('error' in outcome) reject(outcome.error)
        else {
          this.#written.add(entry.lease.migrationId)
          resolve(outcome.migration)
        }
      }
    } catch (error) {
      // The transaction is broken; whoever takes the error for an answer must not be committed.
      for (const { entry, reject } of batch) {
        this.#written.add(entry.lease.migrationId)
        reject(error)
      }
    }
  }
}

/** Holds the migrations' rows, so that nobody can lease them, until the transaction ends. Resolves to those that are ours. */
async function holdMigrations(
  connection: Connection,
  leases: readonly MigrationLease[],
): Promise<ReadonlySet<Uuid>> {
  const { rows } = await connection.query<{ id: Uuid }>({
    name: 'migration_hold',
    text: `
      select m.id
      from migration m
      join unnest($1::uuid[], $2::bigint[], $3::text[]) as lease (id, fencing_token, worker)
        on m.id = lease.id and m.fencing_token = lease.fencing_token and m.lease_owner = lease.worker
      where m.finished_at is null
      order by m.id
      for update of m`,
    values: [
      leases.map(lease => lease.migrationId),
      leases.map(lease => lease.fencingToken),
      leases.map(lease => lease.worker),
    ],
  })
  return new Set(rows.map(row => row.id))
}
