import { lstat, mkdir, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { escapedPathOf, HIDDEN_FOLDER, isNaturalKey } from './key-path.ts'
import { isMissing, translateFilesystemError } from './translate-error.ts'

/** The folders of one container. All are on one file system, so that a rename moves a file atomically. */
export interface ContainerFolder {
  /** The container itself, where objects lie under their own names. */
  readonly path: string
  /** Objects whose keys no path expresses; see `key-path.ts`. */
  readonly keys: string
  /** Files being written. */
  readonly staging: string
  /** Uploads in parts. */
  readonly uploads: string
  /** Headers, metadata and digests of objects; see `object-facts.ts`. */
  readonly facts: string
}

/** Where the folders of a container are, whether or not they exist. Throws kind `container-not-found`. */
export function containerFolderOf(
  operation: StoreOperation,
  root: string,
  container: string,
): ContainerFolder {
  const isName = /^[^/\0]{1,255}$/.test(container) && !container.startsWith('.')
  if (!isName) {
    throw storeFailure(operation, 'container-not-found', `"${container}" cannot be the name of a folder`)
  }
  const path = join(root, container)
  const hidden = join(path, HIDDEN_FOLDER)
  return {
    path,
    keys: join(hidden, 'keys'),
    staging: join(hidden, 'staging'),
    uploads: join(hidden, 'uploads'),
    facts: join(hidden, 'facts'),
  }
}

/** Makes the hidden folders of a container. */
export async function makeHiddenFolders(folder: ContainerFolder): Promise<void> {
  const isMade = await lstat(folder.facts).catch(() => null)
  if (isMade !== null) return
  // The last one tells that all are there.
  for (const path of [folder.keys, folder.staging, folder.uploads, folder.facts]) {
    await mkdir(path, { recursive: true })
  }
}

/** Throws kind `container-not-found` unless the container's folder is there. */
export async function checkContainerExists(
  operation: StoreOperation,
  folder: ContainerFolder,
): Promise<void> {
  const stats = await lstat(folder.path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw translateFilesystemError(operation, error)
  })
  if (!stats?.isDirectory()) {
    throw storeFailure(operation, 'container-not-found', `there is no folder "${folder.path}"`)
  }
}

/** Where a key may lie: under its own name (null when no path can express it) or escaped. */
export interface KeyPlaces {
  readonly natural: string | null
  readonly escaped: string
}

/** The places of a key in a container. */
export function placesOf(folder: ContainerFolder, key: string): KeyPlaces {
  return {
    natural: isNaturalKey(key) ? join(folder.path, key) : null,
    escaped: join(folder.keys, escapedPathOf(key)),
  }
}

/**
 * Throws kind `access-denied` when symbolic links lead the folder of a file out of its container, so that
 * nobody reads or writes elsewhere by a link that lies in a container.
 */
export async function checkInside(
  operation: StoreOperation,
  folder: ContainerFolder,
  file: string,
): Promise<void> {
  const parent = dirname(file)
  if (parent === folder.path) return
  const real = await realpath(parent)
  if (real !== parent) {
    throw storeFailure(
      operation,
      'access-denied',
      `the path "${parent.split(sep).pop()}" runs through a link`,
    )
  }
}
