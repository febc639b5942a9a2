import { afterAll, describe, expect, it } from 'vitest'
import { CHAOS_SERVERS, type ChaosServerKind, startChaosServer } from './chaos-servers.ts'
import {
  boundariesOf,
  createFallingWorld,
  damageOf,
  letFall,
  lookAt,
  STOPPING_POINTS,
  survive,
} from './killed-movers.ts'

// Real movers in processes of their own between real servers, killed or stopped by real signals: the short edition
// of `npm run test:long -- killed-movers`. A killed mover leaves what it was doing to the next one, which
// is killed elsewhere; the last one, in this process, finishes everything.

const hot = await startChaosServer('s3', 'hot-store')
const colds = await Promise.all(
  CHAOS_SERVERS.map(async kind => ({ kind, server: await startChaosServer(kind, 'cold-store') })),
)
afterAll(async () => {
  for (const server of [hot, ...colds.map(cold => cold.server)]) if ('stop' in server) await server.stop()
})

async function worldOf(kind: ChaosServerKind) {
  const cold = colds.find(one => one.kind === kind)!.server
  if ('missing' in hot || 'missing' in cold) throw new Error('skipped before')
  return createFallingWorld({ hot, cold })
}

describe('movers that fall', () => {
  for (const { kind, server } of colds) {
    const missing = 'missing' in hot ? hot.missing : 'missing' in server ? server.missing : null
    if (missing !== null) {
      it.skip(`between s3 and ${kind} [skipped: ${missing}]`)
      continue
    }
    it.concurrent(`between s3 and ${kind} lose nothing when each is killed at another boundary`, {
      timeout: 240_000,
    }, async () => {
      const falling = await worldOf(kind)
      for (const boundary of boundariesOf(kind)) {
        await letFall(falling, { boundary, signal: 'SIGKILL', name: `killed ${kind}` })
      }
      const result = await survive(falling)
      await falling.close()
      expect(damageOf(result), JSON.stringify(result)).toBe(0)
    })
  }

  const isMissing = 'missing' in hot || 'missing' in colds[0]!.server
  it.skipIf(isMissing).concurrent(
    'do nothing any more after they slept past their lease',
    { timeout: 240_000 },
    async () => {
      const falling = await worldOf('s3')
      for (const boundary of STOPPING_POINTS) {
        const name = 'stopped'
        const { child, ended } = await letFall(falling, { boundary, signal: 'SIGSTOP', name, sizes: [1_000] })
        const result = await survive(falling)
        expect(damageOf(result), `${boundary} ${JSON.stringify(result)}`).toBe(0)
        child.kill('SIGCONT')
        expect(await ended, 'it goes on, finds its lease taken over, and ends by itself').toBe(0)
        expect(damageOf({ ...result, ...(await lookAt(falling)) }), boundary).toBe(0)
      }
      await falling.close()
    },
  )
})
