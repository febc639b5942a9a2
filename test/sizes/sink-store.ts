import { type Bytes, KIB } from '../../src/domain/bytes.ts'
import { combineCrc64Nvme, startCrc64Nvme } from '../../src/domain/crc64-nvme.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import {
  type MultipartStore,
  type ObjectStore,
  type PutBody,
  type StoredObject,
  StoreError,
  type StoreErrorKind,
} from '../../src/stores/object-store.ts'
import { partBytesOf } from '../../src/workers/migrations/stage-target.ts'
import { type ImpliedContent, impliedContent } from './implied-content.ts'

/** What a sink is to be sent. */
export interface SinkExpectation {
  /** Of every object. */
  readonly size: Bytes
  readonly seed: string
  readonly limits: { readonly partSizeMin: Bytes; readonly partSizeMax: Bytes; readonly partsMax: number }
}

/** More than a mover has under way: only these are asked for again. */
const REMEMBERED_MAX = 2_000
/** How much is compared at once. */
const COMPARED_BYTES = 64 * KIB

interface Upload {
  readonly key: string
  readonly metadata: Readonly<Record<string, string>>
  readonly content: ImpliedContent
  readonly parts: Map<number, { readonly size: Bytes; readonly crc64nvme: string }>
}

/**
 * A store that looks at every byte it is sent and forgets it: a byte that is not what the source implies at
 * that place is refused as `digest-mismatch`. It reports the CRC-64/NVME of what came, and remembers the facts
 * of the last objects only.
 */
export function sinkStore(name: string, expected: SinkExpectation): ObjectStore {
  const memory = createMemoryStore({ name, settings: { capacityBytes: 0 } })
  const recent = new Map<string, StoredObject>()
  const uploads = new Map<string, Upload>()
  const partBytes = partBytesOf(expected.size, expected.limits)
  // One for all: nothing happens between filling it and comparing it.
  const wanted = Buffer.alloc(COMPARED_BYTES)
  let uploadsMade = 0

  function failure(kind: StoreErrorKind, operation: string, key: string, message: string): StoreError {
    return new StoreError({ kind, retry: 'no', store: name, operation, key, message })
  }

  function publish(
    key: string,
    { metadata, crc64nvme }: { metadata: Readonly<Record<string, string>>; crc64nvme: string },
  ) {
    const identity = { etag: crc64nvme, versionId: null }
    recent.set(key, {
      size: expected.size,
      identity,
      lastModified: 0,
      headers: {},
      metadata,
      storageClass: null,
      archive: null,
      digests: { crc64nvme },
      tags: {},
      encryption: null,
      lock: null,
    })
    if (recent.size > REMEMBERED_MAX) recent.delete(recent.keys().next().value!)
    return { identity, digests: { crc64nvme } }
  }

  function isImplied(piece: Uint8Array, content: ImpliedContent, start: Bytes): boolean {
    const implied = wanted.subarray(0, piece.byteLength)
    content.fill(implied, start)
    return implied.equals(piece)
  }

  async function look(
    body: PutBody,
    at: { key: string; content: ImpliedContent; start: Bytes; size: Bytes },
  ): Promise<string> {
    const crc64nvme = startCrc64Nvme()
    let length = 0
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      for (let offset = 0; offset < chunk.byteLength; offset += COMPARED_BYTES) {
        const piece = chunk.subarray(offset, offset + COMPARED_BYTES)
        const start = at.start + length + offset
        if (!isImplied(piece, at.content, start)) {
          throw failure('digest-mismatch', 'put', at.key, `other bytes than at ${start}`)
        }
      }
      crc64nvme.update(chunk)
      length += chunk.byteLength
    }
    if (length !== at.size) throw failure('truncated', 'put', at.key, `${length} bytes, not ${at.size}`)
    return crc64nvme.finish()
  }

  const contentOf = (key: string) => impliedContent(`${expected.seed}/${key}`)

  function uploadOf(operation: string, key: string, uploadId: string): Upload {
    const upload = uploads.get(uploadId)
    if (upload?.key === key) return upload
    throw failure('upload-not-found', operation, key, `there is no upload ${uploadId}`)
  }

  const multipart: MultipartStore = {
    async create(_, key, { metadata = {} }) {
      const uploadId = `upload-${++uploadsMade}`
      uploads.set(uploadId, { key, metadata, content: contentOf(key), parts: new Map() })
      return { uploadId }
    },
    async putPart(_, key, uploadId, partNumber, body, { size, digests }) {
      const { content, parts } = uploadOf('multipart.putPart', key, uploadId)
      if (partNumber > expected.limits.partsMax || size > expected.limits.partSizeMax) {
        throw failure('invalid-part', 'multipart.putPart', key, `part ${partNumber} of ${size} bytes`)
      }
      const crc64nvme = await look(body, { key, content, start: (partNumber - 1) * partBytes, size })
      if (digests?.crc64nvme !== undefined && digests.crc64nvme !== crc64nvme) {
        throw failure('digest-mismatch', 'multipart.putPart', key, `part ${partNumber} has another CRC`)
      }
      parts.set(partNumber, { size, crc64nvme })
      return { etag: crc64nvme }
    },
    async complete(_, key, uploadId, parts) {
      const upload = uploadOf('multipart.complete', key, uploadId)
      const found = parts.map(({ partNumber }) => upload.parts.get(partNumber)!)
      const size = found.reduce((sum, part) => sum + part.size, 0)
      if (size !== expected.size) throw failure('truncated', 'multipart.complete', key, `${size} bytes`)
      const whole = found.reduce((crc, part) => combineCrc64Nvme(crc, part.crc64nvme, part.size), NO_BYTES)
      uploads.delete(uploadId)
      return publish(key, { metadata: upload.metadata, crc64nvme: whole })
    },
    abort: async (_container, _key, uploadId) => void uploads.delete(uploadId),
  }

  return {
    ...memory,
    capabilities: {
      ...memory.capabilities,
      reportedDigests: ['crc64nvme'],
      multipart: { ...expected.limits, reportedDigests: ['crc64nvme'] },
      putSizeMax: expected.limits.partSizeMax,
    },
    multipart,
    ensureContainer: async () => undefined,
    async head(_, key) {
      const stored = recent.get(key)
      if (stored !== undefined) return stored
      throw failure('not-found', 'head', key, `there is no "${key}"`)
    },
    async put(_, key, body, { metadata = {}, size }) {
      const crc64nvme = await look(body, { key, content: contentOf(key), start: 0, size })
      return publish(key, { metadata, crc64nvme })
    },
  }
}

/** The CRC-64/NVME of nothing. */
const NO_BYTES = '0'.repeat(16)
