import { lstat, readdir, readFile, rm, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Instant } from '../../domain/clock.ts'
import type { LeftoverPage, SweepOptions } from '../object-store.ts'
import { throwIfAborted } from '../store-operation.ts'
import type { ContainerFolder } from './container-folder.ts'
import type { FilesystemState } from './filesystem-state.ts'
import { sidecarPathOf } from './object-facts.ts'
import { locate } from './object-file.ts'
import { isMissing } from './translate-error.ts'

/** Sidecars that one page looks at, at least; a page ends with the group of names that reaches it. */
const SIDECARS_PER_PAGE = 500

/**
 * One page of the leftovers of a container: the first takes staged files and uploads, each one a stretch of
 * the sidecars, whose folders are named by the first byte of a hash. The cursor is the name of the last one.
 */
export async function sweepLeftovers(
  state: FilesystemState,
  folder: ContainerFolder,
  options: SweepOptions,
): Promise<LeftoverPage> {
  const { cursor = null, unmodifiedSince } = options
  const swept = { removed: 0 }
  if (cursor === null) {
    // Before the sidecars: a writer that sleeps between sidecar and file finds its file gone, not its facts.
    for (const path of await oldOnes(folder.staging, unmodifiedSince)) {
      await remove(path)
      swept.removed++
    }
    swept.removed += await sweepUploads(folder, options)
  }
  const groups = (await namesIn(folder.facts)).filter(name => cursor === null || name > cursor).sort()
  let seen = 0
  for (const [index, group] of groups.entries()) {
    throwIfAborted(state.operation('sweepLeftovers', null), options.signal)
    const found = await sweepFacts(state, folder, { group, unmodifiedSince })
    swept.removed += found.removed
    seen += found.seen
    if (seen >= SIDECARS_PER_PAGE && index < groups.length - 1) return { ...swept, cursor: group }
  }
  return { ...swept, cursor: null }
}

/** Uploads nobody works on and nobody knows. One counts as changed when its parts came. */
async function sweepUploads(folder: ContainerFolder, options: SweepOptions): Promise<number> {
  const old = await oldOnes(folder.uploads, options.unmodifiedSince)
  if (old.length === 0) return 0
  const needed = await options.neededUploads(old.map(path => basename(path)))
  const leftovers = old.filter(path => !needed.has(basename(path)))
  for (const path of leftovers) await rm(path, { recursive: true, force: true })
  return leftovers.length
}

async function sweepFacts(
  state: FilesystemState,
  folder: ContainerFolder,
  { group, unmodifiedSince }: { group: string; unmodifiedSince: Instant },
): Promise<{ seen: number; removed: number }> {
  const names = await namesIn(join(folder.facts, group))
  let removed = 0
  for (const name of names) {
    const path = join(folder.facts, group, name)
    if (!(await isOld(path, unmodifiedSince))) continue
    if (await sweepSidecar(state, folder, path)) removed++
  }
  return { seen: names.length, removed }
}

/** Removes a sidecar that describes no file. Resolves to whether it did. */
async function sweepSidecar(state: FilesystemState, folder: ContainerFolder, path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(whenMissing(null))
  if (text === null) return false
  const key = describedKey(text)
  // Half written: no file became visible after it, and it could tell nothing about one.
  if (key === null) return remove(path)
  const operation = state.operation('sweepLeftovers', key)
  return state.locks.run(`${folder.path}/${key}`, async () => {
    const { file } = await locate(operation, folder)
    if (file === null) return remove(path)
    const own = sidecarPathOf(folder.facts, key, file.stats)
    if (basename(own) === basename(path)) return false
    // After a restore without times this may be all that is left of what the object is.
    const mayBeItsOwn = path.endsWith(`-${file.stats.size}.json`) && !(await isThere(own))
    return mayBeItsOwn ? false : remove(path)
  })
}

/** The key a sidecar was written for; null when its writer did not come to the end. */
function describedKey(text: string): string | null {
  try {
    const { key } = JSON.parse(text) as { key?: unknown }
    return typeof key === 'string' ? key : null
  } catch {
    // A process that was killed leaves an empty file, or the beginning of one.
    return null
  }
}

/** The entries of a folder that nobody changed since. */
async function oldOnes(path: string, unmodifiedSince: Instant): Promise<string[]> {
  const paths = (await namesIn(path)).map(name => join(path, name))
  const old: string[] = []
  for (const entry of paths) if (await isOld(entry, unmodifiedSince)) old.push(entry)
  return old
}

async function isOld(path: string, unmodifiedSince: Instant): Promise<boolean> {
  const stats = await lstat(path).catch(whenMissing(null))
  return stats !== null && Math.max(stats.mtimeMs, stats.ctimeMs) < unmodifiedSince
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(() => true, whenMissing(false))
}

/** Removes a file. False when somebody else did. */
async function remove(path: string): Promise<boolean> {
  return unlink(path).then(() => true, whenMissing(false))
}

async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch(whenMissing([]))
}

/** What to make of an error that says that nothing is there; others are thrown. */
function whenMissing<Value>(value: Value): (error: unknown) => Value {
  return error => {
    if (isMissing(error)) return value
    throw error
  }
}
