import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { type Database, inTransaction } from './postgres.ts'

/** A numbered, forward-only change of the database schema, as found on disk. */
export interface SchemaChange {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

/** The database cannot be brought to the schema of this release. Nothing was changed. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

/** Any 64-bit number nobody else locks: the first 8 bytes of "dim-schm". */
const SCHEMA_LOCK = '7235419207106913133'
const FILE_NAME = /^(\d{4})-([a-z0-9-]+)\.sql$/

/**
 * Brings the database to the newest schema: applies, in order, the changes it has not seen. Any number of
 * processes may call it at once; one works, the others wait and find nothing left to do.
 *
 * Returns the numbers applied by this call. Throws a SchemaError when an applied change differs from the
 * file of that number, or when the database is newer than this release.
 */
export async function applySchemaChanges(database: Database): Promise<number[]> {
  const changes = await readSchemaChanges()
  return inTransaction(database, async connection => {
    await connection.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK])
    await connection.query('set local statement_timeout = 0')
    await connection.query(`create table if not exists schema_change (
      number integer primary key,
      name text not null,
      sha256 text not null,
      applied_at timestamptz not null default now()
    )`)
    const { rows } = await connection.query<{ number: number; name: string; sha256: string }>(
      'select number, name, sha256 from schema_change order by number',
    )
    refuseForeignHistory(changes, rows)
    const missing = changes.slice(rows.length)
    for (const change of missing) {
      await connection.query(change.sql)
      await connection.query('insert into schema_change (number, name, sha256) values ($1, $2, $3)', [
        change.number,
        change.name,
        change.sha256,
      ])
    }
    return missing.map(change => change.number)
  })
}

/** Reads the schema changes of this release, in order. Throws a SchemaError when the numbers have a gap. */
export async function readSchemaChanges(): Promise<SchemaChange[]> {
  const folder = new URL('./schema-changes/', import.meta.url)
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  const changes: SchemaChange[] = []
  for (const fileName of names) {
    const [, digits, name] = FILE_NAME.exec(fileName) ?? []
    if (digits === undefined || name === undefined || Number(digits) !== changes.length + 1)
      throw new SchemaError(`schema change ${fileName} is not number ${changes.length + 1} of the sequence`)
    const sql = await readFile(new URL(fileName, folder), 'utf8')
    changes.push({
      number: Number(digits),
      name,
      sql,
      sha256: createHash('sha256').update(sql).digest('hex'),
    })
  }
  return changes
}

function refuseForeignHistory(
  changes: readonly SchemaChange[],
  applied: readonly { number: number; name: string; sha256: string }[],
): void {
  if (applied.length > changes.length)
    throw new SchemaError(
      `the database has schema change ${applied.length}, this release knows ${changes.length}: use the newer release`,
    )
  for (const [index, row] of applied.entries()) {
    const change = changes[index]
    if (change === undefined || row.number !== change.number || row.sha256 !== change.sha256)
      throw new SchemaError(
        `schema change ${row.number} (${row.name}) was applied with other content than this release has`,
      )
  }
}
