import { deleteUploadStart, saveUploadStart } from '../../database/writes/upload-starts.ts'
import { MIB } from '../../domain/bytes.ts'
import { newId } from '../../domain/identifiers.ts'
import {
  type MultipartStore,
  type ObjectStore,
  type PutFacts,
  StoreError,
} from '../../stores/object-store.ts'
import type { ByteReader } from '../body/byte-reader.ts'
import { GatewayError } from '../error-table.ts'
import type { GatewayServices } from '../services.ts'
import { type OpenWriteTarget, withContainer } from './write-target.ts'

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

/**
 * Begins an upload at the store of a target. Where it begins is written down before, so that one whose id gets
 * lost is found again; call `isKnown` when the id is written down. Costs two short statements.
 */
export async function beginUpload(
  services: GatewayServices,
  target: OpenWriteTarget,
  facts: PutFacts,
): Promise<{ uploadId: string; isKnown(): Promise<void> }> {
  const { database, log } = services.options
  const { container, nativeKey } = target
  const multipart = multipartOf(target.store)
  const { storeId } = target.bucket.writeTarget
  const id = newId()
  await saveUploadStart(database, { id, storeId, container, nativeKey })
  const isKnown = () =>
    deleteUploadStart(database, id).catch(error => {
      // What stays is a row; an upload that is known is not aborted for it.
      log.warn({ error, container, nativeKey }, 'the beginning of an upload could not be forgotten')
    })
  try {
    const { uploadId } = await withContainer(target, () => multipart.create(container, nativeKey, facts))
    return { uploadId, isKnown }
  } catch (error) {
    if (error instanceof StoreError && error.retry !== 'unknown-outcome') await isKnown()
    throw error
  }
}

/** The store's multipart side. Throws `NotImplemented` when it has none: nothing else stages invisibly. */
export function multipartOf(store: ObjectStore): MultipartStore {
  if (store.multipart === undefined) {
    throw new GatewayError('NotImplemented', 'The store of this bucket takes no uploads of this size.')
  }
  return store.multipart
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
