import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { removeDatabaseElsewhere } from '../../src/database/embedded/embedded-server.ts'
import { type DimProcess, startDim } from '../builders/dim-process.ts'
import { isAlive, killTree, processesNaming } from '../builders/process-tree.ts'

const SCENE_MS_MAX = 120_000

let folder: string
let dataFolder: string
const started: DimProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dim-demo-'))
  // The account of the embedded database must be able to pass through.
  await chmod(folder, 0o755)
  dataFolder = path.join(folder, 'data')
})
afterEach(async () => {
  for (const { pid } of started.splice(0)) if (isAlive(pid)) await killTree({ pid, dataFolder })
  await vi.waitFor(() => removeDatabaseElsewhere(dataFolder), { timeout: 10_000 })
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

function demo(...args: string[]): DimProcess {
  const process = startDim(['demo', '--data-dir', dataFolder, ...args], {
    DIM_API_PORT: '0',
    DIM_GATEWAY_PORT: '0',
  })
  started.push(process)
  return process
}

test('the demo plays its story without a person, proves every object and leaves nothing running', async () => {
  const check = demo('--check', '--objects', '400', '--rate', '20')
  const { code } = await check.ended
  expect(check.stderr()).not.toMatch(/wrong or lost/)
  expect(code, check.stderr()).toBe(0)
  const lines = check.stdout().trim().split('\n')
  const summary = JSON.parse(lines.at(-1)!)
  expect(Object.keys(summary)).toEqual([
    'objects',
    'reads',
    'bytesServed',
    'migrationsDone',
    'migrationsFailed',
    'promoted',
    'demoted',
    'wrongBytes',
    'lostObjects',
    'usdPerMonthBefore',
    'usdPerMonthAfter',
  ])
  expect(summary).toMatchObject({ objects: 400, wrongBytes: 0, lostObjects: 0, migrationsFailed: 0 })
  for (const moved of ['reads', 'bytesServed', 'migrationsDone', 'promoted', 'demoted'])
    expect(summary[moved], moved).toBeGreaterThan(0)
  expect(summary.usdPerMonthAfter).toBeLessThan(summary.usdPerMonthBefore)
  expect(await processesNaming(dataFolder)).toEqual([])
}, 300_000)

test('Ctrl-C stops the demo cleanly, and the next start goes on from there', async () => {
  const first = demo('--objects', '150')
  expect(await first.tells(/imported 150 objects .*\(0 were known\)/, SCENE_MS_MAX)).toBe(true)

  const rival = demo('--check', '--objects', '150')
  expect(await rival.ended).toEqual({ code: 1, signal: null })
  expect(rival.stderr()).toContain(`${dataFolder} is served by process ${first.pid} already`)
  expect(rival.stderr()).not.toMatch(/\n\s+at /)

  first.interrupt()
  expect(await first.ended).toEqual({ code: 130, signal: null })
  expect(first.stderr()).toMatch(/stopping/)
  expect(first.stderr()).not.toMatch(/\n\s+at /)
  expect(await processesNaming(dataFolder)).toEqual([])

  const second = demo('--objects', '150')
  expect(await second.tells(/imported 0 objects .*\(\d+ were known\)/, SCENE_MS_MAX)).toBe(true)
  second.interrupt()
  expect(await second.ended).toEqual({ code: 130, signal: null })
  expect(await processesNaming(dataFolder)).toEqual([])
}, 300_000)
