import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, test } from 'vitest'

test('a command ends when it is done, also while the process that started it keeps a channel to it', async () => {
  const child = fork(path.resolve(import.meta.dirname, '../../bin/dim.js'), ['version'], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  expect(await once(child, 'exit')).toEqual([0, null])
})
