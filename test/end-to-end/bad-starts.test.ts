import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { removeDatabaseElsewhere } from '../../src/database/embedded/embedded-server.ts'
import { type DimProcess, startDim } from '../builders/dim-process.ts'
import { findPostmaster, isAlive, killTree } from '../builders/process-tree.ts'

const START_MS_MAX = 60_000
const FREE_PORTS = { DIM_API_PORT: '0', DIM_GATEWAY_PORT: '0' }

let folder: string
let dataFolder: string
const started: DimProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dim-bad-start-'))
  await chmod(folder, 0o755)
  dataFolder = path.join(folder, 'data')
})
afterEach(async () => {
  for (const { pid } of started.splice(0)) if (isAlive(pid)) await killTree({ pid, dataFolder })
  await vi.waitFor(() => removeDatabaseElsewhere(dataFolder), { timeout: 10_000 })
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

function serve(environment: Record<string, string>, ...args: string[]): DimProcess {
  const server = startDim(['serve', '--data-dir', dataFolder, ...args], environment)
  started.push(server)
  return server
}

test('a second server on the same data is refused, and the first one goes on', async () => {
  const first = serve(FREE_PORTS)
  expect(await first.tells(/S3 gateway:/, START_MS_MAX)).toBe(true)
  const second = serve(FREE_PORTS)
  expect(await second.ended).toEqual({ code: 1, signal: null })
  expect(second.stderr()).toContain(`${dataFolder} is served by process ${first.pid} already`)
  expect(second.stderr()).toContain('choose another folder with DIM_DATA_DIR')
  expect(second.stderr()).not.toMatch(/\n\s+at /)

  // Neither does the demo take over what is not its own.
  const demo = startDim(['demo', '--check', '--data-dir', dataFolder])
  started.push(demo)
  expect(await demo.ended).toEqual({ code: 1, signal: null })
  expect(demo.stderr()).toContain("holds other data than the demo's, so it is not emptied")
  expect(demo.stderr()).not.toMatch(/\n\s+at /)

  const apiUrl = /dashboard and API: (\S+)/.exec(first.stderr())![1]!
  expect((await fetch(`${apiUrl}/livez`)).status).toBe(200)
  first.interrupt()
  expect((await first.ended).signal).toBeNull()
  expect(await findPostmaster(dataFolder)).toBeNull()
}, 180_000)

test.each([
  ['API', 'DIM_API_PORT'],
  ['gateway', 'DIM_GATEWAY_PORT'],
])(
  'a port that is taken from the %s is named with the way out, and nothing stays behind',
  async (_, variable) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    try {
      const { port } = other.address() as AddressInfo
      const server = serve({ ...FREE_PORTS, [variable]: String(port) })
      expect(await server.ended).toEqual({ code: 1, signal: null })
      expect(server.stderr()).toContain(
        `127.0.0.1:${port} is taken by another program: stop it, or choose another port with ${variable}`,
      )
      expect(server.stderr()).not.toMatch(/\n\s+at /)
      expect(await findPostmaster(dataFolder)).toBeNull()
    } finally {
      other.close()
    }
  },
  120_000,
)

test('everything that is wrong with a configuration is told at once, before anything is made', async () => {
  const file = path.join(folder, 'config.yaml')
  await writeFile(file, 'migrator: { concurrency: 0, speed: 3 }\nroles: [gateway, cook]\n')
  const server = serve({ DIM_GATEWAY_PORT: 'many', DIM_TYPO: '1' }, '--config', file)
  expect(await server.ended).toEqual({ code: 2, signal: null })
  for (const problem of [
    /migrator\.concurrency: .*>=1/,
    /migrator\.speed: there is no such key/,
    /roles\.1: /,
    /gateway\.port: .*number/,
    /DIM_TYPO: there is no such variable/,
  ])
    expect(server.stderr()).toMatch(problem)
  expect(server.stderr()).not.toMatch(/\n\s+at /)
  expect(await readdir(folder)).toEqual(['config.yaml'])
}, 30_000)
