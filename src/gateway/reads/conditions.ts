import type { IncomingHttpHeaders } from 'node:http'

/** What the conditions of a read say. */
export type ConditionVerdict = 'go-on' | 'not-modified' | 'precondition-failed'

/** The four conditions, by the names of their headers. */
export interface ConditionHeaders {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly ifUnmodifiedSince: string | undefined
}

/** The conditions of a GET or HEAD. */
export function readConditionsOf(headers: IncomingHttpHeaders): ConditionHeaders {
  return {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    ifUnmodifiedSince: headers['if-unmodified-since'],
  }
}

/** The conditions on the source of a copy. */
export function copySourceConditionsOf(headers: IncomingHttpHeaders): ConditionHeaders {
  const text = (name: string) => {
    const value = headers[`x-amz-copy-source-if-${name}`]
    return typeof value === 'string' ? value : undefined
  }
  return {
    ifMatch: text('match'),
    ifNoneMatch: text('none-match'),
    ifModifiedSince: text('modified-since'),
    ifUnmodifiedSince: text('unmodified-since'),
  }
}

/**
 * Judges the conditions of a read in S3's order: a matching If-Match makes If-Unmodified-Since moot, a
 * failing If-None-Match wins over If-Modified-Since. Dates compare by whole seconds; unreadable dates are
 * no condition.
 */
export function judgeConditions(
  conditions: ConditionHeaders,
  etag: string,
  lastModified: number,
): ConditionVerdict {
  const modifiedSecond = Math.floor(lastModified / 1000)
  if (conditions.ifMatch !== undefined) {
    if (!etagListed(conditions.ifMatch, etag)) return 'precondition-failed'
  } else {
    const unmodifiedSince = secondOf(conditions.ifUnmodifiedSince)
    if (unmodifiedSince !== null && modifiedSecond > unmodifiedSince) return 'precondition-failed'
  }
  if (conditions.ifNoneMatch !== undefined) {
    return etagListed(conditions.ifNoneMatch, etag) ? 'not-modified' : 'go-on'
  }
  const modifiedSince = secondOf(conditions.ifModifiedSince)
  return modifiedSince !== null && modifiedSecond <= modifiedSince ? 'not-modified' : 'go-on'
}

/** Whether a list of ETags (`*`, quoted, weak or bare) names this one. */
export function etagListed(list: string, etag: string): boolean {
  return list.split(',').some(item => {
    const name = item.trim().replace(/^W\//, '')
    return name === '*' || name === etag || name === `"${etag}"`
  })
}

function secondOf(date: string | undefined): number | null {
  if (date === undefined) return null
  const instant = Date.parse(date)
  return Number.isNaN(instant) ? null : Math.floor(instant / 1000)
}
