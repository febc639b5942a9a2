import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { GatewayClient } from '../../simulator/client/gateway-client.ts'
import { openWriteJournal } from './write-journal.ts'
import { ContentTruth } from './written-content.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dim-journal-'))
})
afterEach(() => rm(folder, { recursive: true }))

const FIRST = new Map([
  ['a', 'first-a'],
  ['b', 'first-b'],
])

/** The truth as a process sees it, over a gateway that answers each write when told to. */
function start() {
  const journal = openWriteJournal(path.join(folder, 'writes.jsonl'))
  const truth = new ContentTruth(FIRST, { noted: journal.noted, note: note => journal.append(note) })
  const answers: ((status: number) => void)[] = []
  const client = {
    write: () =>
      new Promise(resolve => answers.push(status => resolve({ status, etag: '', errorCode: null }))),
  } as unknown as GatewayClient
  const noting = truth.noting(client)
  const write = (key: string, sha256: string) => noting.write('bucket', key, { chunks: [], size: 0, sha256 })
  const allowed = (key: string) =>
    ['first-a', 'first-b', 'x', 'y', 'z'].filter(sha256 => truth.allows(key, sha256))
  return { journal, answers, write, allowed }
}

test('after a restart an acknowledged write is the only content, an unanswered one is possible', async () => {
  const before = start()
  const acknowledged = before.write('a', 'x')
  before.answers[0]!(200)
  await acknowledged
  void before.write('b', 'y')
  // The process dies here.
  before.journal.close()
  const after = start()
  expect(after.allowed('a')).toEqual(['x'])
  expect(after.allowed('b')).toEqual(['first-b', 'y'])

  const next = after.write('b', 'z')
  after.answers[0]!(200)
  await next
  expect(after.allowed('b')).toEqual(['z'])
  after.journal.close()
  const last = start()
  expect(last.allowed('b')).toEqual(['z'])
  last.journal.close()
})

test('a refused write and overlapping writes leave every content possible', async () => {
  const before = start()
  const refused = before.write('a', 'x')
  before.answers[0]!(503)
  await refused
  const overlapping = [before.write('b', 'y'), before.write('b', 'z')]
  before.answers[2]!(200)
  before.answers[1]!(200)
  await Promise.all(overlapping)
  expect(before.allowed('a')).toEqual(['first-a', 'x'])
  expect(before.allowed('b')).toEqual(['first-b', 'y', 'z'])
  before.journal.close()
  const after = start()
  expect(after.allowed('a')).toEqual(['first-a', 'x'])
  expect(after.allowed('b')).toEqual(['first-b', 'y', 'z'])
  after.journal.close()
})

test('a half written line counts as not written, and what follows it counts', async () => {
  const file = path.join(folder, 'writes.jsonl')
  await appendFile(file, '{"event":"begun","write":1,"key":"a","sha2')
  const after = start()
  expect(after.allowed('a')).toEqual(['first-a'])
  const written = after.write('a', 'x')
  after.answers[0]!(200)
  await written
  after.journal.close()
  const last = start()
  expect(last.allowed('a')).toEqual(['x'])
  last.journal.close()
})

test('a line that is no note is refused', async () => {
  await appendFile(path.join(folder, 'writes.jsonl'), '{"event":"begun"}\n')
  expect(() => start()).toThrow()
})
