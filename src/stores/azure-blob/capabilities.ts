import { KIB, MIB } from '../../domain/bytes.ts'
import { KEY_BYTES_MAX } from '../call-rules.ts'
import type { StoreCapabilities } from '../object-store.ts'
import type { AzureBlobSettings } from './config.ts'

/** The tier whose blobs cannot be read. */
export const ARCHIVE_TIER = 'Archive'

/** The access tiers that can be asked for, from the dearest to keep to the dearest to read. */
export const ACCESS_TIERS: readonly string[] = ['Hot', 'Cool', 'Cold', ARCHIVE_TIER]

/**
 * What Azure Blob Storage can do. Only MD5 is reported, and only what one Put Blob wrote has one that Azure
 * computed itself: a list of blocks has whatever its writer claims, so our uploads in parts claim none.
 *
 * Limits:
 * https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs
 */
export function azureBlobCapabilitiesOf(settings: AzureBlobSettings): StoreCapabilities {
  return {
    conditionalPut: true,
    conditionalDelete: true,
    conditionalRead: true,
    reportedDigests: ['md5'],
    versions: settings.versions,
    userMetadata: true,
    serverSideCopy: true,
    storageClasses: ACCESS_TIERS,
    archiveClasses: [ARCHIVE_TIER],
    archiveRestore: 'leaves-archive',
    tags: settings.tags,
    objectLock: settings.immutability,
    encryption: 'always',
    // Azure takes 50,000 blocks; whoever moves on to S3 must be able to keep the parts.
    multipart: { partSizeMin: 1, partSizeMax: 4_000 * MIB, partsMax: 10_000, reportedDigests: [] },
    putSizeMax: 5_000 * MIB,
    keyBytesMax: KEY_BYTES_MAX,
    metadataBytesMax: 8 * KIB,
  }
}
