import type { Queryable } from './postgres.ts'

/** What a PostgreSQL server says about itself. */
export interface ServerFacts {
  readonly version: string
  /** As in `server_version_num`: 180000 is 18.0. */
  readonly versionNumber: number
  readonly now: Date
}

/** Asks the server for its version and its time. */
export async function readServerFacts(database: Queryable): Promise<ServerFacts> {
  const { rows } = await database.query<ServerFacts>(
    `select current_setting('server_version') as version,
       current_setting('server_version_num')::integer as "versionNumber", clock_timestamp() as now`,
  )
  return rows[0]!
}
