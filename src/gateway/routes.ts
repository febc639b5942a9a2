import { GatewayError } from './error-table.ts'
import { abortMultipartUpload } from './operations/abort-multipart-upload.ts'
import {
  emptyAnswer,
  getBucketAcl,
  getBucketLocation,
  getBucketRequestPayment,
  getBucketVersioning,
  hasNone,
  putAcl,
} from './operations/bucket-answers.ts'
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts'
import { copyObject } from './operations/copy-object.ts'
import { createBucket } from './operations/create-bucket.ts'
import { createMultipartUpload } from './operations/create-multipart-upload.ts'
import { deleteBucket } from './operations/delete-bucket.ts'
import { deleteObject } from './operations/delete-object.ts'
import { deleteObjects } from './operations/delete-objects.ts'
import { getObject } from './operations/get-object.ts'
import { headBucket } from './operations/head-bucket.ts'
import { headObject } from './operations/head-object.ts'
import { listBuckets } from './operations/list-buckets.ts'
import { listMultipartUploads } from './operations/list-multipart-uploads.ts'
import { listObjectVersions } from './operations/list-object-versions.ts'
import { listObjectsV1 } from './operations/list-objects.ts'
import { listObjectsV2 } from './operations/list-objects-v2.ts'
import { listParts } from './operations/list-parts.ts'
import { getObjectAcl } from './operations/object-acl.ts'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './operations/object-tagging.ts'
import { putObject } from './operations/put-object.ts'
import { uploadPart } from './operations/upload-part.ts'
import { uploadPartCopy } from './operations/upload-part-copy.ts'
import type { RequestContext } from './request-context.ts'
import type { RequestTarget } from './request-target.ts'

/** One row of the routing table: which requests an operation answers. */
export interface Route {
  /** The operation's name in S3's documentation; logs and metrics use it. */
  readonly operation: string
  readonly method: string
  readonly resource: 'service' | 'bucket' | 'object'
  /** Query parameters that must all be present; with none, the operation of the plain resource. */
  readonly query: readonly string[]
  /** A header that must be present. */
  readonly header?: string
  run(context: RequestContext): Promise<void>
}

