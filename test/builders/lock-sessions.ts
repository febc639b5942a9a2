import type { Database } from '../../src/database/postgres.ts'

/** Ends the sessions that hold locks of objects, as a restart of the database does. */
export async function loseLockSessions(database: Database): Promise<void> {
  await database.query(
    `select pg_terminate_backend(pid, 5000) from pg_locks
     where locktype = 'advisory' and pid <> pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())`,
  )
}
