import { z } from 'zod'
import type { StoreIdentity } from '../../domain/object.ts'
import { checkHeaderValue } from '../call-rules.ts'
import { contentHeadersOf } from '../content-headers.ts'
import { decodeMetadataValue, encodeMetadataValue } from '../metadata-encoding.ts'
import type {
  ListedObject,
  ObjectDigests,
  ObjectEncryption,
  ObjectLock,
  PutFacts,
  StoredObject,
} from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'

const digits = z.string().regex(/^\d{1,19}$/)

/** An object as the JSON API tells of it; what we have no use for is left out. */
export const objectResource = z.object({
  name: z.string(),
  generation: digits,
  size: digits,
  updated: z.string(),
  etag: z.string().optional(),
  storageClass: z.string().optional(),
  contentType: z.string().optional(),
  contentEncoding: z.string().optional(),
  contentDisposition: z.string().optional(),
  contentLanguage: z.string().optional(),
  cacheControl: z.string().optional(),
  // A record of zod would lose the name `__proto__`.
  metadata: z.custom<Readonly<Record<string, string>>>(isTextByName).optional(),
  md5Hash: z.string().optional(),
  crc32c: z.string().optional(),
  kmsKeyName: z.string().optional(),
  customerEncryption: z.object({}).optional(),
  retention: z.object({ mode: z.string(), retainUntilTime: z.string() }).optional(),
  retentionExpirationTime: z.string().optional(),
  temporaryHold: z.boolean().optional(),
  eventBasedHold: z.boolean().optional(),
})
export type ObjectResource = z.output<typeof objectResource>

function isTextByName(found: unknown): boolean {
  if (typeof found !== 'object' || found === null) return false
  return Object.values(found).every(value => typeof value === 'string')
}

/** The fields of {@link objectResource} as a request asks for them. */
export const OBJECT_FIELDS = Object.keys(objectResource.shape).join(',')

/** Where the `Expires` header stays, which Google has no field for. */
const EXPIRES_NAME = 'dim-header-expires'

/** What travels with the bytes, as an upload describes it. Throws for what would not come back. */
export function uploadedResourceOf(
  operation: StoreOperation,
  facts: PutFacts,
  digests: ObjectDigests,
): Record<string, unknown> {
  const { expires, ...headers } = facts.headers ?? {}
  for (const value of Object.values(facts.headers ?? {})) checkHeaderValue(operation, value)
  return {
    name: operation.key,
    ...headers,
    metadata: {
      ...encodedMetadata(facts),
      ...(expires === undefined ? {} : { [EXPIRES_NAME]: expires }),
    },
    ...(facts.storageClass === undefined ? {} : { storageClass: facts.storageClass }),
    ...lockFieldsOf(facts.lock),
    ...(digests.md5 === undefined ? {} : { md5Hash: base64Of(digests.md5) }),
    ...(digests.crc32c === undefined ? {} : { crc32c: base64Of(digests.crc32c) }),
  }
}

function lockFieldsOf(lock: ObjectLock | undefined): Record<string, unknown> {
  const { retention = null, legalHold = false } = lock ?? {}
  const mode = retention?.mode === 'compliance' ? 'Locked' : 'Unlocked'
  return {
    ...(retention === null
      ? {}
      : { retention: { mode, retainUntilTime: new Date(retention.until).toISOString() } }),
    ...(legalHold ? { temporaryHold: true } : {}),
  }
}

/**
 * The parameter of a write that names another key than Google's own, with which it encrypts by itself. A key's
 * version, which Google tells, is not one that can be asked for.
 */
export function encryptionKeyOf({ encryption }: PutFacts): string | undefined {
  return encryption?.kind === 'kms' ? encryption.keyId?.replace(/\/cryptoKeyVersions\/\d+$/, '') : undefined
}

