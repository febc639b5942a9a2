import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AccessLogError, type NumberedLine, parseAccessLog, readAccessLog } from './read-access-log.ts'

const S3 =
  '79a59df9 my-bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59df9 3E57427F3EXAMPLE OPERATION KEY ' +
  '"GET /my-bucket/PATH HTTP/1.1" 200 - 113 4406 7 5 "-" "S3Console/0.4" - host= SigV4 ECDHE AuthHeader ' +
  'my-bucket.s3.amazonaws.com TLSV1.2 - Yes us-east-1 and more'

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function parse(text: string | Buffer, chunkBytes = 7): Promise<NumberedLine[]> {
  const bytes = Buffer.from(text)
  async function* chunks() {
    for (let start = 0; start < bytes.length; start += chunkBytes)
      yield bytes.subarray(start, start + chunkBytes)
  }
  return collect(parseAccessLog(chunks()))
}

const one = async (line: string) => (await parse(line))[0]

describe('a web server log', () => {
  test('is read in Common Log Format', async () => {
    const line = '199.72.81.55 - - [01/Jul/1995:00:00:01 -0400] "GET /history/apollo/ HTTP/1.0" 200 6245'
    expect(await one(line)).toEqual({
      kind: 'request',
      line: 1,
      request: {
        at: Date.UTC(1995, 6, 1, 4, 0, 1),
        key: 'history/apollo/',
        operation: 'read',
        status: 200,
        bytes: 6_245,
        objectBytes: null,
      },
    })
  })

  test.each([
    [
      'Combined, with more fields',
      'h - frank [10/Oct/2000:13:55:36 +0200] "HEAD /a%20b.gif?x=1 HTTP/1.1" 304 - "http://x/" "Mozilla (\\"x\\")" 12 rt=0.1',
      { key: 'a b.gif', operation: 'head', status: 304, bytes: 0, at: Date.UTC(2000, 9, 10, 11, 55, 36) },
    ],
    ['without a protocol', 'h - - [10/Oct/2000:13:55:36 +0000] "GET /" 200 1', { key: '/' }],
    [
      'user with a space',
      'h - a b [10/Oct/2000:13:55:36 +0000] "PUT /x HTTP/1.1" 201 0',
      { operation: 'write' },
    ],
    [
      'key with spaces and quotes',
      'h - - [10/Oct/2000:13:55:36 +0000] "GET /a "b" c.txt HTTP/1.0" 404 9',
      { key: 'a "b" c.txt' },
    ],
    ['whole URL', 'h - - [10/Oct/2000:13:55:36 +0000] "GET http://h.org/a/b HTTP/1.1" 200 9', { key: 'a/b' }],
    [
      'broken percent encoding',
      'h - - [10/Oct/2000:13:55:36 +0000] "DELETE /100%.txt HTTP/1.1" 204 0',
      { key: '100%.txt', operation: 'delete' },
    ],
  ])('%s', async (_, line, expected) => {
    expect(await one(line)).toMatchObject({ kind: 'request', request: expected })
  })

  test.each([
    ['h - - [10/Oct/2000:13:55:36 +0000] "OPTIONS * HTTP/1.1" 200 -', { kind: 'other', what: 'OPTIONS' }],
    ['h - - [31/Feb/2000:13:55:36 +0000] "GET /x HTTP/1.1" 200 1', { reason: /^the time is not readable/ }],
    ['h - - [10/Oct/2000:13:55:36 +0000] "GET /x HTTP/1.1" 200 many', { reason: /^the bytes/ }],
    ['h - - [10/Oct/2000:13:55:36 +0000] "\\x16\\x03\\x01" 400 0', { reason: /^the request/ }],
    ['hello', { kind: 'malformed', reason: /^it is no line/ }],
  ])('%s is no request for an object', async (line, { reason, ...expected }: Record<string, unknown>) => {
    expect(await one(line)).toMatchObject(
      reason === undefined
        ? expected
        : { kind: 'malformed', reason: expect.stringMatching(reason as RegExp) },
    )
  })
})

