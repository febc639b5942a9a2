import { GatewayError } from './error-table.ts'

/** What a request is about: a bucket and a key, decoded exactly once from the raw request target. */
export interface RequestTarget {
  /** As sent, percent-encoding and all; signatures are verified over it. */
  readonly rawPath: string
  readonly query: Query
  readonly bucketName: string | null
  /** The exact key; `..`, `//` and unicode mean nothing here. Null when the request is about the bucket. */
  readonly key: string | null
}

/** The longest key in bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024

/** The query of a request: pairs in the order sent, each decoded once. `x-id` is noise of one SDK. */
export class Query {
  readonly pairs: readonly (readonly [name: string, value: string])[]

  constructor(pairs: readonly (readonly [string, string])[]) {
    this.pairs = pairs
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  /** The first value of that name; '' when it has none; null when the name is absent. */
  get(name: string): string | null {
    for (const pair of this.pairs) if (pair[0] === name) return pair[1]
    return null
  }
}

const EMPTY_QUERY = new Query([])

/** Reads bucket, key and query from the raw request target. Throws `InvalidURI` when it is not well formed. */
export function parseRequestTarget(
  url: string,
  host: string | undefined,
  baseHosts: readonly string[],
): RequestTarget {
  const origin = url.startsWith('/') ? url : withoutAuthority(url)
  const queryAt = origin.indexOf('?')
  const rawPath = queryAt === -1 ? origin : origin.slice(0, queryAt)
  const query = queryAt === -1 ? EMPTY_QUERY : parseQuery(origin.slice(queryAt + 1))

  const hostBucket = bucketOfHost(host, baseHosts)
  if (hostBucket !== null) {
    return { rawPath, query, bucketName: hostBucket, key: keyOrNull(rawPath.slice(1)) }
  }
  const slashAt = rawPath.indexOf('/', 1)
  const rawBucket = slashAt === -1 ? rawPath.slice(1) : rawPath.slice(1, slashAt)
  if (rawBucket === '') {
    if (rawPath !== '/') throw new GatewayError('InvalidURI')
    return { rawPath, query, bucketName: null, key: null }
  }
  return {
    rawPath,
    query,
    bucketName: decodeOnce(rawBucket),
    key: slashAt === -1 ? null : keyOrNull(rawPath.slice(slashAt + 1)),
  }
}

/** Refuses a key no object can have. Used for every key, wherever in a request it stood. */
export function checkKey(key: string): string {
  const bytes = Buffer.byteLength(key)
  if (bytes > KEY_BYTES_MAX) {
    throw new GatewayError('KeyTooLongError', undefined, {
      details: { Size: String(bytes), MaxSizeAllowed: String(KEY_BYTES_MAX) },
    })
  }
  if (key.includes('\0')) throw new GatewayError('InvalidArgument', 'A key must not contain a NUL character.')
  return key
}

/** Percent-decodes once; the bytes must be UTF-8. */
export function decodeOnce(raw: string): string {
  if (!NEEDS_DECODING.test(raw)) return raw
  try {
    // The HTTP parser hands bytes over as Latin-1; unescaped UTF-8 in the path is put together again.
    const text = NOT_ASCII.test(raw)
      ? new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(raw, 'latin1'))
      : raw
    return decodeURIComponent(text)
  } catch (cause) {
    throw new GatewayError('InvalidURI', 'The percent-encoding of the URI is not valid UTF-8.', { cause })
  }
}

const NEEDS_DECODING = /[%\u0080-\uffff]/
const NOT_ASCII = /[\u0080-\uffff]/

function keyOrNull(raw: string): string | null {
  return raw === '' ? null : checkKey(decodeOnce(raw))
}

function parseQuery(raw: string): Query {
  if (raw === '') return EMPTY_QUERY
  const pairs: [string, string][] = []
  for (const part of raw.split('&')) {
    if (part === '') continue
    const equalsAt = part.indexOf('=')
    const name = equalsAt === -1 ? part : part.slice(0, equalsAt)
    const value = equalsAt === -1 ? '' : part.slice(equalsAt + 1)
    pairs.push([decodeOnce(name.replaceAll('+', ' ')), decodeOnce(value.replaceAll('+', ' '))])
  }
  return new Query(pairs)
}

/** The path and query of a target in absolute form (`http://host/path`), as proxies send it. */
function withoutAuthority(url: string): string {
  const match = /^https?:\/\/[^/?]*(?<rest>.*)$/i.exec(url)
  if (match === null) throw new GatewayError('InvalidURI')
  const rest = match.groups?.rest ?? ''
  return rest.startsWith('/') ? rest : `/${rest}`
}

function bucketOfHost(host: string | undefined, baseHosts: readonly string[]): string | null {
  if (host === undefined || baseHosts.length === 0) return null
  const name = host.replace(/:\d+$/, '').toLowerCase()
  for (const baseHost of baseHosts) {
    if (name.endsWith(`.${baseHost}`)) return name.slice(0, -baseHost.length - 1)
  }
  return null
}
