import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMovingWorld, type MovingWorld, sampleOf } from '../../../test/builders/moving-world.ts'
import type { ScrubResult } from '../../domain/scrub.ts'
import { inTransaction } from '../postgres.ts'
import { noteScrubResults } from './scrub-results.ts'

const SHA256 = 'ab'.repeat(32)
let world: MovingWorld
beforeAll(async () => {
  world = await createMovingWorld()
  for (const key of ['a', 'b', 'c']) await world.addObject(key, sampleOf(100, key))
})
afterAll(() => world.dispose())

async function resultOf(key: string, change: Partial<ScrubResult> = {}): Promise<ScrubResult> {
  const [copy] = await world.copies(key)
  const digests = { sha256: SHA256, crc64nvme: '0123456789abcdef' }
  return { copy: copy!, verdict: 'same', digests, bytesRead: 100, usd: 0.5, ...change }
}

async function seenOf(key: string) {
  const { rows } = await world.test.database.query<{
    scrub_verdict: string | null
    sha256: string | null
    sha256_source: string | null
  }>(
    `select c.scrub_verdict, encode(v.sha256, 'hex') as sha256, v.sha256_source
     from copy c join object_version v on v.object_id = c.object_id and v.generation = c.generation
     where c.object_id = $1`,
    [world.objectId(key)],
  )
  return rows[0]!
}

it('notes verdicts and learnt digests of copies that are what they were, and counts every look', async () => {
  const { database } = world.test
  const changed = await resultOf('b')
  const stale = { ...changed, copy: { ...changed.copy, identity: { etag: 'another', versionId: null } } }
  await noteScrubResults(database, [await resultOf('a'), stale], 1_234)
  expect(await seenOf('a')).toEqual({ scrub_verdict: 'same', sha256: SHA256, sha256_source: 'scrub-read' })
  expect(await seenOf('b')).toEqual({ scrub_verdict: null, sha256: null, sha256_source: null })
  const { rows } = await database.query<{ copies: string; usd: number }>('select copies, usd from scrub_day')
  expect(rows.map(({ copies, usd }) => [Number(copies), Number(usd)])).toEqual([[2, 1]])
})

it('waits for who holds the version of an object without holding its copy', async () => {
  const { database } = world.test
  const result = await resultOf('c')
  let noted: Promise<void> = Promise.resolve()
  await inTransaction(database, async connection => {
    await connection.query("set local lock_timeout = '5s'")
    await connection.query('update object_version set etag = etag where object_id = $1', [
      result.copy.objectId,
    ])
    noted = noteScrubResults(database, [result], 1_234)
    await untilWaiting()
    // As a mover's switch does after it.
    await connection.query('update copy set entered_ms = entered_ms where object_id = $1', [
      result.copy.objectId,
    ])
  })
  await noted
  expect(await seenOf('c')).toMatchObject({ scrub_verdict: 'same', sha256: SHA256 })
})

const LOOKS_MAX = 500

/** Resolves once a session waits for a lock of another. */
async function untilWaiting(): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const { rows } = await world.test.database.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (rows.length > 0) return
    await delay(10)
  }
  throw new Error('nobody waits for the version')
}
