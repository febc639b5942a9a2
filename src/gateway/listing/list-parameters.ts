import { GatewayError } from '../error-table.ts'
import type { Query } from '../request-target.ts'
import { encodeStrictly } from '../sigv4/canonical-request.ts'

/** S3 never lists more at once. */
export const LIST_LIMIT_MAX = 1_000

/** What all list operations take. */
export interface ListParameters {
  readonly prefix: string
  readonly delimiter: string
  readonly limit: number
  /** Writes a key as the client asked for it: percent-encoded or as it is. */
  readonly encode: (text: string) => string
  readonly encodingType: 'url' | null
}

/** Reads the shared parameters. Throws `InvalidArgument` for what they cannot be. */
export function listParametersOf(query: Query, limitName: string): ListParameters {
  const encodingType = query.get('encoding-type')
  if (encodingType !== null && encodingType !== 'url') {
    throw new GatewayError('InvalidArgument', 'Invalid Encoding Method specified in Request')
  }
  return {
    prefix: withoutNul(query.get('prefix') ?? ''),
    delimiter: withoutNul(query.get('delimiter') ?? ''),
    limit: limitOf(query.get(limitName), limitName),
    encode: encodingType === null ? text => text : encodeKey,
    encodingType,
  }
}

/** A number of entries. Range: 0 to 1,000; a larger wish is cut. */
export function limitOf(text: string | null, name: string): number {
  if (text === null || text === '') return LIST_LIMIT_MAX
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0x7fffffff) {
    throw new GatewayError('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
      details: { ArgumentName: name, ArgumentValue: text },
    })
  }
  return Math.min(Number(text), LIST_LIMIT_MAX)
}

/** The database cannot compare with a NUL, and no key holds one. */
export function withoutNul(text: string): string {
  if (text.includes('\0'))
    throw new GatewayError('InvalidArgument', 'A key must not contain a NUL character.')
  return text
}

/** Percent-encodes a key for a listing; slashes stay, as S3 leaves them. */
function encodeKey(text: string): string {
  return text.split('/').map(encodeStrictly).join('/')
}
