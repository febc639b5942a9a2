import { type AccessLogLine, keyOfPath, malformed, parseBytes } from './access-log-line.ts'

/** The first line of an access log as a table. Further columns may follow. */
export const CSV_HEADER = 'unix_time,object,status,bytes'

/** Seconds of the year 275,760: the last moment a JavaScript date can tell. */
const UNIX_TIME_MAX = 8.64e12

/** Reads one line after the header; every line is a GET. Cells with commas are quoted, quotes doubled. */
export function parseCsvLine(line: string): AccessLogLine {
  const [timeText, object, statusText, bytesText] = splitCells(line)
  if (timeText === undefined || object === undefined || statusText === undefined || bytesText === undefined)
    return malformed('it has fewer than four columns')
  const unixTime = timeText === '' ? Number.NaN : Number(timeText)
  if (!(Math.abs(unixTime) <= UNIX_TIME_MAX))
    return malformed(`the time is not readable: ${timeText.slice(0, 40)}`)
  if (object === '') return malformed('the object is missing')
  if (!/^\d{3}$/.test(statusText)) return malformed(`the status is not a number: ${statusText.slice(0, 40)}`)
  const bytes = parseBytes(bytesText)
  if (bytes === null) return malformed(`the bytes are not a count: ${bytesText.slice(0, 40)}`)
  const request = {
    at: unixTime * 1_000,
    key: keyOfPath(object),
    operation: 'read' as const,
    status: Number(statusText),
    bytes,
    objectBytes: null,
  }
  return { kind: 'request', request }
}

function splitCells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}
