import { GIB, KIB, MIB } from '../../domain/bytes.ts'
import { KEY_BYTES_MAX } from '../call-rules.ts'
import type { StoreCapabilities } from '../object-store.ts'
import type { S3Settings } from './config.ts'

/**
 * The classes of AWS that have to be restored before they can be read; GLACIER_IR is not one of them.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
 */
export const ARCHIVE_CLASSES = ['GLACIER', 'DEEP_ARCHIVE'] as const

/**
 * What an S3 server can do: the limits of the protocol, and for what servers differ in the settings, which
 * `probe-capabilities.ts` finds out. What nobody found out counts as missing: a server that ignores a
 * condition on a delete would delete bytes that are not ours.
 *
 * Limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
export function s3CapabilitiesOf(settings: S3Settings): StoreCapabilities {
  const found = settings.capabilities
  const archiveClasses = found.archiveClasses ?? ARCHIVE_CLASSES
  return {
    conditionalPut: found.conditionalPut ?? false,
    conditionalDelete: found.conditionalDelete ?? false,
    conditionalRead: found.conditionalRead ?? true,
    reportedDigests: found.reportedDigests ?? [],
    versions: found.versions ?? false,
    userMetadata: true,
    serverSideCopy: found.serverSideCopy ?? false,
    // A class is changed by a copy onto itself.
    storageClasses: found.serverSideCopy === true ? (found.storageClasses ?? []) : [],
    archiveClasses,
    // A server that has such classes and no RestoreObject says so when it is asked.
    archiveRestore: archiveClasses.length === 0 ? 'none' : 'copy-for-days',
    tags: found.tags ?? false,
    objectLock: found.objectLock ?? false,
    encryption: found.encryption ?? 'none',
    multipart: {
      partSizeMin: 5 * MIB,
      partSizeMax: 5 * GIB,
      partsMax: 10_000,
      // The checksum of the whole that an upload is created with; others are put together of those of its parts.
      reportedDigests: (found.reportedDigests ?? []).filter(
        name => found.multipartDigests === true && name === 'crc64nvme',
      ),
    },
    putSizeMax: 5 * GIB,
    keyBytesMax: KEY_BYTES_MAX,
    metadataBytesMax: 2 * KIB,
  }
}
