import { GIB, KIB, TIB } from '../../domain/bytes.ts'
import { KEY_BYTES_MAX } from '../call-rules.ts'
import type { StoreCapabilities } from '../object-store.ts'

/**
 * What the memory store can do: everything of the contract except keeping old versions. Encryption it only
 * remembers, as there is nobody to encrypt for.
 */
export const MEMORY_CAPABILITIES: StoreCapabilities = {
  conditionalPut: true,
  conditionalDelete: true,
  conditionalRead: true,
  reportedDigests: ['sha256', 'crc64nvme', 'md5'],
  versions: false,
  userMetadata: true,
  serverSideCopy: true,
  storageClasses: ['STANDARD', 'STANDARD_IA', 'GLACIER_IR'],
  archiveClasses: [],
  archiveRestore: 'none',
  tags: true,
  objectLock: true,
  encryption: 'on-request',
  multipart: {
    partSizeMin: 1,
    partSizeMax: 5 * GIB,
    partsMax: 10_000,
    // Nobody gives it digests of the whole.
    reportedDigests: [],
  },
  putSizeMax: 5 * TIB,
  keyBytesMax: KEY_BYTES_MAX,
  metadataBytesMax: 64 * KIB,
}
