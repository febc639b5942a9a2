import { createHash } from 'node:crypto'
import { type ObjectStore, StoreError } from '../../../stores/object-store.ts'
import { type Inventory, type InventoryEntry, InventoryError, type InventoryPage } from './inventory.ts'
import { csvRows, type InventoryRow, parquetRows } from './read-rows.ts'
import { type SpooledFile, spoolFile } from './spool-file.ts'
import { type VendorInventory, vendorInventory, WANTED_COLUMNS } from './vendor-manifests.ts'

/** Manifests name files; the largest are a few megabytes. */
const MANIFEST_BYTES_MAX = 64 * 2 ** 20
const ENTRIES_PER_PAGE = 1_000

/** Where an inventory that a vendor wrote lies: in any store, a folder registered as one included. */
export interface ManifestPlace {
  readonly store: ObjectStore
  readonly container: string
  /** Key of the manifest; its files lie in the same container. */
  readonly key: string
}

/**
 * An inventory that S3, Azure or Google wrote, opened by its manifest, whose checksum is compared where the
 * vendor gives one. `container` is what the inventory should tell of. A position is a file's number and the
 * rows read of it.
 */
export async function openManifestInventory(
  place: ManifestPlace,
  options: { readonly container: string; readonly temporaryFolder: string; readonly signal: AbortSignal },
): Promise<Inventory> {
  const bytes = await readSmall(place, place.key, options.signal)
  await compareChecksum(place, bytes, options.signal)
  const vendor = vendorInventory(parseJson(bytes, place.key), options.container, place.key)
  const from = { ...place, temporaryFolder: options.temporaryFolder }
  return {
    takenAt: vendor.takenAt,
    async *pages(position, signal) {
      let { file, rows, total } = decodePosition(position)
      for (; file < vendor.files.length; file++, rows = 0) {
        const spooled = await spoolFile(from, vendor.files[file]!, signal)
        try {
          for await (const page of pagesOf(vendor, spooled, rows)) {
            total += page.rows - rows
            rows = page.rows
            yield { entries: page.entries, position: encodePosition({ file, rows, total }) }
          }
        } finally {
          await spooled.dispose()
        }
      }
      if (vendor.rows !== null && vendor.rows !== total)
        throw new InventoryError(
          'damaged',
          `the inventory has ${total} rows, its manifest says ${vendor.rows}`,
        )
    },
  }
}

async function* pagesOf(
  vendor: VendorInventory,
  spooled: SpooledFile,
  skip: number,
): AsyncGenerator<Pick<InventoryPage, 'entries'> & { rows: number }> {
  const rows: AsyncIterable<InventoryRow> =
    vendor.format === 'csv'
      ? csvRows(spooled, { ...vendor, skip })
      : parquetRows(spooled, { wanted: WANTED_COLUMNS, skip })
  let read = skip
  let entries: InventoryEntry[] = []
  for await (const row of rows) {
    read++
    const entry = vendor.entryOf(row)
    if (entry !== null) entries.push(entry)
    if (read % ENTRIES_PER_PAGE === 0) {
      yield { entries, rows: read }
      entries = []
    }
  }
  if (read > skip || entries.length > 0) yield { entries, rows: read }
}

/** The digest that S3 and Azure put beside a manifest; without one there is nothing to compare. */
async function compareChecksum(place: ManifestPlace, manifest: Buffer, signal: AbortSignal): Promise<void> {
  if (!place.key.endsWith('manifest.json')) return
  const key = `${place.key.slice(0, -'json'.length)}checksum`
  try {
    const said = (await readSmall(place, key, signal)).toString('utf8').trim().toLowerCase()
    const md5 = createHash('md5').update(manifest).digest()
    if (said === md5.toString('hex') || said === md5.toString('base64').toLowerCase()) return
    throw new InventoryError('damaged', `${place.key} does not have the MD5 that ${key} says`)
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'not-found') return
    throw error
  }
}

async function readSmall(place: ManifestPlace, key: string, signal: AbortSignal): Promise<Buffer> {
  const { body, size } = await place.store.get(place.container, key, { signal })
  try {
    if (size > MANIFEST_BYTES_MAX)
      throw new InventoryError('unsupported', `${key} is too large for a manifest`)
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return Buffer.concat(chunks)
  } finally {
    body.destroy()
  }
}

function parseJson(bytes: Buffer, key: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new InventoryError('damaged', `${key} is no JSON`, { cause: error })
  }
}

interface Position {
  readonly file: number
  readonly rows: number
  /** Rows of all files up to here. */
  readonly total: number
}

function encodePosition({ file, rows, total }: Position): string {
  return `${file}/${rows}/${total}`
}

function decodePosition(text: string | null): Position {
  const [file = 0, rows = 0, total = 0] = text?.split('/').map(Number) ?? []
  return { file, rows, total }
}
