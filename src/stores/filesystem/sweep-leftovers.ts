import { lstat, readdir, readFile, rm, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Instant } from '../../domain/clock.ts'
import type { StoreOperation } from '../store-operation.ts'
import { type ContainerFolder, containerFolderOf } from './container-folder.ts'
import type { FilesystemState } from './filesystem-state.ts'
import { sidecarPathOf } from './object-facts.ts'
import { locate } from './object-file.ts'
import { isMissing } from './translate-error.ts'

/** How much a sweep removed. */
export interface SweptLeftovers {
  readonly stagedFiles: number
  readonly uploads: number
  readonly facts: number
}

/** Removes leftovers last changed before `unmodifiedSince` from the hidden folders of all containers. */
export async function sweepLeftovers(
  operation: StoreOperation,
  state: FilesystemState,
  root: string,
  unmodifiedSince: Instant,
): Promise<SweptLeftovers> {
  const swept = { stagedFiles: 0, uploads: 0, facts: 0 }
  for (const container of await namesIn(root)) {
    if (container.startsWith('.') || !(await lstat(join(root, container))).isDirectory()) continue
    const folder = containerFolderOf(operation, root, container)
    for (const path of await oldOnes(folder.staging, unmodifiedSince)) {
      await unlink(path)
      swept.stagedFiles++
    }
    for (const path of await oldOnes(folder.uploads, unmodifiedSince)) {
      await rm(path, { recursive: true, force: true })
      swept.uploads++
    }
    swept.facts += await sweepFacts(state, folder, unmodifiedSince)
  }
  return swept
}

async function sweepFacts(
  state: FilesystemState,
  folder: ContainerFolder,
  unmodifiedSince: Instant,
): Promise<number> {
  let swept = 0
  for (const group of await namesIn(folder.facts)) {
    for (const path of await oldOnes(join(folder.facts, group), unmodifiedSince)) {
      const { key } = JSON.parse(await readFile(path, 'utf8')) as { key: string }
      const operation = state.operation('sweepLeftovers', key)
      const isLeftover = await state.locks.run(`${folder.path}/${key}`, async () => {
        const { file } = await locate(operation, folder)
        const isDescribed =
          file !== null && basename(sidecarPathOf(folder.facts, key, file.stats)) === basename(path)
        if (!isDescribed) await unlink(path)
        return !isDescribed
      })
      if (isLeftover) swept++
    }
  }
  return swept
}

/** The entries of a folder that nobody changed since. An upload counts as changed when its parts came. */
async function oldOnes(path: string, unmodifiedSince: Instant): Promise<string[]> {
  const old: string[] = []
  for (const name of await namesIn(path)) {
    const stats = await lstat(join(path, name))
    if (Math.max(stats.mtimeMs, stats.ctimeMs) < unmodifiedSince) old.push(join(path, name))
  }
  return old
}

async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
}
