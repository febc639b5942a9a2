import type { AccessOperation } from '../../domain/access-event.ts'
import { type AccessLogLine, decodePercent, malformed, parseBytes, parseLogTime } from './access-log-line.ts'

/**
 * An S3 server access log line: `owner bucket [time] ip requester request-id operation key "request-uri"
 * status error bytes-sent object-size …`; what follows grows with every year and is not needed.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 */
const S3_LINE =
  /^\S+ \S+ \[([^\]]*)\] \S+ \S+ \S+ (\S+) (\S+) (?:"([^"]*)"|-) (\d{3}|-) \S+ (\S+) (\S+)(?: .*)?$/

/** What clients do to the content of one object. Parts of uploads count when the upload is completed. */
const OPERATIONS: Readonly<Record<string, AccessOperation>> = {
  'REST.GET.OBJECT': 'read',
  'WEBSITE.GET.OBJECT': 'read',
  'REST.HEAD.OBJECT': 'head',
  'WEBSITE.HEAD.OBJECT': 'head',
  'REST.PUT.OBJECT': 'write',
  'REST.POST.OBJECT': 'write',
  'REST.COPY.OBJECT': 'write',
  'REST.POST.UPLOAD': 'write',
  'REST.DELETE.OBJECT': 'delete',
  'BATCH.DELETE.OBJECT': 'delete',
}

/** Whether a line looks like S3's: the time is its third field, not its fourth. */
export function isS3LogLine(line: string): boolean {
  return /^\S+ \S+ \[/.test(line)
}

/** Reads one line of an S3 server access log. */
export function parseS3LogLine(line: string): AccessLogLine {
  const [, time, operationName, keyText, uri, statusText, sentText, sizeText] = S3_LINE.exec(line) ?? []
  if (time === undefined || operationName === undefined || keyText === undefined || sizeText === undefined)
    return malformed('it is no line of an S3 access log')
  const operation = OPERATIONS[operationName]
  if (operation === undefined) return { kind: 'other', what: operationName.slice(0, 40) }
  const at = parseLogTime(time)
  if (at === null) return malformed(`the time is not readable: ${time.slice(0, 40)}`)
  const bytes = parseBytes(sentText ?? '')
  const size = parseBytes(sizeText)
  if (bytes === null || size === null) return malformed('bytes sent or object size are not counts')
  // BATCH.DELETE.OBJECT has no status of its own.
  const status = statusText === '-' ? 204 : Number(statusText)
  if (keyText === '-') return malformed('the key is missing')
  const objectBytes = sizeText === '-' ? null : size
  const key = decodeKey(keyText, uri ?? '')
  return { kind: 'request', request: { at, key, operation, status, bytes, objectBytes } }
}

/**
 * Keys are percent encoded, in some logs twice. The request line tells which: its path, decoded once, ends
 * with the key.
 */
function decodeKey(text: string, uri: string): string {
  const once = decodePercent(text)
  const twice = decodePercent(once)
  const path = decodePercent(/^[A-Z]+ ([^ ?]*)/.exec(uri)?.[1] ?? '')
  return twice !== once && path.endsWith(`/${twice}`) ? twice : once
}
