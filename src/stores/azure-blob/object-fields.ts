import type { BlockBlobTier } from '@azure/storage-blob'
import type { StoreIdentity } from '../../domain/object.ts'
import { checkHeaderValue } from '../call-rules.ts'
import { contentHeadersOf } from '../content-headers.ts'
import { decodeMetadataValue, encodeMetadataValue } from '../metadata-encoding.ts'
import type {
  ArchiveState,
  ObjectDigests,
  ObjectEncryption,
  ObjectLock,
  PutFacts,
  StoredObject,
} from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { ACCESS_TIERS, ARCHIVE_TIER } from './capabilities.ts'
import { decodeMetadataName, encodeMetadataName } from './metadata-names.ts'

/** Where the `Expires` header stays, which Azure has no field for. Metadata names never begin like that. */
const EXPIRES_NAME = 'dim_h_expires'

/** What travels with the bytes, as a write of the SDK takes it. */
export interface BlobFacts {
  readonly blobHTTPHeaders: {
    readonly blobContentType?: string
    readonly blobContentEncoding?: string
    readonly blobContentDisposition?: string
    readonly blobContentLanguage?: string
    readonly blobCacheControl?: string
  }
  readonly metadata: Record<string, string>
  readonly tier?: BlockBlobTier
  readonly encryptionScope?: string
  readonly tags?: Record<string, string>
  readonly immutabilityPolicy?: { expiriesOn: Date; policyMode: 'Unlocked' | 'Locked' }
  readonly legalHold?: boolean
}

/** The fields of a write that carry what travels with the bytes. Throws for what Azure would not keep. */
export function blobFactsOf(operation: StoreOperation, facts: PutFacts): BlobFacts {
  const { expires, ...headers } = facts.headers ?? {}
  for (const value of Object.values(facts.headers ?? {})) checkHeaderValue(operation, value)
  const { storageClass } = facts
  if (storageClass !== undefined && !ACCESS_TIERS.includes(storageClass)) {
    const message = `"${storageClass}" is no access tier; there are ${ACCESS_TIERS.join(', ')}`
    throw storeFailure(operation, 'unsupported', message)
  }
  return {
    blobHTTPHeaders: {
      ...(headers.contentType === undefined ? {} : { blobContentType: headers.contentType }),
      ...(headers.contentEncoding === undefined ? {} : { blobContentEncoding: headers.contentEncoding }),
      ...(headers.contentDisposition === undefined
        ? {}
        : { blobContentDisposition: headers.contentDisposition }),
      ...(headers.contentLanguage === undefined ? {} : { blobContentLanguage: headers.contentLanguage }),
      ...(headers.cacheControl === undefined ? {} : { blobCacheControl: headers.cacheControl }),
    },
    metadata: {
      ...encodedMetadata(facts),
      ...(expires === undefined ? {} : { [EXPIRES_NAME]: encodeMetadataValue(expires) }),
    },
    ...(storageClass === undefined ? {} : { tier: storageClass as BlockBlobTier }),
    ...encryptionFieldOf(operation, facts),
    ...(Object.keys(facts.tags ?? {}).length === 0 ? {} : { tags: { ...facts.tags } }),
    ...lockFieldsOf(facts.lock),
  }
}

function lockFieldsOf(lock: ObjectLock | undefined): Pick<BlobFacts, 'immutabilityPolicy' | 'legalHold'> {
  if (lock === undefined) return {}
  const { retention, legalHold } = lock
  const policyMode = retention?.mode === 'compliance' ? 'Locked' : 'Unlocked'
  return {
    ...(retention === null
      ? {}
      : { immutabilityPolicy: { expiriesOn: new Date(retention.until), policyMode } }),
    ...(legalHold ? { legalHold } : {}),
  }
}

/**
 * Azure encrypts by itself whatever it keeps; another key than the account's is named by an encryption scope.
 */
