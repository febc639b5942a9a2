import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, link, lstat, open, rename, rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { StoreIdentity } from '../../domain/object.ts'
import type { WriteCondition } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { type ContainerFolder, checkInside, placesOf } from './container-folder.ts'
import { makeFolder, syncFolder } from './durable-folder.ts'
import { etagOf, isEtagOf } from './file-identity.ts'
import { type ObjectFacts, readFacts, removeFacts, sidecarPathOf, writeFacts } from './object-facts.ts'
import { discardStaged, type StagedFile, stampAgain } from './staged-file.ts'
import { errorCodeOf, isMissing } from './translate-error.ts'

/** How often a step is repeated that another writer's step just undid. */
const RACES_MAX = 10

/** The file of an object. */
export interface ObjectFile {
  readonly path: string
  readonly stats: BigIntStats
}

/** Where a key is, and whether its own name is free for it. */
interface Location {
  readonly file: ObjectFile | null
  readonly isNaturalFree: boolean
}

/** Finds the file of a key: under its own name first, then under its escaped one. */
export async function locate(operation: StoreOperation, folder: ContainerFolder): Promise<Location> {
  const places = placesOf(folder, operation.key!)
  let isNaturalFree = places.natural !== null
  if (places.natural !== null) {
    const found = await statOf(places.natural)
    if (typeof found === 'object' && found.isFile()) {
      await checkInside(operation, folder, places.natural)
      return { file: { path: places.natural, stats: found }, isNaturalFree }
    }
    isNaturalFree = found === 'missing'
  }
  const found = await statOf(places.escaped)
  const file = typeof found === 'object' && found.isFile() ? { path: places.escaped, stats: found } : null
  return { file, isNaturalFree }
}

/** `blocked` when a file stands where a folder of the path would be. */
async function statOf(path: string): Promise<BigIntStats | 'missing' | 'blocked'> {
  return lstat(path, { bigint: true }).catch((error: unknown) => {
    const code = errorCodeOf(error)
    if (code === 'ENOENT') return 'missing' as const
    if (code === 'ENOTDIR') return 'blocked' as const
    throw error
  })
}

/** An object's file and its facts, of one and the same write. Throws kind `not-found`. */
export async function inspect(
  operation: StoreOperation,
  folder: ContainerFolder,
): Promise<ObjectFile & { object: ObjectFacts }> {
  for (let race = 0; race < RACES_MAX; race++) {
    const { file } = await locate(operation, folder)
    if (file === null) throw missing(operation)
    const object = await readFacts(folder.facts, operation.key!, file.stats)
    if (object !== null) return { ...file, object }
    if (await isUnchanged(file)) return { ...file, object: { facts: {}, digests: {} } }
  }
  throw storeFailure(operation, 'throttled', 'the object changes faster than it can be read')
}

/** As {@link inspect}, with the file open for reading; the caller closes it. */
export async function openObject(
  operation: StoreOperation,
  folder: ContainerFolder,
): Promise<{ handle: FileHandle; stats: BigIntStats; object: ObjectFacts }> {
  for (let race = 0; race < RACES_MAX; race++) {
    const { file } = await locate(operation, folder)
    if (file === null) throw missing(operation)
    const handle = await openFile(file.path)
    if (handle === null) continue
    try {
      const stats = await handle.stat({ bigint: true })
      const object = await readFacts(folder.facts, operation.key!, stats)
      if (object !== null) return { handle, stats, object }
      if (await isUnchanged({ path: file.path, stats }))
        return { handle, stats, object: { facts: {}, digests: {} } }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
  }
  throw storeFailure(operation, 'throttled', 'the object changes faster than it can be read')
}

/** Opens a file without following a link and without waiting for a pipe; null when it is gone meanwhile. */
async function openFile(path: string): Promise<FileHandle | null> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      if (isMissing(error)) return null
      throw error
    },
  )
}

/** A file without facts has none only if it is still there: otherwise its facts went away with it. */
async function isUnchanged({ path, stats }: ObjectFile): Promise<boolean> {
  const now = await statOf(path)
  return typeof now === 'object' && etagOf(now) === etagOf(stats)
}

/**
 * Makes a staged file the object of a key if the condition holds. The key's lock must be held. Resolves to the
 * file's state as it is published.
 */
export async function publishFile(
  operation: StoreOperation,
  folder: ContainerFolder,
  written: StagedFile,
  object: ObjectFacts,
  options: { condition: WriteCondition | undefined; isDurable: boolean },
): Promise<BigIntStats> {
  const former = await locate(operation, folder)
  checkWriteCondition(operation, former.file, options.condition)
  if (former.file !== null && isSameFile(former.file.stats, written.stats)) {
    // A repeated completion: the file is the object already, and its facts were written before it was.
    await discardStaged(written.path)
    return written.stats
  }
  const key = operation.key!
  const staged = await distinctFrom(operation, former.file, written, options.isDurable)
  const sidecar = await writeFacts(folder.facts, key, staged.stats, object, options.isDurable)
  try {
    const places = placesOf(folder, key)
    const isPlaced =
      former.isNaturalFree && (former.file === null || former.file.path === places.natural)
        ? await place(operation, folder, staged, places.natural!, options)
        : false
    if (!isPlaced && !(await place(operation, folder, staged, places.escaped, options))) {
      throw storeFailure(operation, 'unexpected', 'something else than a file has the place of the object')
    }
  } catch (error) {
    if (sidecar !== null) await removeFacts(sidecar)
    throw error
  }
  if (former.file !== null) await removeFacts(sidecarPathOf(folder.facts, key, former.file.stats))
  return staged.stats
}

