import { createHash } from 'node:crypto'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Bytes } from '../../../domain/bytes.ts'
import type { ObjectStore } from '../../../stores/object-store.ts'
import { InventoryError } from './inventory.ts'

/** The largest file of an inventory; vendors cut them far below. */
export const INVENTORY_FILE_BYTES_MAX = 8 * 2 ** 30

/** A file of an inventory, as its manifest names it. */
export interface InventoryFile {
  readonly key: string
  /** Null where the manifest does not tell. */
  readonly size: Bytes | null
  /** Lower-case hexadecimal; null where the manifest does not tell. */
  readonly md5: string | null
}

/** A file of an inventory on our disk, proven to be the one its manifest names. */
export interface SpooledFile {
  readonly handle: FileHandle
  readonly size: Bytes
  /** Closes and removes it. */
  dispose(): Promise<void>
}

/**
 * Copies a file of an inventory to our disk, so that nothing of it is believed before its size and checksum are
 * right, and so that reading it anew asks its store for nothing. Rejects with a `StoreError`, or with an
 * {@link InventoryError} when it is not the file that the manifest names.
 */
export async function spoolFile(
  from: { readonly store: ObjectStore; readonly container: string; readonly temporaryFolder: string },
  file: InventoryFile,
  signal: AbortSignal,
): Promise<SpooledFile> {
  const folder = await mkdtemp(path.join(from.temporaryFolder, 'dim-inventory-'))
  const handle = await open(path.join(folder, 'file'), 'wx+')
  const dispose = async () => {
    await handle.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const size = await copyInto(handle, from, file, signal)
    return { handle, size, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function copyInto(
  handle: FileHandle,
  from: { readonly store: ObjectStore; readonly container: string },
  file: InventoryFile,
  signal: AbortSignal,
): Promise<Bytes> {
  const { body, size } = await from.store.get(from.container, file.key, { signal })
  const md5 = createHash('md5')
  let written = 0
  try {
    if (size > INVENTORY_FILE_BYTES_MAX)
      throw new InventoryError('unsupported', `${file.key} has ${size} bytes: too many for one file`)
    if (file.size !== null && file.size !== size)
      throw new InventoryError('damaged', `${file.key} has ${size} bytes, its manifest says ${file.size}`)
    for await (const chunk of body) {
      md5.update(chunk)
      await handle.write(chunk)
      written += chunk.byteLength
    }
  } finally {
    body.destroy()
  }
  if (file.md5 !== null && md5.digest('hex') !== file.md5)
    throw new InventoryError('damaged', `${file.key} does not have the MD5 that its manifest says`)
  return written
}
