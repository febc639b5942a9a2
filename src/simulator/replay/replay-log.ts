import type { LoggedRequest } from '../../events/access-log/access-log-line.ts'
import { readAccessLog } from '../../events/access-log/read-access-log.ts'

/** What of a log could not be used. */
export interface UnusedLines {
  /** Well-formed lines that are no request for an object. */
  other: number
  malformed: number
  /** The first malformed line and why. */
  firstMalformed: { readonly line: number; readonly reason: string } | null
}

export function noUnusedLines(): UnusedLines {
  return { other: 0, malformed: 0, firstMalformed: null }
}

/** The requests of an access log, with what was left out counted. Throws an AccessLogError. */
export async function* readRequests(file: string, unused: UnusedLines): AsyncGenerator<LoggedRequest> {
  for await (const line of readAccessLog(file)) {
    if (line.kind === 'request') yield line.request
    else if (line.kind === 'other') unused.other++
    else {
      unused.malformed++
      unused.firstMalformed ??= { line: line.line, reason: line.reason }
    }
  }
}
