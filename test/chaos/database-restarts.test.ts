import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { damageOf, moveThroughRestarts } from './database-restarts.ts'

// The short edition of `npm run test:long -- database-restarts`.

it('loses no state when the database restarts under load', { timeout: 200_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-restarts-'))
  const result = await moveThroughRestarts({ restarts: 3, folder, seed: 'short' })
  await rm(folder, { recursive: true, force: true })
  expect(damageOf(result), JSON.stringify(result)).toBe(0)
})
