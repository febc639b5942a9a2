import { MIB } from '../../domain/bytes.ts'
import type { MultipartStore, ObjectStore } from '../../stores/object-store.ts'
import type { ByteReader } from '../body/byte-reader.ts'
import { GatewayError } from '../error-table.ts'
import type { OpenWriteTarget } from './write-target.ts'

/** Parts of staged uploads are of this size unless the store wants other ones. */
const PART_BYTES_USUAL = 16 * MIB

/** The part size for staging so many bytes at a store. Throws `EntityTooLarge` when they do not fit. */
export function partSizeOf(store: ObjectStore, size: number): number {
  const limits = store.capabilities.multipart
  if (limits === null) {
    throw new GatewayError('NotImplemented', 'The store of this bucket takes no uploads of this size.')
  }
  const partSize = Math.max(PART_BYTES_USUAL, limits.partSizeMin, Math.ceil(size / limits.partsMax))
  if (partSize > limits.partSizeMax) throw new GatewayError('EntityTooLarge')
  return partSize
}

/** Sends content part by part; after the last part the content's own checks have passed. */
export async function uploadParts(
  multipart: MultipartStore,
  target: Pick<OpenWriteTarget, 'container' | 'nativeKey'>,
  uploadId: string,
  reader: ByteReader,
  layout: { readonly size: number; readonly partSize: number },
): Promise<{ partNumber: number; etag: string }[]> {
  const parts: { partNumber: number; etag: string }[] = []
  for (let sent = 0; sent < layout.size; ) {
    const size = Math.min(layout.partSize, layout.size - sent)
    const partNumber = parts.length + 1
    const { etag } = await multipart.putPart(
      target.container,
      target.nativeKey,
      uploadId,
      partNumber,
      takeBytes(reader, size),
      { size },
    )
    parts.push({ partNumber, etag })
    sent += size
  }
  if ((await reader.take(1)) !== null) throw new GatewayError('IncompleteBody')
  return parts
}

async function* takeBytes(reader: ByteReader, size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; ) {
    const bytes = await reader.take(left)
    if (bytes === null) throw new GatewayError('IncompleteBody')
    left -= bytes.length
    yield bytes
  }
}
