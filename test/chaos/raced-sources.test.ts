import { afterAll, expect, it } from 'vitest'
import { openChaosStore, startChaosServer } from './chaos-servers.ts'
import { damageOf, RACES, raceSources } from './raced-sources.ts'

// The short edition of `npm run test:long -- raced-sources`.

const TEST_MS_MAX = 120_000
const [hot, cold] = await Promise.all([startChaosServer('s3', 'hot'), startChaosServer('s3', 'cold')])
afterAll(async () => {
  for (const server of [hot, cold]) if (!('missing' in server)) await server.stop()
})

const name = (race: string) => `a move keeps what happened to its source meanwhile: ${race}`
if ('missing' in hot || 'missing' in cold) {
  const reason = 'missing' in hot ? hot.missing : 'a second server did not start'
  for (const race of RACES) it.skip(`${name(race)} [skipped: ${reason}]`)
} else {
  it.each(RACES)(name('%s'), { timeout: TEST_MS_MAX }, async race => {
    const stores = { hot: openChaosStore(hot), cold: openChaosStore(cold) }
    try {
      const result = await raceSources({ race, races: 26, ...stores, seed: 'short' })
      expect(damageOf(result), JSON.stringify(result)).toBe(0)
    } finally {
      await Promise.all([stores.hot.close(), stores.cold.close()])
    }
  })
}
