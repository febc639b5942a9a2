import { z } from 'zod'
import type { Instant } from '../../../domain/clock.ts'
import { type InventoryEntry, InventoryError } from './inventory.ts'
import { columnName, type InventoryRow } from './read-rows.ts'
import { countOf, etagOf, flagOf, instantOf, textOf } from './row-values.ts'
import type { InventoryFile } from './spool-file.ts'

/** What a vendor's manifest says, whoever wrote it. */
export interface VendorInventory {
  readonly takenAt: Instant
  readonly format: 'csv' | 'parquet'
  /** Names of a CSV file's columns; null when its first line has them. */
  readonly columns: readonly string[] | null
  readonly delimiter?: string
  readonly files: readonly InventoryFile[]
  /** How many rows all files have together; null where the manifest does not tell. */
  readonly rows: number | null
  /** The entry a row is; null when it is no current object of the container. */
  readonly entryOf: (row: InventoryRow) => InventoryEntry | null
}

/** The columns an entry is made of, named as `columnName` does, of all vendors. */
export const WANTED_COLUMNS: ReadonlySet<string> = new Set(
  [
    'key VersionId IsLatest IsDeleteMarker Size LastModifiedDate ETag StorageClass bucket',
    'Name Last-Modified Content-Length AccessTier Snapshot IsCurrentVersion Deleted',
    'updated timeDeleted generation',
  ]
    .join(' ')
    .split(' ')
    .map(columnName),
)

/** Files of one inventory. */
const FILES_MAX = 100_000
const date = z.iso.datetime({ offset: true }).transform(text => Date.parse(text))
const size = z.coerce.number().int().nonnegative()

const s3Manifest = z.object({
  sourceBucket: z.string(),
  creationTimestamp: z.coerce.number(),
  fileFormat: z.string(),
  fileSchema: z.string(),
  files: z
    .array(z.object({ key: z.string(), size, MD5checksum: z.string().regex(/^[0-9a-fA-F]{32}$/) }))
    .max(FILES_MAX),
})

/**
 * S3 Inventory: Parquet or CSV with URL-encoded keys, an MD5 per file.
 * Source: Amazon S3 User Guide, "Locating your inventory list".
 */
function s3Inventory(json: unknown, container: string): VendorInventory {
  const manifest = parsed(s3Manifest, json)
  mustBeOf(container, manifest.sourceBucket)
  const format = formatOf(manifest.fileFormat)
  const isEncoded = format === 'csv'
  return {
    takenAt: manifest.creationTimestamp,
    format,
    columns: manifest.fileSchema.split(',').map(name => name.trim()),
    files: manifest.files.map(file => ({ ...file, md5: file.MD5checksum.toLowerCase() })),
    rows: null,
    entryOf(row) {
      if (flagOf(row, 'islatest') === false || flagOf(row, 'isdeletemarker') === true) return null
      const name = textOf(row, 'key')
      return entry(row, name !== null && isEncoded ? decodeKey(name) : name, {
        versionId: textOf(row, 'versionid'),
        storageClass: textOf(row, 'storageclass'),
      })
    },
  }
}

/** Keys of a CSV inventory are encoded as in forms: a space is `+`. */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'))
  } catch (error) {
    throw new InventoryError('damaged', `a key of the inventory is not URL-encoded: ${text.slice(0, 200)}`, {
      cause: error,
    })
  }
}

const azureManifest = z.object({
  files: z.array(z.object({ blob: z.string(), size })).max(FILES_MAX),
  inventoryStartTime: date,
  status: z.string(),
  summary: z.object({ objectCount: size }).optional(),
  ruleDefinition: z.object({ format: z.string(), objectType: z.string() }),
})

/**
 * Azure Storage blob inventory: of a whole account, names begin with their container.
 * Source: Microsoft Learn, "Azure Storage blob inventory".
 */
function azureInventory(json: unknown, container: string): VendorInventory {
  const manifest = parsed(azureManifest, json)
  if (manifest.status !== 'Succeeded')
    throw new InventoryError('damaged', `the inventory's run ended as ${manifest.status}`)
  if (manifest.ruleDefinition.objectType.toLowerCase() !== 'blob')
    throw new InventoryError('unsupported', 'this inventory lists containers: one of blobs is needed')
  const prefix = `${container}/`
  return {
    takenAt: manifest.inventoryStartTime,
    format: formatOf(manifest.ruleDefinition.format),
    columns: null,
    files: manifest.files.map(file => ({ key: file.blob, size: file.size, md5: null })),
    rows: manifest.summary?.objectCount ?? null,
    entryOf(row) {
      const name = textOf(row, 'name')
      if (name === null || !name.startsWith(prefix)) return null
      const isOld = textOf(row, 'snapshot') !== null || flagOf(row, 'iscurrentversion') === false
      if (isOld || flagOf(row, 'deleted') === true) return null
      return entry(row, name.slice(prefix.length), {
        versionId: textOf(row, 'versionid'),
        storageClass: textOf(row, 'accesstier'),
      })
    },
  }
}

