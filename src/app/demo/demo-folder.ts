import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { removeDatabaseElsewhere } from '../../database/embedded/embedded-server.ts'
import type { Bytes } from '../../domain/bytes.ts'
import { stopLeftoverServer } from '../connect-database.ts'
import { type DemoObject, writeDemoFiles } from './demo-objects.ts'
import { ON_PREM } from './demo-settings.ts'
import { DemoStuck } from './scenes.ts'

const MARKER = 'this-is-demo-data.txt'
const WRITTEN = 'files-written'

/** Makes the folder, or empties it. Throws rather than delete a folder that no demo made. */
export async function prepareFolder(folder: string, options: { anew: boolean }): Promise<void> {
  const marker = path.join(folder, MARKER)
  const entries: string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (options.anew && entries.length > 0) {
    if (!entries.includes(MARKER))
      throw new DemoStuck(
        `${folder} holds other data than the demo's, so it is not emptied: choose another --data-dir`,
      )
    // A killed demo leaves its database running; one that is in use makes this throw.
    await stopLeftoverServer(folder)
    await removeDatabaseElsewhere(folder)
    await rm(folder, { recursive: true })
  }
  await mkdir(folder, { recursive: true })
  await writeFile(marker, 'Everything in this folder was made by the demo and may be deleted.\n')
}

/**
 * Lays the objects out as plain files on-prem, as if they had always lain there. Each is laid once: objects
 * that an earlier start laid have moved since, and a file in their old place would be somebody else's.
 */
export async function layFilesOnce(folder: string, objects: readonly DemoObject[]): Promise<Bytes> {
  const note = path.join(folder, WRITTEN)
  const laid = Number(await readFile(note, 'utf8').catch(() => '0'))
  const container = path.join(folder, 'on-prem', ON_PREM.container)
  await writeDemoFiles(container, objects.slice(laid))
  if (objects.length > laid) {
    await writeFile(`${note}.new`, String(objects.length))
    await rename(`${note}.new`, note)
  }
  return objects.reduce((sum, object) => sum + object.size, 0)
}
