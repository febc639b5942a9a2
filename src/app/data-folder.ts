import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'

/** The data folder cannot be made or used; the message says why and what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError'
}

const OWNER_ONLY = 0o700

/**
 * Makes the data folder, open to its owner only, and the folders above it. Level by level, because Node's
 * own recursive mkdir never ends on file systems that refuse new folders by pretending not to know them.
 */
export async function makeDataFolder(folder: string): Promise<void> {
  const missing: string[] = []
  let existing = path.resolve(folder)
  for (;;) {
    const facts = await stat(existing).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
      throw refusal(folder, error)
    })
    if (facts?.isDirectory() === true) break
    if (facts !== null)
      throw new DataFolderError(`${folder} cannot be the data folder: ${existing} is a file`)
    missing.unshift(existing)
    existing = path.dirname(existing)
  }
  for (const level of missing) {
    await mkdir(level, { mode: OWNER_ONLY }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw refusal(folder, error)
    })
  }
}

function refusal(folder: string, cause: NodeJS.ErrnoException): DataFolderError {
  return new DataFolderError(
    `${folder} cannot be the data folder (${cause.code ?? cause.message}): choose another one with DIM_DATA_DIR`,
    { cause },
  )
}