const gcsManifest = z.object({
  report_shards_file_names: z.array(z.string()).max(FILES_MAX),
  records_processed: size,
  snapshot_time: date,
  report_config: z
    .object({
      csv_options: z.object({ delimiter: z.string().optional() }).optional(),
      parquet_options: z.unknown().optional(),
      object_metadata_report_options: z
        .object({ storage_filters: z.object({ bucket: z.string().optional() }).optional() })
        .optional(),
    })
    .optional(),
})

/**
 * Inventory report of Storage Insights: shards beside the manifest, with a header line, no checksums but the
 * number of records. Source: Google Cloud, "Storage Insights inventory reports".
 */
function gcsInventory(json: unknown, container: string, manifestKey: string): VendorInventory {
  const manifest = parsed(gcsManifest, json)
  const config = manifest.report_config
  const bucket = config?.object_metadata_report_options?.storage_filters?.bucket
  if (bucket !== undefined) mustBeOf(container, bucket)
  const shards = manifest.report_shards_file_names
  const isParquet = config?.parquet_options !== undefined || shards.some(name => name.endsWith('.parquet'))
  const folder = manifestKey.slice(0, manifestKey.lastIndexOf('/') + 1)
  return {
    takenAt: manifest.snapshot_time,
    format: isParquet ? 'parquet' : 'csv',
    columns: null,
    ...(config?.csv_options?.delimiter === undefined ? {} : { delimiter: config.csv_options.delimiter }),
    files: shards.map(name => ({
      key: name.startsWith(folder) ? name : folder + name,
      size: null,
      md5: null,
    })),
    rows: manifest.records_processed,
    entryOf(row) {
      const listed = textOf(row, 'bucket')
      if (listed !== null && listed !== container) return null
      if (textOf(row, 'timedeleted') !== null) return null
      return entry(row, textOf(row, 'name'), {
        versionId: textOf(row, 'generation'),
        storageClass: textOf(row, 'storageclass'),
      })
    },
  }
}

/** What a manifest says, of whichever vendor it is. Throws an {@link InventoryError}. */
export function vendorInventory(json: unknown, container: string, manifestKey: string): VendorInventory {
  const has = (name: string) => typeof json === 'object' && json !== null && name in json
  if (has('fileFormat')) return s3Inventory(json, container)
  if (has('ruleDefinition')) return azureInventory(json, container)
  if (has('report_shards_file_names')) return gcsInventory(json, container, manifestKey)
  throw new InventoryError(
    'unsupported',
    `${manifestKey} is no manifest of S3 Inventory, Azure blob inventory or Google's Storage Insights`,
  )
}

function formatOf(text: string): 'csv' | 'parquet' {
  const format = text.toLowerCase()
  if (format === 'csv' || format === 'parquet') return format
  throw new InventoryError(
    'unsupported',
    `the inventory is in the format ${text}, which is not read: let the store write CSV or Parquet`,
  )
}

function mustBeOf(container: string, listed: string): void {
  if (listed === container) return
  throw new InventoryError('wrong-container', `the inventory is of ${listed}, not of ${container}`)
}

function parsed<T>(schema: z.ZodType<T>, json: unknown): T {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new InventoryError(
    'damaged',
    `the inventory's manifest is not understood: ${issue?.path.join('.')}: ${issue?.message}`,
  )
}

function entry(
  row: InventoryRow,
  key: string | null,
  facts: Pick<InventoryEntry, 'versionId' | 'storageClass'>,
): InventoryEntry {
  const bytes = countOf(row, 'size', 'contentlength')
  if (key === null) throw new InventoryError('damaged', 'a row of the inventory has no key')
  if (bytes === null || Number.isNaN(bytes))
    throw new InventoryError('damaged', 'the inventory does not tell sizes: let the store write them')
  const lastModified = instantOf(row, 'lastmodifieddate', 'lastmodified', 'updated')
  return { key, size: bytes, etag: etagOf(row), lastModified, ...facts }
}