/** The metadata as it is kept. Throws for a name that is kept for ourselves. */
export function checkMetadataNames(operation: StoreOperation, facts: PutFacts): void {
  if (facts.metadata?.[EXPIRES_NAME] === undefined) return
  throw storeFailure(operation, 'unsupported', `the metadata name "${EXPIRES_NAME}" is taken`)
}

/** The metadata as it is kept: JSON carries any text, but other ways to the same object do not. */
export function encodedMetadata(facts: PutFacts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts.metadata ?? {}).map(([name, value]) => [
      name,
      isFragile(value) ? encodeMetadataValue(value) : value,
    ]),
  )
}

/** Whether a value would be trimmed, dropped or refused as an HTTP header, or looks like an encoded one. */
function isFragile(value: string): boolean {
  return value === '' || value.startsWith('=?') || value.trim() !== value || /\p{C}/u.test(value)
}

/** Facts of an object. `encryptsAlways`: whether the server is one that encrypts what it says nothing of. */
export function storedObjectOf(resource: ObjectResource, encryptsAlways: boolean): StoredObject {
  const { [EXPIRES_NAME]: expires, ...metadata } = resource.metadata ?? {}
  return {
    size: Number(resource.size),
    identity: identityOf(resource),
    lastModified: lastModifiedOf(resource),
    headers: contentHeadersOf(resource, expires),
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [name, decodeMetadataValue(value)]),
    ),
    storageClass: resource.storageClass ?? null,
    // Google's ARCHIVE class is read at once, like any other.
    archive: null,
    tags: null,
    encryption: encryptionOf(resource, encryptsAlways),
    lock: lockOf(resource),
    digests: digestsOf(resource),
  }
}

function encryptionOf(resource: ObjectResource, encryptsAlways: boolean): ObjectEncryption | null {
  if (resource.customerEncryption !== undefined) return { kind: 'client' }
  if (resource.kmsKeyName !== undefined) return { kind: 'kms', keyId: resource.kmsKeyName }
  return encryptsAlways ? { kind: 'store' } : null
}

/** A bucket's own retention holds as one that nobody can shorten for the object. */
function lockOf(resource: ObjectResource): ObjectLock | null {
  const legalHold = resource.temporaryHold === true || resource.eventBasedHold === true
  const until = Date.parse(resource.retention?.retainUntilTime ?? resource.retentionExpirationTime ?? '')
  if (Number.isNaN(until)) return legalHold ? { retention: null, legalHold } : null
  const mode = resource.retention?.mode === 'Unlocked' ? 'governance' : 'compliance'
  return { retention: { mode, until }, legalHold }
}

/** An object of a listing. */
export function listedObjectOf(resource: ObjectResource): ListedObject {
  return {
    key: resource.name,
    size: Number(resource.size),
    etag: resource.etag ?? null,
    lastModified: lastModifiedOf(resource),
    storageClass: resource.storageClass ?? null,
  }
}

/**
 * The identity Google gives to bytes: a generation of their own, and an ETag that changes with their metadata
 * too.
 */
export function identityOf(resource: ObjectResource): StoreIdentity {
  return { etag: resource.etag ?? null, versionId: resource.generation }
}

/** The digests Google reports, as our digests are written. A composite object has no MD5. */
export function digestsOf(resource: ObjectResource): ObjectDigests {
  const md5 = hexOf(resource.md5Hash, 16)
  const crc32c = hexOf(resource.crc32c, 4)
  return { ...(md5 === null ? {} : { md5 }), ...(crc32c === null ? {} : { crc32c }) }
}

function lastModifiedOf(resource: ObjectResource): number {
  const time = Date.parse(resource.updated)
  return Number.isNaN(time) ? 0 : time
}

/** Bytes in base64, as the JSON API writes digests. */
export function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

function hexOf(base64: string | undefined, length: number): string | null {
  const bytes = Buffer.from(base64 ?? '', 'base64')
  return bytes.length === length ? bytes.toString('hex') : null
}
