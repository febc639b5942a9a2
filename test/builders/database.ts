import { inject } from 'vitest'
import { cloneDatabase, type TestDatabase } from './cloned-database.ts'

export type { TestDatabase } from './cloned-database.ts'

/** Clones the template database for one test file. Call it in `beforeAll`, and `drop` in `afterAll`. */
export async function createTestDatabase(options: { connectionsMax?: number } = {}): Promise<TestDatabase> {
  return cloneDatabase(inject('postgresUrl'), options)
}
