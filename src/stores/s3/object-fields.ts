import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { ContentHeaders, StoreIdentity } from '../../domain/object.ts'
import type { PutFacts, PutOptions, StoredObject } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { decodeMetadataValue, encodeMetadataValue } from './metadata-encoding.ts'

/** Header values the SDK would reformat, to be sent as they are. */
export type ExactHeaders = Readonly<Record<string, string>>

/** The fields of a request that carry what travels with the bytes. */
export function factFieldsOf(operation: StoreOperation, facts: PutFacts) {
  const { contentType, contentEncoding, contentDisposition, contentLanguage, cacheControl, expires } =
    facts.headers ?? {}
  for (const value of Object.values(facts.headers ?? {})) checkHeader(operation, value)
  const fields = {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
    ...(contentDisposition === undefined ? {} : { ContentDisposition: contentDisposition }),
    ...(contentLanguage === undefined ? {} : { ContentLanguage: contentLanguage }),
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
    ...(facts.storageClass === undefined ? {} : { StorageClass: facts.storageClass as never }),
    Metadata: encodedMetadata(facts),
  }
  const exactHeaders: ExactHeaders = expires === undefined ? {} : { expires }
  return { fields, exactHeaders }
}

/** The metadata as it travels: names without the `x-amz-meta-` prefix, encoded values. */
export function encodedMetadata(facts: PutFacts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts.metadata ?? {}).map(([name, value]) => [name, encodeMetadataValue(value)]),
  )
}

function checkHeader(operation: StoreOperation, value: string): void {
  if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) return
  throw storeFailure(
    operation,
    'unsupported',
    `the header value ${JSON.stringify(value)} is not printable ASCII`,
  )
}

/**
 * The fields of a put by which the server checks the bytes itself. S3 takes one checksum; SHA-256 can be
 * the signed hash of the payload besides.
 */
export function digestFieldsOf(digests: NonNullable<PutOptions['digests']>) {
  const { md5, sha256, crc64nvme } = digests
  const fields = {
    ...(md5 === undefined ? {} : { ContentMD5: base64Of(md5) }),
    ...(crc64nvme === undefined ? {} : { ChecksumCRC64NVME: base64Of(crc64nvme) }),
    ...(sha256 === undefined || crc64nvme !== undefined ? {} : { ChecksumSHA256: base64Of(sha256) }),
  }
  const exactHeaders: ExactHeaders = sha256 === undefined ? {} : { 'x-amz-content-sha256': sha256 }
  return { fields, exactHeaders }
}

/** Facts of an object from the answer to HEAD or GET. `size` is that of the whole object. */
export function storedObjectOf(
  output: Omit<HeadObjectCommandOutput, '$metadata'>,
  size: number,
  keepsVersions: boolean,
): StoredObject {
  return {
    size,
    identity: identityOf(output, keepsVersions),
    lastModified: output.LastModified?.getTime() ?? 0,
    headers: headersOf(output),
    metadata: Object.fromEntries(
      Object.entries(output.Metadata ?? {}).map(([name, value]) => [name, decodeMetadataValue(value)]),
    ),
    storageClass: output.StorageClass ?? null,
    digests: digestsOf(output),
  }
}

/** The identity S3 gives to bytes. */
export function identityOf(
  output: { ETag?: string | undefined; VersionId?: string | undefined },
  keepsVersions: boolean,
): StoreIdentity {
  return { etag: unquote(output.ETag), versionId: keepsVersions ? (output.VersionId ?? null) : null }
}

/** An ETag without its quotes. */
export function unquote(etag: string | undefined): string | null {
  return etag === undefined || etag === '' ? null : etag.replace(/^"(.*)"$/, '$1')
}

function headersOf(output: Omit<HeadObjectCommandOutput, '$metadata'>): ContentHeaders {
  return {
    ...(output.ContentType ? { contentType: output.ContentType } : {}),
    ...(output.ContentEncoding ? { contentEncoding: output.ContentEncoding } : {}),
    ...(output.ContentDisposition ? { contentDisposition: output.ContentDisposition } : {}),
    ...(output.ContentLanguage ? { contentLanguage: output.ContentLanguage } : {}),
    ...(output.CacheControl ? { cacheControl: output.CacheControl } : {}),
    ...(output.ExpiresString ? { expires: output.ExpiresString } : {}),
  }
}

/** Checksums of the whole object; those of a multipart upload's parts (`…-3`) say nothing about the whole. */
function digestsOf(output: Omit<HeadObjectCommandOutput, '$metadata'>): StoredObject['digests'] {
  const isWhole = output.ChecksumType !== 'COMPOSITE'
  const { ChecksumSHA256: sha256, ChecksumCRC64NVME: crc64nvme } = output
  return {
    ...(isWhole && isBase64(sha256, 32) ? { sha256: hexOf(sha256) } : {}),
    ...(isWhole && isBase64(crc64nvme, 8) ? { crc64nvme: hexOf(crc64nvme) } : {}),
  }
}

function isBase64(text: string | undefined, length: number): text is string {
  return text !== undefined && !text.includes('-') && Buffer.from(text, 'base64').length === length
}

function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex')
}