function encryptionFieldOf(
  operation: StoreOperation,
  { encryption }: PutFacts,
): { encryptionScope?: string } {
  if (encryption?.kind !== 'kms') return {}
  if (encryption.keyId !== undefined) return { encryptionScope: encryption.keyId }
  throw storeFailure(operation, 'unsupported', 'a key other than the account’s needs the name of its scope')
}

function encodedMetadata(facts: PutFacts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts.metadata ?? {}).map(([name, value]) => [
      encodeMetadataName(name),
      encodeMetadataValue(value),
    ]),
  )
}

/** What the SDK tells of a blob with the answers to Get Blob and Get Blob Properties. */
export interface BlobAnswer {
  readonly etag?: string | undefined
  readonly versionId?: string | undefined
  readonly lastModified?: Date | undefined
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly contentLanguage?: string | undefined
  readonly cacheControl?: string | undefined
  readonly metadata?: Record<string, string> | undefined
  readonly accessTier?: string | undefined
  /** On its way out of the archive: `rehydrate-pending-to-…`. */
  readonly archiveStatus?: string | undefined
  readonly isServerEncrypted?: boolean | undefined
  readonly encryptionScope?: string | undefined
  readonly immutabilityPolicyExpiresOn?: Date | undefined
  readonly immutabilityPolicyMode?: string | undefined
  readonly legalHold?: boolean | undefined
}

/** Facts of an object. `size` and `md5` are those of the whole object. */
export function storedObjectOf(
  answer: BlobAnswer,
  size: number,
  md5: Uint8Array | undefined,
  keepsVersions: boolean,
): StoredObject {
  const { [EXPIRES_NAME]: expires, ...metadata } = answer.metadata ?? {}
  return {
    size,
    identity: identityOf(answer, keepsVersions),
    lastModified: answer.lastModified?.getTime() ?? 0,
    headers: contentHeadersOf(answer, expires === undefined ? undefined : decodeMetadataValue(expires)),
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [decodeMetadataName(name), decodeMetadataValue(value)]),
    ),
    storageClass: answer.accessTier ?? null,
    archive: archiveStateOf(answer),
    tags: null,
    encryption: encryptionOf(answer),
    lock: lockOf(answer),
    digests: digestsOf(md5),
  }
}

/** A blob that came back from the archive lies in another tier, and says nothing of it any more. */
function archiveStateOf({ accessTier, archiveStatus }: BlobAnswer): ArchiveState | null {
  if (accessTier !== ARCHIVE_TIER) return null
  return { kind: archiveStatus?.startsWith('rehydrate-pending') === true ? 'restoring' : 'archived' }
}

function encryptionOf({ isServerEncrypted, encryptionScope }: BlobAnswer): ObjectEncryption | null {
  if (encryptionScope) return { kind: 'kms', keyId: encryptionScope }
  return isServerEncrypted === true ? { kind: 'store' } : null
}

function lockOf(answer: BlobAnswer): ObjectLock | null {
  const { immutabilityPolicyExpiresOn: until, immutabilityPolicyMode, legalHold = false } = answer
  if (until === undefined) return legalHold ? { retention: null, legalHold } : null
  const mode = immutabilityPolicyMode?.toLowerCase() === 'unlocked' ? 'governance' : 'compliance'
  return { retention: { mode, until: until.getTime() }, legalHold }
}

/** The identity Azure gives to bytes: a new ETag with every write. */
export function identityOf(
  answer: Pick<BlobAnswer, 'etag' | 'versionId'>,
  keepsVersions: boolean,
): StoreIdentity {
  return { etag: unquote(answer.etag), versionId: keepsVersions ? (answer.versionId ?? null) : null }
}

/** An ETag without its quotes. */
export function unquote(etag: string | undefined): string | null {
  return etag === undefined || etag === '' ? null : etag.replace(/^"(.*)"$/, '$1')
}

/** The digest Azure reports, as our digests are written. */
export function digestsOf(md5: Uint8Array | undefined): ObjectDigests {
  return md5?.byteLength === 16 ? { md5: Buffer.from(md5).toString('hex') } : {}
}
