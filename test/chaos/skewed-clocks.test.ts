import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { findFakeTime } from '../services/fake-time.ts'
import { startChaosServer } from './chaos-servers.ts'
import { damageOf, moveWithSkewedClocks } from './skewed-clocks.ts'

const TEST_MS_MAX = 150_000
const fakeTime = findFakeTime()
const [hot, cold] = await Promise.all([startChaosServer('s3', 'hot'), startChaosServer('s3', 'cold')])
afterAll(async () => {
  for (const server of [hot, cold]) if (!('missing' in server)) await server.stop()
})
const missing = [fakeTime, hot, cold].flatMap(one => ('missing' in one ? [one.missing] : []))

const name = 'movers whose clocks are hours apart take nothing from each other, and finish everything'
if (missing.length > 0 || 'missing' in fakeTime || 'missing' in hot || 'missing' in cold) {
  it.skip(`${name} [skipped: ${missing[0]}]`)
} else {
  it(name, { timeout: TEST_MS_MAX }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dim-clocks-'))
    try {
      const result = await moveWithSkewedClocks({ hot, cold, fakeTime, folder })
      expect(damageOf(result), JSON.stringify(result)).toBe(0)
      expect(result.movers, JSON.stringify(result)).toBe(3)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}
