import { afterAll, expect, it } from 'vitest'
import { startS3Server } from '../services/s3-server.ts'
import { damageOf, moveThroughBadNetwork } from './bad-network.ts'

// The short edition of `npm run test:long -- bad-network`.

const [hot, cold] = await Promise.all([
  startS3Server({ keepsConnections: true }),
  startS3Server({ keepsConnections: true }),
])
afterAll(async () => {
  for (const server of [hot, cold]) if ('stop' in server) await server.stop()
})

const name = 'moves everything although connections to stores and database break all the time'
if ('missing' in hot || 'missing' in cold) {
  it.skip(`${name} [skipped: ${'missing' in hot ? hot.missing : 'a second server did not start'}]`)
} else {
  it(name, { timeout: 180_000 }, async () => {
    const result = await moveThroughBadNetwork({ moves: 24, hot, cold, seed: 'short' })
    expect(damageOf(result), JSON.stringify(result)).toBe(0)
    expect(result.faulty).toBeGreaterThan(5)
  })
}
