import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { KIB } from '../../domain/bytes.ts'
import { startCrc32c } from '../../domain/crc32c.ts'
import { chunked, expectFailure, sampleBytes } from '../contract/samples.ts'
import type { ObjectStore } from '../object-store.ts'
import { gcsSettings } from './config.ts'
import { createGcsStore } from './gcs-store.ts'

const CHUNK = 256 * KIB
const BYTES = sampleBytes(3 * CHUNK + 1_000)

/** What the server does with one chunk's request, instead of taking it. */
type Mishap = 'take-half-and-break' | 'break' | 'take-all-and-break' | 'take-half' | 503 | 410

/**
 * A session of Google's protocol for resumable uploads, as its documentation has it. No emulator keeps to it:
 * fake-gcs-server takes the question how far it came for the end of the body.
 */
class SessionServer {
  readonly requests: string[] = []
  /** By the number of the chunk's request, from 1. */
  readonly mishaps = new Map<number, Mishap>()
  kept = Buffer.alloc(0)
  finalHash: string | null = null
  isForgotten = false
  /** Says it keeps other bytes than it was sent. */
  isLying = false
  deleted: string | null = null
  #isFinished = false
  #chunkRequests = 0
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  async start(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const range = request.headers['content-range'] ?? ''
    this.requests.push(`${request.method} ${range}`.trim())
    if (request.method === 'POST') {
      response.writeHead(200, { location: `https://elsewhere.example/upload/session?upload_id=1` }).end()
    } else if (request.method === 'DELETE' && !request.url!.includes('/upload/')) {
      this.deleted = request.url!
      response.writeHead(204).end()
    } else if (request.method === 'DELETE') {
      this.isForgotten = true
      response.writeHead(499).end()
    } else if (range.startsWith('bytes */')) this.#tell(response)
    else this.#takeChunk(request, response, body)
  }

  #takeChunk(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    this.#chunkRequests++
    const mishap = this.mishaps.get(this.#chunkRequests)
    const start = Number(/^bytes (\d+)-/.exec(request.headers['content-range'] ?? '')?.[1])
    if (typeof mishap === 'number') return void response.writeHead(mishap).end()
    if (start !== this.kept.byteLength) return void response.writeHead(400).end('bytes are missing')
    const half = Math.floor(body.byteLength / 2 / 1_000) * 1_000
    const taken = mishap === 'break' ? 0 : mishap?.startsWith('take-half') ? half : body.byteLength
    this.kept = Buffer.concat([this.kept, body.subarray(0, taken)])
    if (this.kept.byteLength === BYTES.byteLength) {
      this.#isFinished = true
      this.finalHash = String(request.headers['x-goog-hash'])
    }
    if (mishap?.endsWith('break')) response.destroy()
    else this.#tell(response)
  }

  #tell(response: ServerResponse): void {
    if (!this.#isFinished) {
      const range = this.kept.byteLength === 0 ? {} : { range: `bytes=0-${this.kept.byteLength - 1}` }
      return void response.writeHead(308, range).end()
    }
    const resource = {
      name: 'k',
      generation: '17',
      size: String(this.kept.byteLength),
      updated: '2026-01-01T00:00:00Z',
      etag: 'CBE=',
      crc32c: this.isLying ? 'AAAAAA==' : crc32cOf(this.kept),
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(resource))
  }
}

describe('a resumable upload', () => {
  let server: SessionServer
  let store: ObjectStore
  afterEach(async () => {
    await store.close()
    await server.stop()
  })

  async function begin(settings: object = {}) {
    server = new SessionServer()
    const endpoint = await server.start()
    const parsed = gcsSettings.parse({
      endpoint,
      uploadChunkBytes: CHUNK,
      interruptedUploads: 'resumed',
      ...settings,
    })
    store = createGcsStore({ name: 'google', settings: parsed, credentials: null })
    return () => store.put('bucket', 'k', chunked(BYTES), { size: BYTES.byteLength })
  }

  it('goes chunk by chunk, and the last one carries the digest of all bytes', async () => {
    const put = await begin()
    const { identity, digests } = await put()
    expect(identity).toEqual({ etag: 'CBE=', versionId: '17' })
    expect(server.kept.equals(BYTES)).toBe(true)
    expect(server.finalHash).toBe(`crc32c=${crc32cOf(BYTES)}`)
    expect(Buffer.from(digests!.crc32c!, 'hex').toString('base64')).toBe(crc32cOf(BYTES))
    expect(server.requests).toEqual([
      'POST',
      'PUT bytes 0-262143/787432',
      'PUT bytes 262144-524287/787432',
      'PUT bytes 524288-786431/787432',
      'PUT bytes 786432-787431/787432',
    ])
  })

  const mishaps: readonly Mishap[] = ['take-half-and-break', 'break', 'take-all-and-break', 'take-half', 503]
  for (const mishap of mishaps) {
    for (const chunk of [1, 2, 4]) {
      it(`keeps every byte when chunk ${chunk} meets "${mishap}"`, async () => {
        const put = await begin()
        server.mishaps.set(chunk, mishap)
        expect((await put()).identity.versionId).toBe('17')
        expect(server.kept.equals(BYTES)).toBe(true)
        expect(server.finalHash).toBe(`crc32c=${crc32cOf(BYTES)}`)
      })
    }
  }

  it('gives up after the tries of its settings, before the end without a doubt', async () => {
    const put = await begin({ readAttemptsMax: 2 })
    server.mishaps.set(2, 'break').set(3, 'break')
    const error = await expectFailure(put(), 'unreachable')
    expect(error.retry).toBe('yes')
    expect(server.isForgotten).toBe(true)
  })

  it('leaves the outcome open when the last chunk’s answer never comes', async () => {
    const put = await begin({ interruptedUploads: 'given-up' })
    server.mishaps.set(4, 'take-all-and-break')
    const error = await expectFailure(put(), 'unreachable')
    expect(error.retry).toBe('unknown-outcome')
    expect(server.isForgotten).toBe(false)
  })

  it('is repeated from the start when the server forgot it', async () => {
    const put = await begin()
    server.mishaps.set(2, 410)
    const error = await expectFailure(put(), 'upload-not-found')
    expect(error.retry).toBe('yes')
  })

  it('takes away again what the server made of other bytes than were sent', async () => {
    const put = await begin({ capabilities: { conditionalDelete: true } })
    server.isLying = true
    await expectFailure(put(), 'digest-mismatch')
    expect(server.deleted).toBe('/storage/v1/b/bucket/o/k?ifGenerationMatch=17')
  })

  it('forgets what it sent of a body that turns out wrong, and never sends its last chunk', async () => {
    await begin()
    const body = chunked(BYTES.subarray(0, 3 * CHUNK + 999))
    await expectFailure(store.put('bucket', 'k', body, { size: BYTES.byteLength }), 'truncated')
    expect(server.isForgotten).toBe(true)
    expect(server.kept.byteLength).toBeLessThan(BYTES.byteLength)
  })
})

function crc32cOf(bytes: Uint8Array): string {
  const running = startCrc32c()
  running.update(bytes)
  return Buffer.from(running.finish(), 'hex').toString('base64')
}
