import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { removeDatabaseElsewhere } from '../../src/database/embedded/embedded-server.ts'
import { killDemo } from './kill-demo.ts'
import { recoverDemo } from './recover-demo.ts'

const OBJECTS = 150
const LEASE_SECONDS = 3

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dim-killed-'))
  // The account of the embedded database must be able to pass through.
  await chmod(folder, 0o755)
})
afterEach(async () => {
  await vi.waitFor(() => removeDatabaseElsewhere(path.join(folder, 'data')), { timeout: 10_000 })
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

// Twenty kills at seeded moments: `npm run test:long -- kill-the-demo`.
test('a demo whose process tree is killed loses nothing, shows nothing wrong and leaves nothing stuck', async () => {
  const settings = { folder: path.join(folder, 'data'), objects: OBJECTS, leaseSeconds: LEASE_SECONDS }
  const kills = [
    { part: 'set-up', delayMs: 1_500 },
    { part: 'traffic', delayMs: 3_000 },
    { part: 'moves', delayMs: 1_000 },
  ] as const
  for (const [index, kill] of kills.entries()) {
    const killed = await killDemo({ ...settings, ...kill, resume: index > 0 })
    expect(killed, `the demo ended before it was killed in ${kill.part}`).not.toBeNull()
    const recovery = await recoverDemo({ ...settings, isImported: kill.part !== 'set-up' })
    expect(recovery, `${kill.part}: ${JSON.stringify(recovery)}`).toMatchObject({
      objects: OBJECTS,
      lost: [],
      wrong: [],
      stuck: [],
      quarantined: 0,
    })
  }
}, 300_000)
