import { createReadStream } from 'node:fs'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type AccessLogLine, malformed } from './access-log-line.ts'
import { CSV_HEADER, parseCsvLine } from './csv-log.ts'
import { isS3LogLine, parseS3LogLine } from './s3-server-log.ts'
import { parseWebLogLine } from './web-log.ts'

/** A line with its number, counted from 1. */
export type NumberedLine = AccessLogLine & { readonly line: number }

/** The file cannot be read, or its compressed form is broken: what was read until then is good. */
export class AccessLogError extends Error {
  override readonly name = 'AccessLogError'
}

/** Longer lines are malformed and not kept: servers refuse requests of half of it. */
const LINE_BYTES_MAX = 16_384
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/**
 * Reads an access log line by line, compressed with gzip or not: Common or Combined Log Format of web
 * servers, S3 server access logs, or a table with the header `unix_time,object,status,bytes`. The format is
 * recognised line by line. Empty lines and comments (`#`) are left out; a line that is none of these is
 * returned as malformed with the reason, and reading goes on.
 *
 * Throws an AccessLogError when the file cannot be read to its end.
 */
export async function* readAccessLog(file: string): AsyncGenerator<NumberedLine> {
  try {
    for await (const numbered of parseAccessLog(uncompressed(createReadStream(file)))) yield numbered
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw new AccessLogError(`${file} cannot be read: ${error.message}`, { cause: error })
    throw error
  }
}

/** The same for bytes that are there already. */
export async function* parseAccessLog(chunks: AsyncIterable<Buffer>): AsyncGenerator<NumberedLine> {
  let line = 0
  let isTable = false
  for await (const text of splitLines(chunks)) {
    line++
    if (text === null) yield { line, ...malformed(`it is longer than ${LINE_BYTES_MAX} bytes`) }
    else if (line === 1 && text.startsWith(CSV_HEADER)) isTable = true
    else if (text !== '' && !text.startsWith('#')) yield { line, ...parseLine(text, isTable) }
  }
}

function parseLine(text: string, isTable: boolean): AccessLogLine {
  if (isTable) return parseCsvLine(text)
  return isS3LogLine(text) ? parseS3LogLine(text) : parseWebLogLine(text)
}

/** The lines without their ends; null for one that is too long. */
async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string | null> {
  let rest = Buffer.alloc(0)
  let isTooLong = false
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const whole = Buffer.concat([rest, chunk.subarray(start, end)])
      yield isTooLong || whole.length > LINE_BYTES_MAX ? null : textOf(whole)
      rest = Buffer.alloc(0)
      isTooLong = false
      start = end + 1
    }
    rest = Buffer.concat([rest, chunk.subarray(start)])
    if (rest.length > LINE_BYTES_MAX) {
      isTooLong = true
      rest = Buffer.alloc(0)
    }
  }
  if (isTooLong) yield null
  else if (rest.length > 0) yield textOf(rest)
}

/** UTF-8, or Latin-1 (as old servers wrote) where it is not UTF-8, so that no byte is lost. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return (text.includes('\ufffd') ? bytes.toString('latin1') : text).replace(/\r$/, '')
}

async function* uncompressed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) return
  async function* all() {
    yield first.value
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  if (!first.value.subarray(0, 2).equals(GZIP_MAGIC)) yield* all()
  else yield* gunzip(all())
}

async function* gunzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const out = new PassThrough()
  const running = pipeline(chunks, createGunzip(), out)
  // The error also comes out of the loop below, by way of `out`.
  running.catch(() => undefined)
  yield* out
  await running
}
