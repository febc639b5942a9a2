import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pc from 'picocolors'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findLocalServer } from './local-server.ts'
import { createSession } from './session.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dim-session-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function leave(server: object): Promise<void> {
  await writeFile(path.join(folder, 'server.json'), JSON.stringify(server))
  await writeFile(path.join(folder, 'cli-token'), 'dim_local\n')
}

const urls = { apiUrl: 'http://127.0.0.1:1', gatewayUrl: 'http://127.0.0.1:2' }

test('finds the server that runs in a data folder, with its token', async () => {
  await leave({ ...urls, pid: process.pid })
  expect(findLocalServer(['/nonexistent', folder])).toEqual({
    ...urls,
    pid: process.pid,
    dataFolder: folder,
    token: 'dim_local',
  })
})

test('does not take a dead server or half a file for a server', async () => {
  // The largest process id Linux gives is 2^22.
  await leave({ ...urls, pid: 2 ** 22 + 1 })
  expect(findLocalServer([folder])).toBeNull()
  await writeFile(path.join(folder, 'server.json'), '{"apiUrl":"http')
  expect(findLocalServer([folder])).toBeNull()
})

test('the local token does not travel to an address somebody named', async () => {
  const heard: (string | undefined)[] = []
  const elsewhere = createServer((request, response) => {
    heard.push(request.headers.authorization)
    response.end('{}')
  })
  await new Promise<void>(resolve => elsewhere.listen(0, '127.0.0.1', resolve))
  try {
    await leave({ ...urls, pid: process.pid })
    const endpoint = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
    const session = createSession({
      terminal: {
        print: () => undefined,
        say: () => undefined,
        isInteractive: false,
        showsProgress: false,
        colors: pc.createColors(false),
      },
      environment: { DIM_DATA_DIR: folder },
      signal: new AbortController().signal,
      globals: { endpoint, output: 'json', headers: true },
    })
    await session.api.get('/v1/stores')
    expect(heard).toEqual([undefined])
  } finally {
    elsewhere.close()
  }
})
