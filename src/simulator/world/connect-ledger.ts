import { LedgerError } from '../../domain/migration-record.ts'
import type { LockedLedger, MigrationLedger } from '../../migration/ledger.ts'
import type { Process } from '../clock/process.ts'
import { type Database, outcomeOf } from './database.ts'
import type { LockSession } from './object-locks.ts'

/**
 * The migration ledger as one process reaches it. What is done under an object's lock is undone when its
 * session is lost before it commits, as a transaction is; the process learns of it when its work is over.
 */
export function connectLedger(database: Database, owner: Process, ledger: MigrationLedger): MigrationLedger {
  const ask = <T>(perform: () => Promise<T>) => database.ask(owner, perform)
  return {
    create: (batch, principal) => ask(() => ledger.create(batch, principal)),
    claim: options => ask(() => ledger.claim(options)),
    renew: (leases, leaseMs) => ask(() => ledger.renew(leases, leaseMs)),
    release: (lease, restMs, returnsAttempt) => ask(() => ledger.release(lease, restMs, returnsAttempt)),
    readSubject: id => ask(() => ledger.readSubject(id)),
    record: (lease, record) => ask(() => ledger.record(lease, record)),
    reportProgress: (lease, evidence) => ask(() => ledger.reportProgress(lease, evidence)),

    withObjectLock: (lease, options, work) => {
      const busy = () => new LedgerError('busy', `object ${lease.objectId} is locked`)
      return database.underLock(
        owner,
        { id: lease.objectId, waitMsMax: options.waitMsMax, busy },
        async session => {
          let working: Promise<unknown> = Promise.resolve()
          const outcome = await outcomeOf(() =>
            ledger.withObjectLock(lease, options, locked => {
              const ours = work(lockedOn(database, session, locked))
              working = ours.catch(() => 'told below')
              return Promise.race([ours, session.lost])
            }),
          )
          await working
          if ('error' in outcome) throw outcome.error
          return outcome.value
        },
      )
    },
  }
}

/** What is recorded commits in the same moment: nobody sees what is not committed. */
function lockedOn(database: Database, session: LockSession, locked: LockedLedger): LockedLedger {
  const ask = async <T>(perform: () => Promise<T>) => database.askOn(session, perform)
  return {
    confirmLock: () => ask(() => locked.confirmLock()),
    readSubject: () => ask(() => locked.readSubject()),
    copiesAt: place => ask(() => locked.copiesAt(place)),
    copies: () => ask(() => locked.copies()),
    record: record => ask(() => locked.record(record)),
  }
}
