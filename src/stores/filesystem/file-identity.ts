import type { BigIntStats } from 'node:fs'
import type { StoreIdentity } from '../../domain/object.ts'

/**
 * The identity of the bytes in a file: inode, time of the last change and size, as
 * `file-<inode>-<nanoseconds>-<size>` in hexadecimal. It is recognisably no MD5, needs no reading of bytes,
 * and is the same for a file we wrote and a file we found.
 */
export function identityOf(stats: BigIntStats): StoreIdentity {
  return { etag: etagOf(stats), versionId: null }
}

/** The ETag inside {@link identityOf}. */
export function etagOf(stats: BigIntStats): string {
  return `file-${stats.ino.toString(16)}-${stats.mtimeNs.toString(16)}-${stats.size.toString(16)}`
}

let lastStampMicroseconds = 0

/**
 * A time for the file of a new write, in seconds since 1970: now, but never the same twice in a process,
 * so that a reused inode never brings an old identity back.
 */
export function nextWriteStamp(nowMs: number): number {
  lastStampMicroseconds = Math.max(lastStampMicroseconds + 1, Math.floor(nowMs * 1000))
  return lastStampMicroseconds / 1_000_000
}
