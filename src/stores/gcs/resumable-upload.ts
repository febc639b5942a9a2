import { startCrc32c } from '../../domain/crc32c.ts'
import { StoreError } from '../object-store.ts'
import { abortFailure, type StoreOperation, storeFailure } from '../store-operation.ts'
import { isGoogle } from './config.ts'
import { cutChunks } from './cut-chunks.ts'
import { type GcsConnection, resourceFrom } from './gcs-connection.ts'
import { uploadPath, type WireAnswer, type WireRequest } from './gcs-wire.ts'
import { base64Of, type ObjectResource } from './object-fields.ts'
import type { Upload } from './whole-upload.ts'

/** "Resume Incomplete": the server has so many bytes and waits for more. */
const INCOMPLETE = 308

/**
 * Uploads a checked stream by a resumable session: in chunks of which nothing is visible before the last one,
 * and the last one is not sent before the whole body is known to be right. Where a chunk's request fails, the
 * server is asked how far it came.
 *
 * Source: https://cloud.google.com/storage/docs/performing-resumable-uploads
 */
export async function uploadResumably(
  connection: GcsConnection,
  operation: StoreOperation,
  upload: Upload,
  checkedChunks: AsyncIterable<Uint8Array>,
): Promise<{ resource: ObjectResource; crc32c: string }> {
  const session = await UploadSession.start(connection, operation, upload)
  const running = startCrc32c()
  let offset = 0
  try {
    for await (const bytes of cutChunks(checkedChunks, connection.settings.uploadChunkBytes)) {
      running.update(bytes)
      const isLast = offset + bytes.byteLength === upload.size
      const finished = await session.sendChunk(bytes, offset, isLast ? running.finish() : null)
      if (finished !== null) return { resource: finished, crc32c: running.finish() }
      offset += bytes.byteLength
    }
    throw storeFailure(operation, 'unexpected', 'the server took every byte and made no object of them')
  } catch (error) {
    const failure = error as StoreError
    if (failure.retry !== 'unknown-outcome') await session.forget()
    if (failure.kind !== 'not-found' && failure.kind !== 'upload-not-found') throw failure
    const message = 'the server forgot the upload before its end'
    throw storeFailure(operation, 'upload-not-found', message, { retry: 'yes', cause: failure.cause })
  }
}

/** One resumable session, which lives for a week at most. */
export class UploadSession {
  readonly #connection: GcsConnection
  readonly #operation: StoreOperation
  readonly #upload: Upload
  readonly #path: string

  private constructor(
    connection: GcsConnection,
    operation: StoreOperation,
    upload: Upload,
    location: string,
  ) {
    this.#connection = connection
    this.#operation = operation
    this.#upload = upload
    this.#path = connection.wire.pathOf(location)
  }

