import type { Database } from './postgres.ts'

/**
 * PostgreSQL's codes for what has nothing to do with what was asked: it may be asked again once that is over. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const TROUBLES: Readonly<Record<string, string>> = {
  '53000': 'it has too few resources',
  '53100': 'its disk is full: what is there can be read, and nothing can be written',
  '53200': 'it is out of memory',
  '53300': 'it takes no further connection',
  '57P01': 'it is being stopped',
  '57P02': 'it crashed and is recovering',
  '57P03': 'it is starting or recovering',
  '58030': 'it cannot read or write its files',
}

/** What is wrong with the database itself, in words for people; null where an error tells of what was asked. */
export function databaseTroubleOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? (TROUBLES[code] ?? null) : null
}

/** No right to make temporary tables. */
const INSUFFICIENT_PRIVILEGE = '42501'

/**
 * Resolves when the database can write: some pages more are asked of its disk, and given back. Rejects with what it
 * says. Where we may not make temporary tables, that it answers has to do.
 */
export async function checkWritable(database: Database): Promise<void> {
  const connection = await database.connect()
  let broken: Error | undefined
  try {
    await connection.query('begin')
    await connection.query(`
      create temporary table disk_check on commit drop as
      select repeat(n::text, 1000) from generate_series(1, 64) as n`)
  } catch (error) {
    if ((error as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw error
  } finally {
    await connection.query('rollback').catch((error: Error) => {
      broken = error
    })
    connection.release(broken)
  }
}