describe('an S3 server access log', () => {
  const s3 = (operation: string, key: string, requestPath = key) =>
    one(S3.replace('OPERATION', operation).replace('KEY', key).replace('PATH', requestPath))

  test('is read with the size of the object', async () => {
    expect(await s3('REST.GET.OBJECT', 'photos/2019/08/puppy.jpg')).toMatchObject({
      kind: 'request',
      request: {
        key: 'photos/2019/08/puppy.jpg',
        operation: 'read',
        status: 200,
        bytes: 113,
        objectBytes: 4_406,
        at: Date.UTC(2019, 1, 6, 0, 0, 38),
      },
    })
  })

  test('decodes keys that are encoded once or twice, as the request line tells', async () => {
    const key = async (...texts: [string, string]) => {
      const line = await s3('REST.GET.OBJECT', ...texts)
      return line?.kind === 'request' ? line.request.key : line
    }
    expect(await key('a%20b', 'a%20b')).toBe('a b')
    expect(await key('a%2520b', 'a%20b')).toBe('a b')
    expect(await key('a%2520b', 'a%2520b')).toBe('a%20b')
    expect(await key('100%25', '100%25')).toBe('100%')
  })

  test('knows what is about the content of an object', async () => {
    expect(await s3('REST.POST.UPLOAD', 'a')).toMatchObject({ request: { operation: 'write' } })
    expect(await s3('BATCH.DELETE.OBJECT', 'a')).toMatchObject({ request: { operation: 'delete' } })
    expect(await s3('REST.PUT.PART', 'a')).toMatchObject({ kind: 'other' })
    expect(await s3('REST.GET.BUCKET', '-')).toMatchObject({ kind: 'other', what: 'REST.GET.BUCKET' })
    expect(await s3('REST.GET.OBJECT', '-')).toMatchObject({ kind: 'malformed' })
  })
})

test('a table is read, with quoted cells and further columns', async () => {
  const lines = await parse(
    'unix_time,object,status,bytes,country\n807256800,/a.gif,200,1713,DE\n807256801,"/map?1,""2""",302,85,\nx,/a,200,1\n1,/a\n',
  )
  expect(lines).toMatchObject([
    { line: 2, request: { at: 807_256_800_000, key: 'a.gif', status: 200, bytes: 1_713 } },
    { line: 3, request: { key: 'map?1,"2"', status: 302 } },
    { line: 4, reason: 'the time is not readable: x' },
    { line: 5, reason: 'it has fewer than four columns' },
  ])
})

test('empty lines, comments and line ends of Windows do not matter; numbers do', async () => {
  const good = 'h - - [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.0" 200 1'
  const lines = await parse(`# comment\r\n\r\n${good}\r\nrubbish\r\n${good}`)
  expect(lines.map(({ line, kind }) => [line, kind])).toEqual([
    [3, 'request'],
    [4, 'malformed'],
    [5, 'request'],
  ])
})

test('a line that never ends is malformed and not kept', async () => {
  const good = 'h - - [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.0" 200 1'
  const lines = await parse(`${'x'.repeat(200_000)}\n${good}\n${'y'.repeat(100_000)}`, 4_096)
  expect(lines.map(({ line, kind }) => [line, kind])).toEqual([
    [1, 'malformed'],
    [2, 'request'],
    [3, 'malformed'],
  ])
})

test('no bytes make it fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.boolean(), async (bytes, isTable) => {
      const header = isTable ? 'unix_time,object,status,bytes\n' : ''
      await parse(Buffer.concat([Buffer.from(header), bytes]))
    }),
    { numRuns: 500 },
  )
  const parts = ['h - - [', '10/Oct/2000:13:55:36 +0000', '] "', 'GET ', '/a', '" ', '200', ' ', '1', '%']
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...parts), { maxLength: 20 }), async shuffled => {
      await parse(shuffled.join(''))
    }),
  )
})

describe('a file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'dim-access-log-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const good = 'h - - [10/Oct/2000:13:55:36 +0000] "GET /a HTTP/1.0" 200 1\n'
  const write = async (bytes: Buffer) => {
    const file = path.join(folder, 'log')
    await writeFile(file, bytes)
    return file
  }

  test('is read compressed or not, also in several compressed pieces', async () => {
    const pieces = Buffer.concat([gzipSync(good), gzipSync(good)])
    expect(await collect(readAccessLog(await write(pieces)))).toHaveLength(2)
    expect(await collect(readAccessLog(await write(Buffer.from(good))))).toHaveLength(1)
    expect(await collect(readAccessLog(await write(Buffer.alloc(0))))).toEqual([])
  })

  test('that is missing or cut short says so', async () => {
    await expect(collect(readAccessLog(path.join(folder, 'none')))).rejects.toThrow(AccessLogError)
    const cut = gzipSync(good.repeat(1_000)).subarray(0, 90)
    await expect(collect(readAccessLog(await write(cut)))).rejects.toThrow(AccessLogError)
  })
})

describe('real logs', () => {
  const traces = path.resolve(process.env.DIM_TRACES_DIR ?? '../shared/traces')
  const nasa = path.join(traces, 'dev/nasa-http-1995-08-01.csv.gz')

  test('a day of a public web server: 30,969 requests of 2,088 objects', async context => {
    if (!existsSync(nasa)) return context.skip('no real access traces: name their folder in DIM_TRACES_DIR')
    const lines = await collect(readAccessLog(nasa))
    const requests = lines.flatMap(line => (line.kind === 'request' ? [line.request] : []))
    expect(requests).toHaveLength(30_969)
    expect(lines).toHaveLength(30_969)
    expect(new Set(requests.map(request => request.key))).toHaveLength(2_088)
  })
})
