import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { decodeOnce, type Query } from '../request-target.ts'

/** What a canonical request is made of, apart from its path. */
export interface CanonicalParts {
  readonly method: string
  readonly canonicalQuery: string
  /** Lower case, sorted, as the client listed them. */
  readonly signedHeaders: readonly string[]
  readonly headers: IncomingMessage['headers']
  readonly payloadHash: string
}

/**
 * SHA-256 of the canonical request over this path, hexadecimal. Header values are hashed as the bytes that
 * came over the wire.
 */
export function canonicalRequestHash(path: string, parts: CanonicalParts): string {
  let headers = ''
  for (const name of parts.signedHeaders) headers += `${name}:${canonicalValue(parts.headers[name])}\n`
  const text = `${parts.method}\n${path}\n${parts.canonicalQuery}\n${headers}\n${parts.signedHeaders.join(';')}\n${parts.payloadHash}`
  // A Latin-1 string holds one byte per character, which is how the HTTP parser hands headers over.
  return hash('sha256', Buffer.from(text, 'latin1'), 'hex')
}

/** The query in canonical form: encoded once, sorted, without the signature itself. */
export function canonicalQueryOf(query: Query): string {
  if (query.pairs.length === 0) return ''
  const pairs: [string, string][] = []
  for (const [name, value] of query.pairs) {
    if (name !== 'X-Amz-Signature') pairs.push([encodeStrictly(name), encodeStrictly(value)])
  }
  pairs.sort((left, right) => compare(left[0], right[0]) || compare(left[1], right[1]))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

/**
 * The path as most clients canonicalise it: each segment decoded, then encoded strictly. Equals the raw path
 * for clients that send what they sign.
 */
export function reencodedPath(rawPath: string): string {
  return rawPath
    .split('/')
    .map(segment => encodeStrictly(decodeOnce(segment)))
    .join('/')
}

/** Percent-encodes everything but the unreserved characters of RFC 3986. */
export function encodeStrictly(text: string): string {
  if (UNRESERVED.test(text)) return text
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const UNRESERVED = /^[A-Za-z0-9_.~-]*$/

function canonicalValue(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value.join(',') : (value ?? '')
  return text.includes('  ') ? text.trim().replace(/ +/g, ' ') : text.trim()
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
