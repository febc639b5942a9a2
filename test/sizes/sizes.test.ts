import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { KIB, MIB } from '../../src/domain/bytes.ts'
import { createTestDatabase } from '../builders/database.ts'
import { moveOddKeys } from './odd-keys.ts'
import { type CaseContext, type CaseResult, moveImplied } from './size-cases.ts'

// The short edition of `npm run test:long -- sizes`, which also looks at the memory it takes.

async function inWorld(run: (context: CaseContext) => Promise<CaseResult>): Promise<CaseResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dim-sizes-'))
  const test = await createTestDatabase()
  try {
    return await run({ test, seed: 'sizes', folder, isHere: true })
  } finally {
    await test.drop()
    await rm(folder, { recursive: true, force: true })
  }
}

const ALL_ARRIVED = { notArrived: 0, unfinished: [], differences: [] }

it('objects of 64 MiB arrive in parts, byte for byte', async () => {
  const result = await inWorld(context =>
    moveImplied(context, { name: 'large', count: 2, size: 64 * MIB + 1 }),
  )
  expect(result).toMatchObject({ ...ALL_ARRIVED, moved: 2 })
})

it('an object may need exactly as many parts as its store allows, and is refused when it needs more', async () => {
  const limits = { partSizeMin: 1, partSizeMax: 64 * KIB, partsMax: 300 }
  const size = limits.partsMax * limits.partSizeMax
  const fitting = await inWorld(context => moveImplied(context, { name: 'parts', count: 1, size, limits }))
  expect(fitting).toMatchObject({ ...ALL_ARRIVED, moved: 1, parts: limits.partsMax })
  const larger = await inWorld(context =>
    moveImplied(context, { name: 'parts', count: 1, size: size + 1, limits }),
  )
  expect(larger.notArrived).toBe(1)
  expect(larger.unfinished).toEqual([expect.stringMatching(/quarantined: .* takes at most/)])
})

it('objects of 0 bytes arrive', async () => {
  const result = await inWorld(context => moveImplied(context, { name: 'empty', count: 20, size: 0 }))
  expect(result).toMatchObject({ ...ALL_ARRIVED, moved: 20 })
})

it('keys that paths and URLs trip over are imported, moved and read as they are', async () => {
  expect(await inWorld(moveOddKeys)).toMatchObject(ALL_ARRIVED)
})
