import { createHash } from 'node:crypto'
import { XMLParser } from 'fast-xml-parser'
import { type Dispatcher, Pool } from 'undici'
import type { Bytes } from '../../domain/bytes.ts'
import {
  encodeForS3,
  type RequestSigner,
  requestSigner,
  type SigningCredentials,
} from '../../stores/s3/sign-request.ts'

/** What a read brought back. The bytes themselves are hashed and dropped. */
export interface ReadAnswer {
  readonly status: number
  /** Without quotes; empty when there was none. */
  readonly etag: string
  readonly bytes: Bytes
  /** Size of the whole object where a range was asked for, or null. */
  readonly wholeSize: Bytes | null
  /** SHA-256 of the bytes received, lower-case hexadecimal. */
  readonly sha256: string
  /** The digest the answer promised in `x-amz-checksum-sha256`, lower-case hexadecimal, or null. */
  readonly promisedSha256: string | null
  /** The S3 error code of an answer that is none of 200, 206, 304; else null. */
  readonly errorCode: string | null
  /** What this read found out that others had done to the bytes at the store; else null. */
  readonly foreignChange: 'changed' | 'removed' | null
}

/** What a write brought back. */
interface WriteAnswer {
  readonly status: number
  readonly etag: string
  readonly errorCode: string | null
}

/** One object of a listing. */
export interface ListedKey {
  readonly key: string
  readonly size: Bytes
  readonly etag: string
}

/** Longest wait for an answer to begin, and between two pieces of it. */
const ANSWER_MS_MAX = 60_000
/** How much of an error document is read. */
const ERROR_BYTES_MAX = 64 * 1024

/**
 * A light S3 client over HTTP for traffic and checks: it signs every request, keeps connections, hashes what
 * it reads and holds no body in memory. Rejects only when there was no whole answer.
 */
export interface GatewayClient {
  read(
    bucket: string,
    key: string,
    options?: { ifNoneMatch?: string; range?: string; signal?: AbortSignal },
  ): Promise<ReadAnswer>
  write(
    bucket: string,
    key: string,
    body: { chunks: Iterable<Uint8Array>; size: Bytes; sha256: string; contentType?: string },
    options?: { signal?: AbortSignal },
  ): Promise<WriteAnswer>
  /** Every key of a bucket in order, page by page. Throws when the bucket cannot be listed. */
  list(bucket: string, options?: { prefix?: string; signal?: AbortSignal }): AsyncGenerator<ListedKey[]>
  /** Creates the bucket; having it already is fine. */
  createBucket(bucket: string): Promise<WriteAnswer>
  close(): Promise<void>
}

/** Opens a client. Nothing is sent yet. */
export function createGatewayClient(options: {
  endpoint: string
  credentials: SigningCredentials
  region: string
  /** Range: 1 and more. */
  connectionsMax: number
}): GatewayClient {
  const url = new URL(options.endpoint)
  const pool = new Pool(url.origin, {
    connections: options.connectionsMax,
    headersTimeout: ANSWER_MS_MAX,
    bodyTimeout: ANSWER_MS_MAX,
  })
  const sign = requestSigner(options.credentials, options.region)
  const send = (request: OutgoingRequest) => sendSigned(pool, sign, url.host, request)

  return {
    async read(bucket, key, { ifNoneMatch, range, signal } = {}) {
      const answer = await send({
        method: 'GET',
        path: objectPath(bucket, key),
        headers: {
          'x-amz-checksum-mode': 'ENABLED',
          ...(range === undefined ? {} : { range }),
          ...(ifNoneMatch === undefined ? {} : { 'if-none-match': `"${ifNoneMatch}"` }),
        },
        signal,
      })
      return readAnswer(answer)
    },

    async write(bucket, key, body, { signal } = {}) {
      return writeAnswer(
        await send({
          method: 'PUT',
          path: objectPath(bucket, key),
          headers: {
            'content-length': String(body.size),
            'content-type': body.contentType ?? 'application/octet-stream',
          },
          payloadSha256: body.sha256,
          body: body.chunks,
          signal,
        }),
      )
    },

    async *list(bucket, { prefix = '', signal } = {}) {
      for (let token: string | null = ''; token !== null; ) {
        const query = [
          ...(token === '' ? [] : [`continuation-token=${encodeForS3(token)}`]),
          'encoding-type=url',
          'list-type=2',
          ...(prefix === '' ? [] : [`prefix=${encodeForS3(prefix)}`]),
        ].join('&')
        const answer = await send({ method: 'GET', path: bucketPath(bucket), query, headers: {}, signal })
        const text = await answer.body.text()
        if (answer.statusCode !== 200)
          throw new Error(`${bucket} cannot be listed: ${errorCodeOf(text) ?? answer.statusCode}`)
        const page = parseListing(text)
        yield page.keys
        token = page.nextToken
      }
    },

    async createBucket(bucket) {
      return writeAnswer(await send({ method: 'PUT', path: bucketPath(bucket), headers: {} }))
    },

    close: () => pool.close(),
  }
}

