import { createHash, type Hash } from 'node:crypto'
import { type Bytes, MIB } from '../../domain/bytes.ts'
import { combineCrc64Nvme, startCrc64Nvme } from '../../domain/crc64-nvme.ts'
import { joinSignals } from '../../domain/join-signals.ts'
import type { Copy } from '../../domain/object.ts'
import type { MultipartStore } from '../../stores/object-store.ts'
import type { SeenContent } from './content-digests.ts'
import { type MigrationJob, requestSignal, targetKeyOf } from './migration-job.ts'
import { buffersOf } from './migration-memory.ts'
import { noteProgress } from './progress.ts'
import { openSourceRange } from './source-body.ts'

/** How many parts of one object are on their way at once. */
const PARTS_AT_ONCE = 4
/**
 * Larger parts, which only the largest objects have, pass through without being collected, one after the
 * other.
 */
const COLLECTED_BYTES_MAX = 16 * MIB

/** A part at the target. */
interface SentPart {
  readonly partNumber: number
  readonly etag: string
}

/** One part of an object: where it begins and how long it is. */
interface PartSpan {
  readonly partNumber: number
  readonly start: Bytes
  readonly size: Bytes
}

/**
 * Copies an object part by part into an upload that was begun, several at once: each is read by a request of
 * its own that names the source's identity, and sent with its checksum. The checksum of the whole is put
 * together from those of the parts; SHA-256, which cannot be, is fed in order by the parts that wait for their
 * turn. Parts begin in order and wait for memory in order, so the one everybody waits for is always under way.
 */
export async function sendParts(
  job: MigrationJob,
  copy: Copy,
  upload: {
    readonly multipart: MultipartStore
    readonly uploadId: string
    readonly partBytes: Bytes
    /** SHA-256 besides the CRC-64/NVME. */
    readonly needsSha256: boolean
  },
): Promise<{ readonly content: SeenContent; readonly parts: readonly SentPart[] }> {
  const spans = spansOf(copy.size, upload.partBytes)
  const inOrder = new InOrder(upload.needsSha256 ? createHash('sha256') : null)
  const cut = new AbortController()
  const signal = joinSignals([job.signal, cut.signal])
  const sent: CopiedPart[] = []
  let bytesCopied = 0
  let next = 0

  async function work(): Promise<void> {
    for (let span = spans[next]; span !== undefined; span = spans[next]) {
      const index = next++
      const options = { job, copy, span, upload, inOrder, signal }
      sent[index] = await (span.size > COLLECTED_BYTES_MAX ? streamPart(options) : copyPart(options))
      bytesCopied += span.size
      await noteProgress(job, bytesCopied)
    }
  }

  const atOnce = upload.partBytes > COLLECTED_BYTES_MAX ? 1 : Math.min(PARTS_AT_ONCE, spans.length)
  const workers = Array.from({ length: atOnce }, () =>
    work().catch((error: unknown) => {
      // The first failure is the reason; the others end because of it.
      cut.abort(error)
      throw error
    }),
  )
  const ended = await Promise.allSettled(workers)
  if (ended.some(({ status }) => status === 'rejected'))
    throw job.signal.aborted ? job.signal.reason : cut.signal.reason
  const crc64nvme = sent.reduce(
    (whole, { crc64nvme }, index) =>
      index === 0 ? crc64nvme : combineCrc64Nvme(whole, crc64nvme, spans[index]!.size),
    '',
  )
  const digests = { ...inOrder.finish(), crc64nvme }
  return { content: { size: bytesCopied, digests }, parts: sent.map(({ part }) => part) }
}

interface PartToSend {
  readonly job: MigrationJob
  readonly copy: Copy
  readonly span: PartSpan
  readonly upload: { readonly multipart: MultipartStore; readonly uploadId: string }
  readonly inOrder: InOrder
  readonly signal: AbortSignal
}

/**
 * Ends a request for a part when it hangs, or when another part failed. Made anew for each request: in one
 * whose turn at its store was long in coming, the next would have no time left.
 */
function ofPart({ job, span, signal }: PartToSend): AbortSignal {
  return requestSignal({ parts: job.parts, signal }, span.size)
}

