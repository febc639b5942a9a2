import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { ObjectStore } from '../../src/stores/object-store.ts'

/** An object as a test wants it in an inventory. */
export interface InventoriedObject {
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly lastModified: number
  /** False: an old version, which is no object of the container any more. Default: true. */
  readonly isCurrent?: boolean
}

/** Who writes an inventory, and in which format. */
export type InventoryKind =
  | 's3-csv'
  | 's3-parquet'
  | 's3-orc'
  | 'azure-csv'
  | 'azure-parquet'
  | 'gcs-csv'
  | 'gcs-parquet'

/**
 * Puts an inventory of `source` into a store as its vendor would, in as many files as wanted. Resolves to the
 * manifest's key.
 */
export async function writeVendorInventory(
  to: { readonly store: ObjectStore; readonly container: string },
  options: {
    readonly kind: InventoryKind
    readonly source: string
    readonly objects: readonly InventoriedObject[]
    readonly takenAt: number
    readonly files?: number
  },
): Promise<string> {
  const { kind, objects, source, takenAt, files = 1 } = options
  const [vendor, format] = kind.split('-') as ['s3' | 'azure' | 'gcs', 'csv' | 'parquet' | 'orc']
  const columns = COLUMNS[vendor]
  const share = Math.max(1, Math.ceil(objects.length / files))
  const written: { key: string; bytes: Buffer }[] = []
  for (let file = 0; file < files; file++) {
    const rows = objects.slice(file * share, (file + 1) * share).map(object => rowOf(vendor, source, object))
    const bytes = format === 'parquet' ? parquet(columns, rows) : csv(vendor, columns, rows)
    written.push({
      key: `reports/part-${file}.${format}${vendor === 's3' && format === 'csv' ? '.gz' : ''}`,
      bytes,
    })
  }
  for (const { key, bytes } of written) await to.store.put(to.container, key, bytes, { size: bytes.length })
  const manifest = Buffer.from(
    JSON.stringify(manifestOf({ vendor, format, source, takenAt, columns, written, rows: objects.length })),
  )
  const key = vendor === 'azure' ? 'reports/rule-manifest.json' : 'reports/manifest.json'
  await to.store.put(to.container, key, manifest, { size: manifest.length })
  if (vendor !== 'gcs') {
    const checksum = Buffer.from(md5(manifest))
    await to.store.put(to.container, key.replace(/json$/, 'checksum'), checksum, { size: checksum.length })
  }
  return key
}

const COLUMNS = {
  s3: [
    'Bucket',
    'Key',
    'VersionId',
    'IsLatest',
    'IsDeleteMarker',
    'Size',
    'LastModifiedDate',
    'ETag',
    'StorageClass',
  ],
  azure: ['Name', 'Last-Modified', 'Content-Length', 'Etag', 'AccessTier', 'Snapshot'],
  gcs: ['bucket', 'name', 'size', 'updated', 'etag', 'storageClass', 'generation', 'timeDeleted'],
}

function rowOf(vendor: keyof typeof COLUMNS, source: string, object: InventoriedObject): string[] {
  const { etag, isCurrent = true, key, size } = object
  const date = new Date(object.lastModified).toISOString()
  switch (vendor) {
    case 's3':
      return [source, key, 'v1', String(isCurrent), 'false', String(size), date, etag, 'STANDARD']
    case 'azure':
      return [`${source}/${key}`, date, String(size), etag, 'Hot', isCurrent ? '' : date]
    case 'gcs':
      return [source, key, String(size), date, etag, 'STANDARD', '1', isCurrent ? '' : date]
    default:
      return vendor satisfies never
  }
}

function csv(vendor: string, columns: string[], rows: string[][]): Buffer {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  const encoded = rows.map(row =>
    vendor === 's3' ? row.with(1, encodeURIComponent(row[1]!).replaceAll('%20', '+')) : row,
  )
  const lines = (vendor === 's3' ? encoded : [columns, ...encoded]).map(row => row.map(quote).join(','))
  const text = Buffer.from(lines.map(line => `${line}\n`).join(''))
  return vendor === 's3' ? gzipSync(text) : text
}

function parquet(columns: string[], rows: string[][]): Buffer {
  const columnData = columns.map((name, index) => ({
    name: name === 'ETag' ? 'e_tag' : name,
    data: rows.map(row => row[index]!),
    type: 'STRING' as const,
  }))
  return Buffer.from(parquetWriteBuffer({ columnData }))
}

function manifestOf(facts: {
  vendor: keyof typeof COLUMNS
  format: string
  source: string
  takenAt: number
  columns: string[]
  written: readonly { key: string; bytes: Buffer }[]
  rows: number
}): unknown {
  const { columns, format, source, takenAt, vendor, written } = facts
  const time = new Date(takenAt).toISOString()
  switch (vendor) {
    case 's3':
      return {
        sourceBucket: source,
        destinationBucket: 'arn:aws:s3:::reports',
        version: '2016-11-30',
        creationTimestamp: String(takenAt),
        fileFormat: format === 'csv' ? 'CSV' : format === 'orc' ? 'ORC' : 'Parquet',
        fileSchema: columns.join(', '),
        files: written.map(({ key, bytes }) => ({ key, size: bytes.length, MD5checksum: md5(bytes) })),
      }
    case 'azure':
      return {
        files: written.map(({ key, bytes }) => ({ blob: key, size: bytes.length })),
        inventoryStartTime: time,
        inventoryCompletionTime: time,
        ruleDefinition: { format, objectType: 'blob', schemaFields: columns },
        ruleName: 'rule',
        status: 'Succeeded',
        summary: { objectCount: facts.rows },
      }
    case 'gcs':
      return {
        report_config: {
          ...(format === 'csv' ? { csv_options: { delimiter: ',' } } : { parquet_options: {} }),
          object_metadata_report_options: { storage_filters: { bucket: source } },
        },
        records_processed: facts.rows,
        snapshot_time: time,
        shard_count: written.length,
        report_shards_file_names: written.map(({ key }) => key.replace('reports/', '')),
      }
    default:
      return vendor satisfies never
  }
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
