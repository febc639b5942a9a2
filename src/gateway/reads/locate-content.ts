import type { BucketWithTarget } from '../../database/catalog/buckets.ts'
import type { ResolvedObject } from '../../database/catalog/objects.ts'
import type { PartLayoutEntry } from '../../domain/object.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { type ByteRange, parseRange } from './byte-range.ts'

/** Which bytes of an object a read asks for, and how that is said in the answer. */
export interface WantedBytes {
  /** Null: all of them. */
  readonly range: ByteRange | null
  /** Length of the answer. */
  readonly length: number
  /** 206 for a range or a part, else 200. */
  readonly status: 200 | 206
  readonly contentRange: string | null
  /** Number of parts, when a part was asked for and the object has parts. */
  readonly partsCount: number | null
}

/** Works out the bytes a GET or HEAD asks for. Throws `InvalidRange` or `InvalidPartNumber`. */
export function wantedBytesOf(context: RequestContext, resolved: ResolvedObject): WantedBytes {
  const rangeHeader = context.request.headers.range
  const partNumber = context.target.query.get('partNumber')
  if (partNumber !== null) {
    if (rangeHeader !== undefined) {
      throw new GatewayError(
        'InvalidRequest',
        'Cannot specify both Range header and partNumber query parameter.',
      )
    }
    return bytesOfPart(resolved, partNumberOf(partNumber))
  }
  const range = rangeHeader === undefined ? null : parseRange(rangeHeader, resolved.size)
  if (range === 'unsatisfiable') {
    throw new GatewayError('InvalidRange', undefined, {
      details: { RangeRequested: rangeHeader ?? '', ActualObjectSize: String(resolved.size) },
    })
  }
  return bytesOfRange(resolved, range, null)
}

/** A part number as a client sent it. Range: 1 to 10,000. */
export function partNumberOf(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > 10_000) {
    throw new GatewayError(
      'InvalidArgument',
      'Part number must be an integer between 1 and 10000, inclusive',
      {
        details: { ArgumentName: 'partNumber', ArgumentValue: text },
      },
    )
  }
  return number
}

/** The version a request may name: objects here have one, called `null`. */
export function checkVersionId(context: RequestContext, bucket: BucketWithTarget): void {
  const version = context.target.query.get('versionId')
  if (version === null || version === 'null') return
  throw new GatewayError('NoSuchVersion', undefined, {
    details: { BucketName: bucket.name, VersionId: version },
  })
}

function bytesOfPart(resolved: ResolvedObject, number: number): WantedBytes {
  const parts: readonly PartLayoutEntry[] = resolved.partLayout ?? [
    { number: 1, size: resolved.size, etag: resolved.etag },
  ]
  // Parts are counted by their place: clients may leave numbers out when they upload.
  const part = parts[number - 1]
  if (part === undefined) throw new GatewayError('InvalidPartNumber')
  const start = parts.slice(0, number - 1).reduce((sum, before) => sum + before.size, 0)
  const partsCount = resolved.partLayout === null ? null : parts.length
  if (part.size === 0) {
    return { range: null, length: 0, status: 200, contentRange: null, partsCount }
  }
  return bytesOfRange(resolved, { start, end: start + part.size - 1 }, partsCount)
}

function bytesOfRange(
  resolved: ResolvedObject,
  range: ByteRange | null,
  partsCount: number | null,
): WantedBytes {
  if (range === null) {
    return { range: null, length: resolved.size, status: 200, contentRange: null, partsCount }
  }
  return {
    range,
    length: range.end - range.start + 1,
    status: 206,
    contentRange: `bytes ${range.start}-${range.end}/${resolved.size}`,
    partsCount,
  }
}
