import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { startTestDatabaseServer } from './database-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

/** Starts one real PostgreSQL server for the whole test run; test files clone its template database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-test-'))
  const server = await startTestDatabaseServer(folder)
  project.provide('postgresUrl', server.url)
  return async () => {
    await server.stop()
    await server.forget()
    await rm(folder, { recursive: true, force: true })
  }
}
