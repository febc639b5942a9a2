import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { EXIT } from './exit-codes.ts'

const DIM = path.resolve(import.meta.dirname, '../../bin/dim.js')

test('a command ends when it is done, also while the process that started it keeps a channel to it', async () => {
  const child = fork(DIM, ['version'], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  expect(await once(child, 'exit')).toEqual([0, null])
})

test.each([[['--help']], [['version', '-o', 'json']], [['chaos', 'simulate', '--seed', '5', '--trace']]])(
  'a command whose output is closed ends without a word: %j',
  async args => {
    const child = spawn(process.execPath, [DIM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    const [words, ended] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect(words).toBe('')
    expect(ended).toEqual([EXIT.outputClosed, null])
  },
)

test('a command whose words for people are not read goes on', async () => {
  const child = spawn(process.execPath, [DIM, 'stoer'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.destroy()
  child.stdout.resume()
  expect(await once(child, 'exit')).toEqual([EXIT.usage, null])
})
