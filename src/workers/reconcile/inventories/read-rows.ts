import { brotliDecompressSync, createGunzip, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { parse } from 'csv-parse'
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { InventoryError } from './inventory.ts'
import type { SpooledFile } from './spool-file.ts'

/** A row of an inventory: values by the column's name in lower case, letters and digits only. */
export type InventoryRow = Readonly<Record<string, unknown>>

/** The longest line of a CSV inventory, in bytes: a key and a few short facts fit many times. */
const LINE_BYTES_MAX = 256 * 1024
/** Rows of a Parquet file held at a time. */
const PARQUET_ROWS_AT_ONCE = 50_000

/** The name by which a column is found, however its vendor spells it: `e_tag` and `ETag` are both `etag`. */
export function columnName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/**
 * The rows of a CSV file, compressed with gzip or not, after the first `skip`. `columns` null: the file's first
 * line names them, and is no row.
 */
export async function* csvRows(
  file: SpooledFile,
  options: { readonly columns: readonly string[] | null; readonly delimiter?: string; readonly skip: number },
): AsyncGenerator<InventoryRow> {
  const parser = parse({
    bom: true,
    delimiter: options.delimiter ?? ',',
    skip_empty_lines: true,
    max_record_size: LINE_BYTES_MAX,
  })
  const isGzip = (await firstBytes(file, 2)).equals(Buffer.from([0x1f, 0x8b]))
  const raw = file.handle.createReadStream({ start: 0, autoClose: false })
  const text = isGzip ? raw.pipe(createGunzip()) : raw
  raw.on('error', (error: Error) => text.destroy(error))
  text.on('error', (error: Error) => parser.destroy(error))
  text.pipe(parser)
  let names = options.columns?.map(columnName) ?? null
  let rows = 0
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      if (names === null) {
        names = record.map(columnName)
        continue
      }
      if (rows++ < options.skip) continue
      yield Object.fromEntries(names.map((name, index) => [name, record[index]]))
    }
  } catch (error) {
    throw new InventoryError('damaged', `a CSV file of the inventory cannot be read: ${said(error)}`, {
      cause: error,
    })
  } finally {
    raw.destroy()
    parser.destroy()
  }
}

/**
 * The rows of a Parquet file after the first `skip`; only the wanted columns, named as {@link columnName}
 * does.
 */
export async function* parquetRows(
  file: SpooledFile,
  options: { readonly wanted: ReadonlySet<string>; readonly skip: number },
): AsyncGenerator<InventoryRow> {
  const buffer: AsyncBuffer = {
    byteLength: file.size,
    slice: async (start, end = file.size) => {
      const bytes = new ArrayBuffer(end - start)
      await file.handle.read(Buffer.from(bytes), 0, end - start, start)
      return bytes
    },
  }
  try {
    const metadata = await parquetMetadataAsync(buffer)
    const columns = metadata.schema
      .map(column => column.name)
      .filter(name => options.wanted.has(columnName(name)))
    const total = Number(metadata.num_rows)
    for (let start = options.skip; start < total; start += PARQUET_ROWS_AT_ONCE) {
      const range = { rowStart: start, rowEnd: Math.min(total, start + PARQUET_ROWS_AT_ONCE) }
      const rows = await parquetReadObjects({
        file: buffer,
        metadata,
        columns,
        ...range,
        compressors: COMPRESSORS,
      })
      for (const row of rows)
        yield Object.fromEntries(Object.entries(row).map(([name, value]) => [columnName(name), value]))
    }
  } catch (error) {
    throw new InventoryError('damaged', `a Parquet file of the inventory cannot be read: ${said(error)}`, {
      cause: error,
    })
  }
}

/** What inventories are compressed with beside Snappy, which the reader knows. */
const COMPRESSORS = {
  GZIP: (input: Uint8Array) => gunzipSync(input),
  ZSTD: (input: Uint8Array) => zstdDecompressSync(input),
  BROTLI: (input: Uint8Array) => brotliDecompressSync(input),
}

async function firstBytes(file: SpooledFile, count: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(count), 0, count, 0)
  return buffer.subarray(0, bytesRead)
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