interface OutgoingRequest {
  readonly method: 'GET' | 'PUT'
  readonly path: string
  readonly query?: string
  readonly headers: Readonly<Record<string, string>>
  readonly payloadSha256?: string
  readonly body?: Iterable<Uint8Array>
  readonly signal?: AbortSignal | undefined
}

/** SHA-256 of nothing. */
const EMPTY_SHA256 = createHash('sha256').digest('hex')

function sendSigned(
  pool: Pool,
  sign: RequestSigner,
  host: string,
  request: OutgoingRequest,
): Promise<Dispatcher.ResponseData> {
  const query = request.query ?? ''
  const headers = sign(
    { ...request, host, query, payloadSha256: request.payloadSha256 ?? EMPTY_SHA256 },
    new Date(),
  )
  return pool.request({
    method: request.method,
    path: query === '' ? request.path : `${request.path}?${query}`,
    headers,
    ...(request.body === undefined ? {} : { body: request.body as unknown as Buffer }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
}

async function readAnswer(answer: Dispatcher.ResponseData): Promise<ReadAnswer> {
  const isContent = answer.statusCode === 200 || answer.statusCode === 206
  const hash = createHash('sha256')
  const errorText: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    hash.update(chunk)
    if (!isContent && bytes <= ERROR_BYTES_MAX) errorText.push(chunk)
  }
  const promised = headerOf(answer, 'x-amz-checksum-sha256')
  return {
    status: answer.statusCode,
    etag: headerOf(answer, 'etag')?.replaceAll('"', '') ?? '',
    bytes,
    wholeSize: wholeSizeOf(headerOf(answer, 'content-range')),
    sha256: hash.digest('hex'),
    promisedSha256: promised === null ? null : Buffer.from(promised, 'base64').toString('hex'),
    errorCode:
      isContent || answer.statusCode === 304 ? null : codeOf(answer, Buffer.concat(errorText).toString()),
    foreignChange: foreignChangeOf(headerOf(answer, 'x-dim-foreign-change')),
  }
}

function foreignChangeOf(header: string | null): ReadAnswer['foreignChange'] {
  return header === 'changed' || header === 'removed' ? header : null
}

async function writeAnswer(answer: Dispatcher.ResponseData): Promise<WriteAnswer> {
  const text = await answer.body.text()
  return {
    status: answer.statusCode,
    etag: headerOf(answer, 'etag')?.replaceAll('"', '') ?? '',
    errorCode: answer.statusCode === 200 ? null : codeOf(answer, text),
  }
}

function headerOf(answer: Dispatcher.ResponseData, name: string): string | null {
  const value = answer.headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}

function wholeSizeOf(contentRange: string | null): Bytes | null {
  const [, size] = /\/(\d+)$/.exec(contentRange ?? '') ?? []
  return size === undefined ? null : Number(size)
}

function codeOf(answer: Dispatcher.ResponseData, text: string): string {
  return errorCodeOf(text) ?? `status ${answer.statusCode}`
}

function errorCodeOf(text: string): string | null {
  return /<Code>([A-Za-z0-9]{1,80})<\/Code>/.exec(text)?.[1] ?? null
}

const parser = new XMLParser({ parseTagValue: false, isArray: name => name === 'Contents' })

function parseListing(text: string): { keys: ListedKey[]; nextToken: string | null } {
  const { ListBucketResult: result } = parser.parse(text) as {
    ListBucketResult: {
      Contents?: { Key: string; Size: string; ETag?: string }[]
      IsTruncated?: string
      NextContinuationToken?: string
    }
  }
  const keys = (result.Contents ?? []).map(entry => ({
    key: decodeURIComponent(entry.Key.replaceAll('+', ' ')),
    size: Number(entry.Size),
    etag: entry.ETag?.replaceAll(/"|&quot;/g, '') ?? '',
  }))
  return { keys, nextToken: result.IsTruncated === 'true' ? (result.NextContinuationToken ?? null) : null }
}

function bucketPath(bucket: string): string {
  return `/${encodeForS3(bucket)}`
}

function objectPath(bucket: string, key: string): string {
  return `${bucketPath(bucket)}/${encodeForS3(key, { keepSlashes: true })}`
}
