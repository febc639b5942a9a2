import { z } from 'zod'
import { listLimitOf } from '../call-rules.ts'
import type { ListOptions, ListPage, StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import type { GcsConnection } from './gcs-connection.ts'
import { bucketPath } from './gcs-wire.ts'
import { listedObjectOf, type ObjectResource, objectResource } from './object-fields.ts'
import { UPLOADS_PREFIX } from './object-names.ts'

const LISTED_FIELDS = 'nextPageToken,items(name,generation,size,updated,etag,storageClass)'

const HIDDEN_PAGE_KEYS = 1_000

const listing = z.object({
  items: z.array(objectResource).optional(),
  nextPageToken: z.string().optional(),
})

/** One page of a bucket's keys. */
export async function listGcs(
  connection: GcsConnection,
  container: string,
  options: ListOptions,
): Promise<ListPage> {
  const operation = connection.operation('list', null)
  throwIfAborted(operation, options.signal)
  const limit = listLimitOf(operation, options)
  const page = withoutUploads(await readPage(connection, operation, container, { ...options, limit }))
  // Google begins with the key that is named, where it is there; we begin after it.
  const objects = page.objects.filter(object => object.key !== options.startAfter)
  if (objects.length > 0 || page.cursor === null) return { objects, cursor: page.cursor }
  return withoutUploads(
    await readPage(connection, operation, container, { ...options, limit, cursor: page.cursor }),
  )
}

function withoutUploads({ resources, cursor }: ResourcePage): ListPage {
  const objects = resources.filter(({ name }) => !name.startsWith(UPLOADS_PREFIX)).map(listedObjectOf)
  return { objects, cursor }
}

interface ResourcePage {
  readonly resources: readonly ObjectResource[]
  readonly cursor: string | null
}

/** One page of what uploads in parts have left or still need, hidden from all others. */
export function listUploadObjects(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  options: { prefix: string; cursor?: string | undefined; signal: AbortSignal | undefined },
): Promise<ResourcePage> {
  const { prefix, cursor, signal } = options
  return readPage(connection, operation, container, {
    prefix,
    limit: HIDDEN_PAGE_KEYS,
    ...(cursor === undefined ? {} : { cursor }),
    ...(signal === undefined ? {} : { signal }),
  })
}

async function readPage(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  options: ListOptions & { limit: number },
): Promise<ResourcePage> {
  const answer = await connection.wire
    .ask(operation, {
      method: 'GET',
      path: `${bucketPath(container)}/o`,
      query: {
        maxResults: String(options.limit),
        prefix: options.prefix || undefined,
        startOffset: options.startAfter || undefined,
        pageToken: options.cursor,
        fields: LISTED_FIELDS,
      },
      as: 'read',
      signal: options.signal,
    })
    .catch((error: StoreError) => {
      if (error.kind !== 'not-found') throw error
      throw storeFailure(operation, 'container-not-found', `there is no bucket "${container}"`)
    })
  const found = listing.safeParse(answer)
  // A proxy's page with status 200 must not pass for an empty bucket.
  if (!found.success) throw storeFailure(operation, 'unexpected', 'the answer is not a listing')
  const { items = [], nextPageToken } = found.data
  return { resources: items, cursor: nextPageToken || null }
}