/** Every operation the gateway answers. The first row that fits wins, so plain resources come last. */
export const ROUTES: readonly Route[] = [
  { operation: 'ListBuckets', method: 'GET', resource: 'service', query: [], run: listBuckets },

  { operation: 'ListObjectsV2', method: 'GET', resource: 'bucket', query: ['list-type'], run: listObjectsV2 },
  {
    operation: 'ListObjectVersions',
    method: 'GET',
    resource: 'bucket',
    query: ['versions'],
    run: listObjectVersions,
  },
  {
    operation: 'ListMultipartUploads',
    method: 'GET',
    resource: 'bucket',
    query: ['uploads'],
    run: listMultipartUploads,
  },
  {
    operation: 'GetBucketLocation',
    method: 'GET',
    resource: 'bucket',
    query: ['location'],
    run: getBucketLocation,
  },
  {
    operation: 'GetBucketVersioning',
    method: 'GET',
    resource: 'bucket',
    query: ['versioning'],
    run: getBucketVersioning,
  },
  { operation: 'GetBucketAcl', method: 'GET', resource: 'bucket', query: ['acl'], run: getBucketAcl },
  { operation: 'PutBucketAcl', method: 'PUT', resource: 'bucket', query: ['acl'], run: putAcl },
  {
    operation: 'GetBucketRequestPayment',
    method: 'GET',
    resource: 'bucket',
    query: ['requestPayment'],
    run: getBucketRequestPayment,
  },
  {
    operation: 'GetBucketPolicy',
    method: 'GET',
    resource: 'bucket',
    query: ['policy'],
    run: hasNone('NoSuchBucketPolicy'),
  },
  {
    operation: 'GetBucketPolicyStatus',
    method: 'GET',
    resource: 'bucket',
    query: ['policyStatus'],
    run: hasNone('NoSuchBucketPolicy'),
  },
  {
    operation: 'GetBucketCors',
    method: 'GET',
    resource: 'bucket',
    query: ['cors'],
    run: hasNone('NoSuchCORSConfiguration'),
  },
  {
    operation: 'GetBucketLifecycleConfiguration',
    method: 'GET',
    resource: 'bucket',
    query: ['lifecycle'],
    run: hasNone('NoSuchLifecycleConfiguration'),
  },
  {
    operation: 'GetBucketEncryption',
    method: 'GET',
    resource: 'bucket',
    query: ['encryption'],
    run: hasNone('ServerSideEncryptionConfigurationNotFoundError'),
  },
  {
    operation: 'GetBucketTagging',
    method: 'GET',
    resource: 'bucket',
    query: ['tagging'],
    run: hasNone('NoSuchTagSet'),
  },
  {
    operation: 'GetBucketWebsite',
    method: 'GET',
    resource: 'bucket',
    query: ['website'],
    run: hasNone('NoSuchWebsiteConfiguration'),
  },
  {
    operation: 'GetBucketReplication',
    method: 'GET',
    resource: 'bucket',
    query: ['replication'],
    run: hasNone('ReplicationConfigurationNotFoundError'),
  },
  {
    operation: 'GetPublicAccessBlock',
    method: 'GET',
    resource: 'bucket',
    query: ['publicAccessBlock'],
    run: hasNone('NoSuchPublicAccessBlockConfiguration'),
  },
  {
    operation: 'GetBucketOwnershipControls',
    method: 'GET',
    resource: 'bucket',
    query: ['ownershipControls'],
    run: hasNone('OwnershipControlsNotFoundError'),
  },
  {
    operation: 'GetObjectLockConfiguration',
    method: 'GET',
    resource: 'bucket',
    query: ['object-lock'],
    run: hasNone('ObjectLockConfigurationNotFoundError'),
  },
  {
    operation: 'GetBucketLogging',
    method: 'GET',
    resource: 'bucket',
    query: ['logging'],
    run: emptyAnswer('BucketLoggingStatus'),
  },
  {
    operation: 'GetBucketNotificationConfiguration',
    method: 'GET',
    resource: 'bucket',
    query: ['notification'],
    run: emptyAnswer('NotificationConfiguration'),
  },
  {
    operation: 'GetBucketAccelerateConfiguration',
    method: 'GET',
    resource: 'bucket',
    query: ['accelerate'],
    run: emptyAnswer('AccelerateConfiguration'),
  },
  { operation: 'DeleteObjects', method: 'POST', resource: 'bucket', query: ['delete'], run: deleteObjects },
  { operation: 'ListObjects', method: 'GET', resource: 'bucket', query: [], run: listObjectsV1 },
  { operation: 'CreateBucket', method: 'PUT', resource: 'bucket', query: [], run: createBucket },
  { operation: 'HeadBucket', method: 'HEAD', resource: 'bucket', query: [], run: headBucket },
  { operation: 'DeleteBucket', method: 'DELETE', resource: 'bucket', query: [], run: deleteBucket },

  { operation: 'GetObjectAcl', method: 'GET', resource: 'object', query: ['acl'], run: getObjectAcl },
  { operation: 'PutObjectAcl', method: 'PUT', resource: 'object', query: ['acl'], run: putAcl },
  {
    operation: 'GetObjectTagging',
    method: 'GET',
    resource: 'object',
    query: ['tagging'],
    run: getObjectTagging,
  },
  {
    operation: 'PutObjectTagging',
    method: 'PUT',
    resource: 'object',
    query: ['tagging'],
    run: putObjectTagging,
  },
  {
    operation: 'DeleteObjectTagging',
    method: 'DELETE',
    resource: 'object',
    query: ['tagging'],
    run: deleteObjectTagging,
  },
  {
    operation: 'CreateMultipartUpload',
    method: 'POST',
    resource: 'object',
    query: ['uploads'],
    run: createMultipartUpload,
  },
  {
    operation: 'UploadPartCopy',
    method: 'PUT',
    resource: 'object',
    query: ['uploadId', 'partNumber'],
    header: 'x-amz-copy-source',
    run: uploadPartCopy,
  },
  {
    operation: 'UploadPart',
    method: 'PUT',
    resource: 'object',
    query: ['uploadId', 'partNumber'],
    run: uploadPart,
  },
  {
    operation: 'CompleteMultipartUpload',
    method: 'POST',
    resource: 'object',
    query: ['uploadId'],
    run: completeMultipartUpload,
  },
  {
    operation: 'AbortMultipartUpload',
    method: 'DELETE',
    resource: 'object',
    query: ['uploadId'],
    run: abortMultipartUpload,
  },
  { operation: 'ListParts', method: 'GET', resource: 'object', query: ['uploadId'], run: listParts },
  {
    operation: 'CopyObject',
    method: 'PUT',
    resource: 'object',
    query: [],
    header: 'x-amz-copy-source',
    run: copyObject,
  },
  { operation: 'GetObject', method: 'GET', resource: 'object', query: [], run: getObject },
  { operation: 'HeadObject', method: 'HEAD', resource: 'object', query: [], run: headObject },
  { operation: 'PutObject', method: 'PUT', resource: 'object', query: [], run: putObject },
  { operation: 'DeleteObject', method: 'DELETE', resource: 'object', query: [], run: deleteObject },
]

/**
 * Query parameters that name a part of a resource. One that no row asks for means an operation we do not
 * have; it must not be taken for the plain resource.
 */
const SUBRESOURCES = new Set([
  'accelerate',
  'acl',
  'analytics',
  'attributes',
  'cors',
  'delete',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'location',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versioning',
  'versions',
  'website',
])

const rowsByPlace = new Map<string, Route[]>()
for (const route of ROUTES) {
  const place = `${route.method} ${route.resource}`
  rowsByPlace.set(place, [...(rowsByPlace.get(place) ?? []), route])
}

/** The operation a request asks for. Throws `NotImplemented` or `MethodNotAllowed` when there is none. */
export function findRoute(
  method: string,
  target: RequestTarget,
  headers: Readonly<Record<string, unknown>>,
): Route {
  const resource = target.bucketName === null ? 'service' : target.key === null ? 'bucket' : 'object'
  const rows = rowsByPlace.get(`${method} ${resource}`)
  if (rows === undefined) throw new GatewayError(method === 'POST' ? 'NotImplemented' : 'MethodNotAllowed')
  const { query } = target
  const asked = query.pairs.length === 0 ? NONE : query.pairs.map(([name]) => name).filter(isSubresource)
  for (const row of rows) {
    const fits = row.query.every(name => query.has(name)) && asked.every(name => row.query.includes(name))
    if (fits && (row.header === undefined || headers[row.header] !== undefined)) return row
  }
  throw new GatewayError('NotImplemented')
}

const NONE: readonly string[] = []

function isSubresource(name: string): boolean {
  return SUBRESOURCES.has(name)
}
