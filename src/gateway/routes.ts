import { GatewayError } from './error-table.ts'
import { createBucket } from './operations/create-bucket.ts'
import { deleteObject } from './operations/delete-object.ts'
import { getObject } from './operations/get-object.ts'
import { headBucket } from './operations/head-bucket.ts'
import { headObject } from './operations/head-object.ts'
import { listBuckets } from './operations/list-buckets.ts'
import { listObjectsV1 } from './operations/list-objects.ts'
import { listObjectsV2 } from './operations/list-objects-v2.ts'
import { putObject } from './operations/put-object.ts'
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
  { operation: 'ListObjects', method: 'GET', resource: 'bucket', query: [], run: listObjectsV1 },
  { operation: 'CreateBucket', method: 'PUT', resource: 'bucket', query: [], run: createBucket },
  { operation: 'HeadBucket', method: 'HEAD', resource: 'bucket', query: [], run: headBucket },

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
