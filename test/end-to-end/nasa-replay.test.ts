import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { removeDatabaseElsewhere } from '../../src/database/embedded/embedded-server.ts'
import { NASA_LOG, NASA_LOG_MISSING } from './nasa-log.ts'
import { replayWhileMoving } from './replay-while-moving.ts'

const REQUESTS = 6_000

const isThere = existsSync(NASA_LOG)
if (!isThere) console.warn(NASA_LOG_MISSING)

// All 30,969 requests: `npm run test:long -- nasa-replay`.
test.skipIf(!isThere)(
  'real requests get the right bytes while their objects move both ways',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dim-replay-'))
    // The account of the embedded database must be able to pass through.
    await chmod(folder, 0o755)
    try {
      const replay = await replayWhileMoving({
        folder: path.join(folder, 'data'),
        log: NASA_LOG,
        requestsMax: REQUESTS,
      })
      expect(replay).toMatchObject({ reads: REQUESTS, errors: 0, errorKinds: {}, wrongBytes: 0 })
      expect(replay.movesNotDone).toEqual({})
      expect(replay.demotions).toBeGreaterThan(0)
      expect(replay.promotions).toBeGreaterThan(0)
    } finally {
      await vi.waitFor(() => removeDatabaseElsewhere(path.join(folder, 'data')), { timeout: 10_000 })
      await rm(folder, { recursive: true, force: true })
    }
  },
  240_000,
)
