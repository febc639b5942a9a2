import { GIB, KIB, TIB } from '../../domain/bytes.ts'
import { KEY_BYTES_MAX } from '../call-rules.ts'
import type { StoreCapabilities } from '../object-store.ts'

/**
 * What a folder can do. Conditions hold against every writer of this process; a stranger's write in the
 * same microseconds cannot be seen, as no file system has a conditional rename.
 */
export const FILESYSTEM_CAPABILITIES: StoreCapabilities = {
  conditionalPut: true,
  conditionalDelete: true,
  conditionalRead: true,
  // The digests in a sidecar are what the writer said of the bytes, not what the disk kept of them.
  reportedDigests: [],
  versions: false,
  userMetadata: true,
  serverSideCopy: true,
  storageClasses: [],
  archiveClasses: [],
  archiveRestore: 'none',
  tags: true,
  objectLock: false,
  encryption: 'none',
  multipart: { partSizeMin: 1, partSizeMax: 5 * GIB, partsMax: 10_000, reportedDigests: [] },
  putSizeMax: 5 * TIB,
  keyBytesMax: KEY_BYTES_MAX,
  metadataBytesMax: 64 * KIB,
}
