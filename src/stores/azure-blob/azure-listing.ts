import { listLimitOf } from '../call-rules.ts'
import type { ListedObject, ListOptions, ListPage } from '../object-store.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import type { AzureConnection } from './azure-connection.ts'
import { unquote } from './object-fields.ts'
import { type ListPosition, type ReadPage, readOrdered, type ServicePage } from './ordered-listing.ts'

/** One page of a container's keys in the order of their UTF-8 bytes. */
export async function listAzure(
  connection: AzureConnection,
  container: string,
  options: ListOptions,
): Promise<ListPage> {
  const operation = connection.operation('list', null)
  throwIfAborted(operation, options.signal)
  const limit = listLimitOf(operation, options)
  const { prefix = '', signal } = options
  const readPage: ReadPage = (from, marker) =>
    readServicePage(connection, operation, container, { prefix, from, marker, limit, signal })
  const start =
    options.cursor === undefined
      ? { after: options.startAfter ?? '' }
      : parsedCursor(operation, options.cursor)
  const order = connection.settings.listOrder
  const { objects, next } = await readOrdered(operation, readPage, { order, prefix, limit, start })
  return { objects, cursor: next === null ? null : cursorText(next) }
}

async function readServicePage(
  connection: AzureConnection,
  operation: StoreOperation,
  container: string,
  ask: {
    readonly prefix: string
    readonly from: string
    readonly marker: string | undefined
    readonly limit: number
    readonly signal: AbortSignal | undefined
  },
): Promise<ServicePage> {
  const how = { as: 'read', signal: ask.signal } as const
  const { value } = await connection.call(operation, how, abortSignal =>
    connection
      .container(how, container)
      .listBlobsFlat({
        abortSignal,
        ...(ask.prefix === '' ? {} : { prefix: ask.prefix }),
        ...(ask.from === '' || ask.marker !== undefined ? {} : { startFrom: ask.from }),
      })
      .byPage({
        maxPageSize: ask.limit,
        ...(ask.marker === undefined ? {} : { continuationToken: ask.marker }),
      })
      .next(),
  )
  // A proxy's page with status 200 must not pass for an empty container.
  if (!Array.isArray(value?.segment?.blobItems)) {
    throw storeFailure(operation, 'unexpected', 'the answer is not a listing')
  }
  const entries = value.segment.blobItems.map(
    (item: (typeof value.segment.blobItems)[number]): ListedObject => ({
      key: item.name,
      size: item.properties.contentLength ?? 0,
      etag: unquote(item.properties.etag),
      lastModified: item.properties.lastModified.getTime(),
      storageClass: item.properties.accessTier ?? null,
    }),
  )
  return { entries, marker: value.continuationToken || null }
}

function cursorText(position: ListPosition): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

function parsedCursor(operation: StoreOperation, text: string): ListPosition {
  try {
    const { after, marker } = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (typeof after === 'string' && (marker === undefined || typeof marker === 'string'))
      return { after, marker }
  } catch (cause) {
    throw storeFailure(operation, 'unsupported', 'the cursor is not one of this store', { cause })
  }
  throw storeFailure(operation, 'unsupported', 'the cursor is not one of this store')
}
