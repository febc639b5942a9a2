import { GIB, KIB, TIB } from '../../domain/bytes.ts'
import { KEY_BYTES_MAX } from '../call-rules.ts'
import type { StoreCapabilities } from '../object-store.ts'
import { type GcsSettings, isGoogle } from './config.ts'

/** Whether uploads in parts are put together from hidden objects. */
function composes(settings: GcsSettings): boolean {
  return (settings.uploadsInParts ?? (isGoogle(settings) ? 'composed' : 'none')) === 'composed'
}

const GOOGLE_CLASSES = ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'] as const

/**
 * What Google Cloud Storage can do. Conditions are part of its contract and count as missing at other servers
 * until somebody found out. Reads compare the generation here, so they are conditional everywhere. A report is
 * trusted only where a wrong digest was seen to be refused or not to be repeated (`probe-capabilities.ts`).
 *
 * Limits: https://cloud.google.com/storage/quotas
 */
export function gcsCapabilitiesOf(settings: GcsSettings): StoreCapabilities {
  const found = settings.capabilities
  const hasCopies = found.serverSideCopy ?? isGoogle(settings)
  return {
    conditionalPut: found.conditionalPut ?? isGoogle(settings),
    conditionalDelete: found.conditionalDelete ?? isGoogle(settings),
    conditionalRead: true,
    reportedDigests: found.reportedDigests ?? [],
    versions: found.versions ?? false,
    userMetadata: true,
    serverSideCopy: hasCopies,
    // A class is changed by a copy onto itself.
    storageClasses: hasCopies ? (found.storageClasses ?? (isGoogle(settings) ? GOOGLE_CLASSES : [])) : [],
    // Even the class of that name is read at once.
    archiveClasses: [],
    archiveRestore: 'none',
    tags: false,
    objectLock: found.objectLock ?? false,
    encryption: isGoogle(settings) ? 'always' : 'none',
    multipart: composes(settings)
      ? {
          partSizeMin: 1,
          partSizeMax: 5 * GIB,
          partsMax: 10_000,
          // What is composed of others has no MD5.
          reportedDigests: (found.reportedDigests ?? []).filter(name => name !== 'md5'),
        }
      : null,
    putSizeMax: 5 * TIB,
    keyBytesMax: KEY_BYTES_MAX,
    metadataBytesMax: 8 * KIB,
  }
}