/** A part at the target and the CRC-64/NVME of its bytes. */
interface CopiedPart {
  readonly part: SentPart
  readonly crc64nvme: string
}

async function copyPart(options: PartToSend): Promise<CopiedPart> {
  const { job, copy, span, upload, inOrder, signal } = options
  const { container } = job.target.location
  const buffer = await buffersOf(job.parts).take(span.size, signal)
  let isDone = false
  try {
    const crc64nvme = await readPart(job, copy, { span, into: buffer.bytes, signal: ofPart(options) })
    const [{ etag }] = await Promise.all([
      upload.multipart.putPart(
        container,
        targetKeyOf(job.migration),
        upload.uploadId,
        span.partNumber,
        buffer.bytes,
        { size: span.size, digests: { crc64nvme }, signal: ofPart(options) },
      ),
      inOrder.feed(span.partNumber, buffer.bytes, signal),
    ])
    isDone = true
    return { part: { partNumber: span.partNumber, etag }, crc64nvme }
  } finally {
    buffer.giveBack(isDone)
  }
}

async function streamPart(options: PartToSend): Promise<CopiedPart> {
  const { job, copy, span, upload, inOrder } = options
  const requests = ofPart(options)
  const { body } = await openSourceRange(job, copy, {
    range: rangeOf(span),
    areChunksLent: false,
    signal: requests,
  })
  const crc64nvme = startCrc64Nvme()
  async function* passing() {
    for await (const chunk of body) {
      crc64nvme.update(chunk)
      inOrder.update(chunk)
      yield chunk
    }
  }
  const { container } = job.target.location
  const { multipart, uploadId } = upload
  const { partNumber, size } = span
  const sending = { size, signal: requests }
  const { etag } = await multipart.putPart(
    container,
    targetKeyOf(job.migration),
    uploadId,
    partNumber,
    passing(),
    sending,
  )
  inOrder.skip(partNumber)
  return { part: { partNumber, etag }, crc64nvme: crc64nvme.finish() }
}

function rangeOf({ start, size }: PartSpan): { start: Bytes; end: Bytes } {
  return { start, end: start + size - 1 }
}

/** Resolves to the CRC-64/NVME of the part. */
async function readPart(
  job: MigrationJob,
  copy: Copy,
  { span, into, signal }: { span: PartSpan; into: Uint8Array; signal: AbortSignal },
): Promise<string> {
  const { body } = await openSourceRange(job, copy, { range: rangeOf(span), areChunksLent: true, signal })
  const crc64nvme = startCrc64Nvme()
  let length = 0
  // A body ends with an error unless it is as long as its range.
  for await (const chunk of body) {
    into.set(chunk, length)
    crc64nvme.update(chunk)
    length += chunk.byteLength
  }
  return crc64nvme.finish()
}

function spansOf(size: Bytes, partBytes: Bytes): PartSpan[] {
  return Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => ({
    partNumber: index + 1,
    start: index * partBytes,
    size: Math.min(partBytes, size - index * partBytes),
  }))
}

/** SHA-256, where it is wanted, whose parts may come in any order: each is fed when those before it were. */
class InOrder {
  readonly #hash: Hash | null
  readonly #waiting = new Map<number, () => void>()
  #next = 1

  constructor(hash: Hash | null) {
    this.#hash = hash
  }

  /** Resolves when the bytes are not needed any more; rejects with the signal's reason. */
  feed(partNumber: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#hash === null) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(partNumber)
        reject(signal.reason)
      }
      if (signal.aborted) return giveUp()
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.set(partNumber, () => {
        signal.removeEventListener('abort', giveUp)
        this.update(bytes)
        resolve()
      })
      this.#feedWaiting()
    })
  }

  /** For bytes that come in order anyway. */
  update(bytes: Uint8Array): void {
    this.#hash?.update(bytes)
  }

  /** Says that this part's bytes were all fed by `update`. */
  skip(partNumber: number): void {
    this.#next = partNumber + 1
    this.#feedWaiting()
  }

  finish(): { readonly sha256?: string } {
    return this.#hash === null ? {} : { sha256: this.#hash.digest('hex') }
  }

  #feedWaiting(): void {
    for (let feed = this.#waiting.get(this.#next); feed !== undefined; feed = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next)
      this.#next++
      feed()
    }
  }
}
