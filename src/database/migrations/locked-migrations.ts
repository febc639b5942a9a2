import type { Uuid } from '../../domain/identifiers.ts'
import type { Migration } from '../../domain/migration.ts'
import {
  isSamePlace,
  LedgerError,
  type MigrationLease,
  type MigrationRecord,
  type MigrationSubject,
  type NativePlace,
} from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { type Batcher, type BatchOutcome, createBatcher } from '../batches.ts'
import { type Connection, type Database, inTransaction } from '../postgres.ts'
import { confirmLock, tryLockObjects, withObjectLock } from '../writes/object-lock.ts'
import { fenced, type LeasedRecord, writeRecords } from './migration-steps.ts'
import { type HeldMigration, holdMigrations } from './migration-subjects.ts'

/** The ledger while an object is locked; see migration/ledger. */
export interface LockedLedger {
  confirmLock(): Promise<void>
  readSubject(): Promise<MigrationSubject>
  copiesAt(place: NativePlace): Promise<readonly Copy[]>
  copies(): Promise<readonly Copy[]>
  record(record: MigrationRecord): Promise<Migration>
}

/** What a worker does under an object's lock. */
export interface LockedWork {
  readonly lease: MigrationLease
  readonly waitMsMax: number
  /** Takes about as long as one small request, so that it may share a transaction with others of its lane. */
  readonly lane: string | null
  readonly work: (locked: LockedLedger) => Promise<unknown>
}

/** How many works share a transaction, and how many such transactions a lane has at once. */
const WORKS_MAX = 128
const GROUPS_PER_LANE_MAX = 2
/**
 * How long a work waits for others while a group of its lane runs, in wall milliseconds. Quick stores have one group
 * after the other, each with all that came meanwhile; slow ones have two side by side.
 */
const GROUP_WAIT_MS_MAX = 200

/** PostgreSQL's code for a lock that was not free in time. */
const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Makes what runs works under their objects' locks. Those of one lane that are asked for at the same time
 * share a transaction: they run side by side, what they record is written with one statement for all, and
 * everything commits when the last of them is done. A work whose object is busy waits on a connection of its
 * own. Lanes are pairs of stores and what is done there: there are a few of them.
 */
export function createLockedRunner(database: Database): (asked: LockedWork) => Promise<unknown> {
  const lanes = new Map<string, Batcher<LockedWork, unknown>>()

  function inLane(lane: string, asked: LockedWork): Promise<unknown> {
    const known = lanes.get(lane)
    if (known !== undefined) return known(asked)
    const made = createBatcher<LockedWork, unknown>({
      itemsMax: WORKS_MAX,
      runsMax: GROUPS_PER_LANE_MAX,
      beside: { itemsMin: WORKS_MAX, waitMsMax: GROUP_WAIT_MS_MAX },
      run: works => runGroup(database, works),
    })
    lanes.set(lane, made)
    return made(asked)
  }

  return async asked => {
    const result = asked.lane === null ? BUSY : await inLane(asked.lane, asked)
    return result === BUSY ? runAlone(database, asked) : result
  }
}

/** The object's lock was not free. */
const BUSY = Symbol('busy')

async function runAlone(database: Database, asked: LockedWork): Promise<unknown> {
  const { lease, waitMsMax } = asked
  try {
    const work = async (connection: Connection) => {
      const held = await holdMigrations(connection, [lease], { skipsLocked: false })
      const [outcome] = await runLocked(connection, [asked], held)
      if (outcome !== undefined && 'value' in outcome) return outcome.value
      throw outcome?.error
    }
    return await withObjectLock(database, lease.objectId, waitMsMax, work, { plans: 'by-key' })
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error
    throw new LedgerError('busy', `object ${lease.objectId} is being written by somebody else`, error)
  }
}

async function runGroup(
  database: Database,
  works: readonly LockedWork[],
): Promise<readonly BatchOutcome<unknown>[]> {
  const work = async (connection: Connection) => {
    const leases = works.map(({ lease }) => lease)
    // Sent together, done one after the other: what is held is read after what could be locked was locked.
    const [locked, held] = await Promise.all([
      tryLockObjects(
        connection,
        leases.map(lease => lease.objectId),
      ),
      holdMigrations(connection, leases, { skipsLocked: true }),
    ])
    const ready = works.filter(({ lease }) => locked.has(lease.objectId) && held.has(lease.migrationId))
    const outcomes = await runLocked(connection, ready, held)
    const outcomeOf = new Map(ready.map((work, index) => [work, outcomes[index]!]))
    return works.map(work => outcomeOf.get(work) ?? { value: BUSY })
  }
  return inTransaction(database, work, { plans: 'by-key' })
}

/**
 * Runs works whose objects are locked, in a transaction. Rejects, so that all of it is rolled back, when a
 * work fails after it recorded something.
 */
async function runLocked(
  connection: Connection,
  works: readonly LockedWork[],
  held: ReadonlyMap<Uuid, HeldMigration>,
): Promise<readonly BatchOutcome<unknown>[]> {
  const records = new SharedRecords(
    connection,
    works.filter(({ lease }) => held.has(lease.migrationId)).length,
  )
  const confirm = lockConfirmer(connection)
  const broken: unknown[] = []
  const outcomes = await Promise.all(
    works.map(async ({ lease, work }): Promise<BatchOutcome<unknown>> => {
      const ours = held.get(lease.migrationId)
      if (ours === undefined) return { error: fenced(lease) }
      try {
        return { value: await work(lockedLedgerOf(lease, ours, records, confirm)) }
      } catch (error) {
        if (records.hasWritten(lease)) broken.push(error)
        return { error }
      } finally {
        records.finish()
      }
    }),
  )
  // Only now: nobody may go on working in a transaction that is over.
  if (broken.length > 0) throw broken[0]
  return outcomes
}

/** Confirms the locks of a transaction. Asked at the same time: one statement. */
function lockConfirmer(connection: Connection): () => Promise<void> {
  const confirm = createBatcher<null, undefined>({
    itemsMax: WORKS_MAX,
    runsMax: 1,
    run: async asked => {
      await confirmLock(connection)
      return asked.map(() => ({ value: undefined }))
    },
  })
  return () => confirm(null)
}

function lockedLedgerOf(
  lease: MigrationLease,
  held: HeldMigration,
  records: SharedRecords,
  confirm: () => Promise<void>,
): LockedLedger {
  const { subject, copies } = held
  return {
    confirmLock: confirm,
    readSubject: async () => subject,
    copiesAt: async wanted =>
      copies.filter(({ place }) => isSamePlace(place, wanted)).map(({ copy }) => copy),
    copies: async () => copies.map(({ copy }) => copy),
    record: record => records.record({ lease, record, held }),
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
