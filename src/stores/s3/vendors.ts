import type { S3Settings } from './config.ts'

/**
 * What is known of an S3 server before anything is tried: where its habits are invisible to a probe, or a probe
 * would have to do harm. What a probe finds out goes before what is written here.
 */
export interface S3Vendor {
  readonly name: string
  /** How it is recognised: by the host name of its endpoint, or by the `Server` header of its answers. */
  readonly host?: RegExp
  readonly server?: RegExp
  /** Settings that follow from what it is. */
  readonly settings: Partial<Pick<S3Settings, 'keys' | 'reservedPrefixes'>>
  /** What people should know, a sentence each. */
  readonly notes: readonly string[]
  /** Where this is from. */
  readonly source: string
}

/** The servers that are known, each once; the first that is recognised counts. */
export const S3_VENDORS: readonly S3Vendor[] = [
  {
    name: 'AWS',
    host: /(^|\.)amazonaws\.com(\.cn)?$/,
    server: /^AmazonS3$/,
    settings: {},
    notes: [
      'Every object without a checksum gets a CRC-64/NVME of the whole, uploads in parts included.',
      'Infrequent-access and archive classes are charged for 30 to 180 days at least.',
    ],
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html',
  },
  {
    name: 'Cloudflare R2',
    host: /\.r2\.cloudflarestorage\.com$/,
    settings: {},
    notes: [
      'It has no tags, no object locks by the S3 API, and no old versions.',
      'All parts of an upload but the last must have one size, as ours have.',
    ],
    source: 'https://developers.cloudflare.com/r2/api/s3/api/',
  },
  {
    name: 'Backblaze B2',
    host: /\.backblazeb2\.com$/,
    settings: {},
    notes: [
      'Buckets keep old versions, which are paid for until a lifecycle rule removes them: set capabilities.versions.',
      'It has no tags and one storage class.',
    ],
    source: 'https://www.backblaze.com/docs/cloud-storage-s3-compatible-api',
  },
  {
    name: 'Wasabi',
    host: /\.wasabisys\.com$/,
    server: /^WasabiS3/,
    settings: {},
    notes: ['Deleted bytes are charged until 90 days (30 with some contracts) after they were written.'],
    source: 'https://docs.wasabi.com/docs/how-does-wasabis-minimum-storage-duration-policy-work',
  },
  {
    name: 'MinIO',
    server: /^MinIO/i,
    settings: { reservedPrefixes: ['.minio.sys'] },
    notes: ['It ignores conditions on deletes, and refuses keys with empty, `.` or `..` segments.'],
    source: 'run: 2026-02 pseudo-version',
  },
  {
    name: 'StorageGRID',
    server: /StorageGRID/i,
    settings: {},
    notes: ['Listings may lag behind writes where a bucket’s consistency is set to `available`.'],
    source: 'https://docs.netapp.com/us-en/storagegrid/s3/index.html',
  },
  {
    name: 'Ceph',
    server: /^Ceph Object Gateway/i,
    settings: {},
    notes: [
      'Storage classes are those the operator named: set capabilities.storageClasses.',
      'Release 16 honours If-None-Match on writes, and ignores If-Match on deletes.',
    ],
    source: 'https://docs.ceph.com/en/latest/radosgw/placement/; run: 16.2',
  },
  {
    name: 'versitygw',
    server: /^VERSITYGW$/i,
    settings: { keys: 'paths', reservedPrefixes: ['.sgwtmp'] },
    notes: ['Over a folder it makes an object of whatever came before a connection broke.'],
    source: 'run: 1.8.0',
  },
]

/** The server behind an endpoint, by its address or its own words; null for one that is not known. */
export function s3VendorOf(seen: { hostname: string; server: string | null }): S3Vendor | null {
  return (
    S3_VENDORS.find(
      ({ host, server }) =>
        host?.test(seen.hostname) === true || (seen.server !== null && server?.test(seen.server) === true),
    ) ?? null
  )
}
