import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { describeSchema } from '../../tools/describe-schema.ts'
import { applySchemaChanges, readSchemaChanges } from './apply-schema-changes.ts'
import { openDatabase } from './postgres.ts'

describe('schema changes', () => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await createTestDatabase()
  })
  afterAll(() => test.drop())

  it('finds nothing to do in a database that has them', async () => {
    expect(await applySchemaChanges(test.database)).toEqual([])
  })

  it('add up to the committed dump', async () => {
    const committed = await readFile(new URL('schema.sql', import.meta.url), 'utf8')
    expect(await describeSchema(test.database), 'run `npm run generate` and commit the dump').toBe(committed)
  })

  it('are applied exactly once when twenty processes start at once', async () => {
    await test.database.query('drop schema public cascade; create schema public')
    const pools = Array.from({ length: 20 }, () =>
      openDatabase({
        connectionString: test.connectionString,
        connectionsMax: 1,
        applicationName: 'starter',
        onIdleError: console.error,
      }),
    )
    const applied = await Promise.all(pools.map(pool => applySchemaChanges(pool)))
    await Promise.all(pools.map(pool => pool.end()))
    const all = (await readSchemaChanges()).map(change => change.number)
    expect(applied.flat().sort((left, right) => left - right)).toEqual(all)
  })

  it('are refused when an applied one has changed on disk, and nothing is touched', async () => {
    await test.database.query(`update schema_change set sha256 = 'other' where number = 1`)
    await expect(applySchemaChanges(test.database)).rejects.toThrow(/schema change 1 .* other content/)
  })

  it('are refused when the database is newer than the release', async () => {
    await test.database.query(`insert into schema_change (number, name, sha256) values (99, 'future', 'x')`)
    await expect(applySchemaChanges(test.database)).rejects.toThrow(/use the newer release/)
  })
})