/** The staged file with another identity than the former file has. */
async function distinctFrom(
  operation: StoreOperation,
  former: ObjectFile | null,
  written: StagedFile,
  isDurable: boolean,
): Promise<StagedFile> {
  let staged = written
  for (let race = 0; race < RACES_MAX; race++) {
    if (former === null || etagOf(former.stats) !== etagOf(staged.stats)) return staged
    staged = await stampAgain(operation, staged, isDurable)
  }
  throw storeFailure(operation, 'throttled', 'the times of two writes cannot be told apart')
}

/** Whether two names are links to one file: renaming the one to the other does nothing. */
function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino
}

/** Moves a staged file to its place. False when a folder has the place or a file stands in the way. */
async function place(
  operation: StoreOperation,
  folder: ContainerFolder,
  staged: StagedFile,
  target: string,
  options: { condition: WriteCondition | undefined; isDurable: boolean },
): Promise<boolean> {
  const parent = dirname(target)
  for (let race = 0; race < RACES_MAX; race++) {
    try {
      await makeFolder(parent, options.isDurable)
      await checkInside(operation, folder, target)
      if (options.condition?.kind === 'absent') await linkNew(operation, staged.path, target)
      else await rename(staged.path, target)
      if (options.isDurable) await syncFolder(parent)
      return true
    } catch (error) {
      const code = errorCodeOf(error)
      if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST') return false
      // Somebody deleted the last object of the folder and with it the folder.
      if (code !== 'ENOENT') throw error
    }
  }
  throw storeFailure(operation, 'throttled', 'the folder of the object comes and goes')
}

/** The one step of a file system that fails when something is there, whoever put it there. */
async function linkNew(operation: StoreOperation, staged: string, target: string): Promise<void> {
  try {
    await link(staged, target)
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw error
    const found = await statOf(target)
    if (typeof found === 'object' && found.isDirectory()) throw error
    throw storeFailure(operation, 'precondition-failed', 'something is there already')
  }
  await discardStaged(staged)
}

/** Deletes the object of a key if it has the given identity. The key's lock must be held. */
export async function deleteFile(
  operation: StoreOperation,
  folder: ContainerFolder,
  options: { onlyIf: StoreIdentity | undefined; isDurable: boolean },
): Promise<void> {
  // A stranger may have put a file under the own name of a key that lies escaped: then both go.
  for (let copies = 0; copies < 2; copies++) {
    const { file } = await locate(operation, folder)
    if (file === null) return
    if (options.onlyIf && copies === 0) checkIdentity(operation, file, options.onlyIf)
    await unlink(file.path).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
    const parent = await pruneFolders(dirname(file.path), folder)
    if (options.isDurable) await syncFolder(parent)
    await removeFacts(sidecarPathOf(folder.facts, operation.key!, file.stats))
  }
}

/** Removes folders that became empty, as a bucket has no folders. Returns the first that stays. */
async function pruneFolders(start: string, folder: ContainerFolder): Promise<string> {
  for (let path = start; path !== folder.path && path !== folder.keys; path = dirname(path)) {
    const error = await rmdir(path).catch((problem: unknown) => problem)
    if (error !== undefined && !isMissing(error)) return path
  }
  return start.startsWith(`${folder.keys}/`) || start === folder.keys ? folder.keys : folder.path
}

/** Throws kind `precondition-failed` unless the file has this identity. */
export function checkIdentity(
  operation: StoreOperation,
  { stats }: Pick<ObjectFile, 'stats'>,
  identity: StoreIdentity,
): void {
  if (isEtagOf(stats, identity.etag)) return
  throw storeFailure(operation, 'precondition-failed', `the bytes are ${etagOf(stats)}, not ${identity.etag}`)
}

function checkWriteCondition(
  operation: StoreOperation,
  former: ObjectFile | null,
  condition: WriteCondition | undefined,
): void {
  if (condition?.kind === 'absent' && former !== null) {
    throw storeFailure(operation, 'precondition-failed', 'something is there already')
  }
  if (condition?.kind !== 'identity') return
  if (former === null) throw storeFailure(operation, 'precondition-failed', 'nothing is there any more')
  checkIdentity(operation, former, condition.identity)
}

function missing(operation: StoreOperation): Error {
  return storeFailure(operation, 'not-found', `there is no "${operation.key}"`)
}