  static async start(
    connection: GcsConnection,
    operation: StoreOperation,
    upload: Upload,
  ): Promise<UploadSession> {
    const body = Buffer.from(JSON.stringify(upload.resource))
    const { headers, body: answer } = await connection.wire.send(operation, {
      method: 'POST',
      path: uploadPath(upload.container),
      query: {
        uploadType: 'resumable',
        name: operation.key!,
        ifGenerationMatch: upload.ifGenerationMatch,
        kmsKeyName: upload.kmsKeyName,
      },
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(body.byteLength),
        'x-upload-content-length': String(upload.size),
        'x-upload-content-type': String(upload.resource.contentType ?? 'application/octet-stream'),
      },
      body,
      as: 'stage',
      signal: upload.signal,
    })
    answer.resume()
    const { location } = headers
    if (location) return new UploadSession(connection, operation, upload, location)
    throw storeFailure(operation, 'unexpected', 'the server began no session for the upload')
  }

  /** Sends one chunk to its end. Answers the object that the last one made of them all, else null. */
  async sendChunk(bytes: Uint8Array, offset: number, crc32c: string | null): Promise<ObjectResource | null> {
    const { settings } = this.#connection
    const resumes =
      (settings.interruptedUploads ?? (isGoogle(settings) ? 'resumed' : 'given-up')) === 'resumed'
    let sent = 0
    for (let attempt = 1; ; attempt++) {
      try {
        const progress = await this.#put(bytes.subarray(sent), offset + sent, crc32c)
        if ('resource' in progress) return progress.resource
        sent = this.#checkedProgress(progress.received - offset, bytes.byteLength)
        if (sent === bytes.byteLength && crc32c === null) return null
        if (attempt >= settings.readAttemptsMax) throw this.#noProgress(crc32c)
      } catch (error) {
        const mayHelp = error instanceof StoreError && error.retry !== 'no'
        if (!mayHelp || !resumes || attempt >= settings.readAttemptsMax) throw error
        const progress = await this.#progressAfter(error, attempt)
        if ('resource' in progress) return progress.resource
        sent = this.#checkedProgress(progress.received - offset, bytes.byteLength)
        if (sent === bytes.byteLength && crc32c === null) return null
      }
    }
  }

  /** Lets the server drop what it has; it would do so by itself after a week. */
  async forget(): Promise<void> {
    const request = { method: 'DELETE', path: this.#path, as: 'stage', alsoAccepts: 499 } as const
    await this.#connection.wire.send(this.#operation, request).then(
      answer => answer.body.resume(),
      (problem: unknown) => problem,
    )
  }

  async #put(bytes: Uint8Array, start: number, crc32c: string | null): Promise<Progress> {
    const request: WireRequest = {
      method: 'PUT',
      path: this.#path,
      headers: {
        'content-length': String(bytes.byteLength),
        'content-range':
          bytes.byteLength === 0
            ? `bytes */${this.#upload.size}`
            : `bytes ${start}-${start + bytes.byteLength - 1}/${this.#upload.size}`,
        ...(crc32c === null ? {} : { 'x-goog-hash': `crc32c=${base64Of(crc32c)}` }),
      },
      body: bytes,
      as: crc32c === null ? 'stage' : 'upload',
      alsoAccepts: INCOMPLETE,
      signal: this.#upload.signal,
    }
    return this.#progressOf(request, await this.#connection.wire.send(this.#operation, request))
  }

  /** How far the server came. */
  async askProgress(): Promise<Progress> {
    const request: WireRequest = {
      method: 'PUT',
      path: this.#path,
      headers: { 'content-range': `bytes */${this.#upload.size}`, 'content-length': '0' },
      as: 'stage',
      alsoAccepts: INCOMPLETE,
      signal: this.#upload.signal,
    }
    return this.#progressOf(request, await this.#connection.wire.send(this.#operation, request))
  }

  /** How far the server came before a request failed. When it does not say, that failure stands. */
  async #progressAfter(failure: StoreError, attempt: number): Promise<Progress> {
    const { signal } = this.#upload
    try {
      if (signal?.aborted) throw failure
      await this.#connection.wire.pause(this.#operation, attempt, signal)
      return await this.askProgress()
    } catch {
      throw signal?.aborted ? abortFailure(this.#operation, signal, failure.retry) : failure
    }
  }

  async #progressOf(request: WireRequest, answer: WireAnswer): Promise<Progress> {
    if (answer.status !== INCOMPLETE) {
      const document = await this.#connection.wire.documentOf(this.#operation, request, answer)
      return { resource: resourceFrom(this.#operation, document, 'unknown-outcome') }
    }
    answer.body.resume()
    const [, last] = /^bytes=0-(\d+)$/.exec(answer.headers.range ?? '') ?? []
    return { received: last === undefined ? 0 : Number(last) + 1 }
  }

  #checkedProgress(sent: number, size: number): number {
    if (sent >= 0 && sent <= size) return sent
    const message = 'the server lost, or never had, bytes of the upload that it took'
    throw storeFailure(this.#operation, 'unexpected', message)
  }

  #noProgress(crc32c: string | null): StoreError {
    return storeFailure(this.#operation, 'unexpected', 'the server takes no more bytes of the upload', {
      retry: crc32c === null ? 'yes' : 'unknown-outcome',
    })
  }
}

/** What the server made of the bytes, or how many it has. */
type Progress = { readonly resource: ObjectResource } | { readonly received: number }
