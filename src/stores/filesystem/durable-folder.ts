import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Makes a folder and those above it that are missing; with `isDurable`, so that they survive a power cut. */
export async function makeFolder(path: string, isDurable: boolean): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true })
  if (!isDurable || firstMade === undefined) return
  for (let made = path; made.length >= firstMade.length; made = dirname(made)) await syncFolder(dirname(made))
}
