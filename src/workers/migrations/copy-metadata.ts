import {
  type CopyDescription,
  copyDescriptionMetadata,
  decodeCopyDescription,
} from '../../domain/copy-description.ts'
import type { Migration } from '../../domain/migration.ts'
import type { MigrationSubject } from '../../domain/migration-record.ts'
import { areTagsStorable } from '../../migration/fidelity.ts'
import type { PutFacts } from '../../stores/object-store.ts'
import { isEncryptionRequired, type MigrationEnd } from './migration-job.ts'

/** User metadata of stored bytes. */
type Metadata = Readonly<Record<string, string>>

/**
 * What travels with the bytes of a target copy: the object's own headers and metadata, so that it can be read
 * where it lies, and what the copy says about itself. Where both do not fit, the catalog still has the
 * object's; the copy then keeps its description, without which nobody could tell whose bytes these are.
 */
export function targetFacts(
  migration: Migration,
  subject: MigrationSubject,
  target: MigrationEnd,
  sha256: string | null,
): PutFacts {
  const { capabilities } = target.store
  const { storageClass } = target.location
  const description = copyDescriptionOf(migration, subject, sha256)
  const tags = subject.version?.tags ?? {}
  const keepsTags = capabilities.tags && Object.keys(tags).length > 0 && areTagsStorable(tags)
  const isRequired = isEncryptionRequired(migration, subject.bucket)
  const asksForEncryption = isRequired && capabilities.encryption === 'on-request'
  const own = subject.version?.metadata ?? {}
  return {
    headers: subject.version?.headers ?? {},
    ...(capabilities.userMetadata
      ? { metadata: fitting(own, description, capabilities.metadataBytesMax) }
      : {}),
    ...(storageClass === null ? {} : { storageClass }),
    ...(keepsTags ? { tags } : {}),
    ...(asksForEncryption ? { encryption: { kind: 'store' } } : {}),
  }
}

/** What a migration's target copy says about itself. */
export function copyDescriptionOf(
  migration: Migration,
  subject: MigrationSubject,
  sha256: string | null,
): CopyDescription {
  return {
    bucket: subject.bucket.name,
    key: migration.key,
    generation: migration.generation,
    sha256,
    etag: subject.version?.etag ?? null,
    intentId: migration.id,
  }
}

/** The most that fits: the target's key is the object's own, so the description can do without it first. */
function fitting(own: Metadata, description: CopyDescription, bytesMax: number): Record<string, string> {
  const whole = copyDescriptionMetadata(description)
  const short = copyDescriptionMetadata({ ...description, key: null })
  const candidates = [{ ...own, ...whole }, { ...own, ...short }, whole]
  return candidates.find(metadata => bytesOf(metadata) <= bytesMax) ?? short
}

function bytesOf(metadata: Metadata): number {
  return Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  )
}

/** Whether these bytes were published by the write or migration with this id. */
export function wasPublishedBy(metadata: Metadata, intentId: string): boolean {
  return decodeCopyDescription(metadata)?.intentId === intentId
}

/** Whether these bytes say that they are this object's, of whatever generation. */
export function describesObject(metadata: Metadata, bucketName: string, key: string): boolean {
  const said = decodeCopyDescription(metadata)
  return said !== null && said.bucket === bucketName && (said.key === null || said.key === key)
}

/** Whether these bytes say that they are content of this object which is not in the catalog yet. */
export function describesNewer(
  metadata: Metadata,
  bucketName: string,
  key: string,
  generation: number,
): boolean {
  const said = decodeCopyDescription(metadata)
  return said !== null && said.generation > generation && describesObject(metadata, bucketName, key)
}

/** Whether these bytes say that they are another object's, or another generation's. */
export function describesAnother(
  metadata: Metadata,
  expected: { readonly bucketName: string; readonly key: string; readonly generation: number },
): boolean {
  const said = decodeCopyDescription(metadata)
  if (said === null) return false
  const isSameGeneration = said.generation === expected.generation || said.generation === GENERATION_UNKNOWN
  return !isSameGeneration || !describesObject(metadata, expected.bucketName, expected.key)
}

/** An upload in parts is described before its generation is known. */
const GENERATION_UNKNOWN = 0
