import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pc from 'picocolors'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/builders/database.ts'
import { startS3Server } from '../../test/services/s3-server.ts'
import { loadConfig } from '../app/config.ts'
import { type RunningServer, startServer } from '../app/start-server.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { EXIT } from './exit-codes.ts'
import { runCommand } from './main.ts'
import { findingsLine } from './store-knowledge.ts'

test('findings are told on one line, what a store lacks too', () => {
  const capabilities = { conditionalPut: true, reportedDigests: ['sha256', 'crc64nvme'], tags: false }
  const settings = { keys: 'paths', reservedPrefixes: [], capabilities }
  expect(findingsLine('lake', { vendor: null, settings })).toBe(
    'learnt what lake can do: conditionalPut, reportedDigests sha256+crc64nvme, keys paths; not: tags, reservedPrefixes',
  )
})

const s3 = await startS3Server()

if ('missing' in s3) {
  it.skip(`learns what a new store can do [skipped: ${s3.missing}]`)
} else {
  describe('a location in a new S3 store', () => {
    let database: TestDatabase
    let dataDir: string
    let server: RunningServer

    beforeAll(async () => {
      database = await createTestDatabase()
      dataDir = await mkdtemp(path.join(tmpdir(), 'dim-learn-'))
      const overrides = {
        dataDir,
        database: { url: database.connectionString, connectionsMax: 12 },
        api: { port: 0 },
        gateway: { port: 0 },
      }
      server = await startServer(loadConfig({ environment: {}, overrides }), { log: silentLogger })
    })
    afterAll(async () => {
      await server?.stop()
      await database?.drop()
      await rm(dataDir, { recursive: true, force: true })
      await s3.stop()
    })

    async function dim(...args: string[]): Promise<{ answer: string; words: string }> {
      const answer: string[] = []
      const words: string[] = []
      const exitCode = await runCommand(args, {
        terminal: {
          print: text => answer.push(text),
          say: line => words.push(line),
          isInteractive: false,
          showsProgress: false,
          colors: pc.createColors(false),
        },
        environment: { DIM_DATA_DIR: dataDir },
        signal: new AbortController().signal,
      })
      // The doctor may find other things wrong with this machine.
      if (args[0] !== 'doctor') expect(exitCode, words.join('\n')).toBe(EXIT.ok)
      return { answer: answer.join('\n'), words: words.join('\n') }
    }

    const addLocation = (name: string, ...more: string[]) => {
      const place = ['--store', 'lake', '--container', name, '--tier', 'hot', '--price', 'onprem/dc1/nvme']
      return dim('location', 'add', name, ...place, ...more)
    }
    const capabilities = async () =>
      JSON.parse((await dim('store', 'show', 'lake', '-o', 'json')).answer).settings.capabilities

    test('finds out what the store can do, unless told not to; the doctor says what is not known', async () => {
      const secretFile = path.join(dataDir, 'secret')
      await writeFile(secretFile, s3.secretAccessKey)
      await dim(
        ...['store', 'add', 'lake', '--kind', 's3', '--setting', `endpoint=${s3.endpoint}`],
        ...['--access-key-id', s3.accessKeyId, '--secret-access-key-file', secretFile],
      )
      const unlearnt = await addLocation('one', '--no-learn')
      expect(unlearnt.words).toContain('what lake can do is not known yet')
      expect(unlearnt.words).toContain('dim store probe lake --learn')
      expect(await capabilities()).toBeUndefined()
      expect((await dim('doctor')).answer).toMatch(/not known yet.*dim store probe lake --learn/)

      const learnt = await addLocation('two')
      expect(learnt.words).toMatch(/learnt what lake \(versitygw\) can do: conditionalPut, conditionalDelete/)
      expect(await capabilities()).toMatchObject({ conditionalPut: true, conditionalDelete: true })
      expect((await dim('doctor')).answer).not.toContain('--learn')

      expect((await addLocation('three')).words).not.toContain('lake')
    })
  })
}
