import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { ObjectDigests, PutFacts } from '../object-store.ts'
import { syncFolder } from './durable-folder.ts'
import { errorCodeOf, isMissing } from './translate-error.ts'

/**
 * What a file cannot say about its object, kept beside it as JSON. The name of the sidecar holds the
 * SHA-256 of the key and the change time and size of the very file it describes: it is written before that
 * file becomes visible, and the sidecar of the former file goes away after. Whatever happens in between,
 * every file finds its own facts or none, never another's. A copy of the whole container that keeps
 * times (`rsync -a`, `cp -a`) keeps the facts too.
 */
export interface ObjectFacts {
  readonly facts: PutFacts
  readonly digests: ObjectDigests
}

const sidecarShape = z.object({
  key: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  metadata: z.record(z.string(), z.string()).default({}),
  storageClass: z.string().optional(),
  tags: z.record(z.string(), z.string()).default({}),
  digests: z.record(z.string(), z.string()).default({}),
})

/** The file in which the facts of the object with this key and this state of its file lie. */
export function sidecarPathOf(factsFolder: string, key: string, stats: BigIntStats): string {
  const keyHash = createHash('sha256').update(key).digest('hex')
  return join(factsFolder, keyHash.slice(0, 2), `${keyHash}-${stats.mtimeNs}-${stats.size}.json`)
}

/** Reads the facts of an object; null when it has no sidecar. */
export async function readFacts(
  factsFolder: string,
  key: string,
  stats: BigIntStats,
): Promise<ObjectFacts | null> {
  const text = await readFile(sidecarPathOf(factsFolder, key, stats), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (text === null) return null
  const { headers, metadata, storageClass, tags, digests } = sidecarShape.parse(JSON.parse(text))
  return {
    facts: { headers, metadata, tags, ...(storageClass === undefined ? {} : { storageClass }) },
    digests,
  }
}

/**
 * Writes the facts of a file that is not visible yet. Returns the path, or null when there is nothing to say.
 */
export async function writeFacts(
  factsFolder: string,
  key: string,
  stats: BigIntStats,
  { facts, digests }: ObjectFacts,
  isDurable: boolean,
): Promise<string | null> {
  const { headers = {}, metadata = {}, tags = {}, storageClass } = facts
  const isEmpty = [headers, metadata, tags, digests].every(record => Object.keys(record).length === 0)
  if (isEmpty && storageClass === undefined) return null
  const path = sidecarPathOf(factsFolder, key, stats)
  const file = await open(path, 'w').catch(async (error: unknown) => {
    if (errorCodeOf(error) !== 'ENOENT') throw error
    await mkdir(dirname(path), { recursive: true })
    return open(path, 'w')
  })
  try {
    await file.writeFile(`${JSON.stringify({ key, headers, metadata, storageClass, tags, digests })}\n`)
    if (isDurable) await file.sync()
  } catch (error) {
    await file.close()
    await removeFacts(path)
    throw error
  }
  await file.close()
  if (isDurable) await syncFolder(dirname(path))
  return path
}

/** Removes a sidecar; one that is not there is no error. */
export async function removeFacts(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}
