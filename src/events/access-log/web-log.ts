import type { AccessOperation } from '../../domain/access-event.ts'
import {
  type AccessLogLine,
  decodePercent,
  keyOfPath,
  malformed,
  parseBytes,
  parseLogTime,
} from './access-log-line.ts'

/**
 * Common and Combined Log Format: `host ident user [time] "request" status bytes`, then whatever else.
 * Names of users may hold spaces, requests may hold quotes, so the request ends at the last quote that a
 * status follows.
 */
const WEB_LINE = /^\S+ .*?\[([^\]]*)\] "(.*?)" (\d{3}|-) (\S+)(?: .*)?$/

const OPERATIONS: Readonly<Record<string, AccessOperation>> = {
  GET: 'read',
  HEAD: 'head',
  PUT: 'write',
  POST: 'write',
  DELETE: 'delete',
}

/** Reads one line of a web server's access log. The query is not part of the key. */
export function parseWebLogLine(line: string): AccessLogLine {
  const [, time, request, statusText, bytesText] = WEB_LINE.exec(line) ?? []
  if (time === undefined || request === undefined || statusText === undefined || bytesText === undefined)
    return malformed('it is no line of a web or S3 access log')
  const at = parseLogTime(time)
  if (at === null) return malformed(`the time is not readable: ${time.slice(0, 40)}`)
  const bytes = parseBytes(bytesText)
  if (bytes === null) return malformed(`the bytes are not a count: ${bytesText.slice(0, 40)}`)
  if (statusText === '-') return malformed('the status is missing')
  return parseRequest(request, { at, status: Number(statusText), bytes, objectBytes: null })
}

function parseRequest(
  request: string,
  facts: { at: number; status: number; bytes: number; objectBytes: null },
): AccessLogLine {
  const [, method, target] = /^([A-Z]+) +(\S.*?)(?: +HTTP\/\d(?:\.\d)?)?\s*$/.exec(request) ?? []
  if (method === undefined || target === undefined)
    return malformed(`the request is not readable: ${request.slice(0, 40)}`)
  const operation = OPERATIONS[method]
  if (operation === undefined) return { kind: 'other', what: method }
  const path = target.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*$/, '')
  if (path === '') return malformed('the request names no path')
  return { kind: 'request', request: { ...facts, key: keyOfPath(decodePercent(path)), operation } }
}
