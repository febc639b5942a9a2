import type { BigIntStats } from 'node:fs'
import type { StoreIdentity } from '../../domain/object.ts'

/**
 * The identity of the bytes in a file: time of the last change and size, as `file-<nanoseconds>-<size>` in
 * hexadecimal. It is recognisably no MD5, needs no reading of bytes, is the same for a file we wrote and a
 * file we found, and survives a restore that keeps times (`cp -a`, `rsync -a`), as the facts do. Our own
 * writes have times of their own ({@link nextWriteStamp}); a stranger who changes bytes and keeps size and
 * time is seen only by whoever reads them.
 */
export function identityOf(stats: BigIntStats): StoreIdentity {
  return { etag: etagOf(stats), versionId: null }
}

/** The ETag inside {@link identityOf}. */
export function etagOf(stats: BigIntStats): string {
  return `file-${stats.mtimeNs.toString(16)}-${stats.size.toString(16)}`
}

/**
 * Whether an ETag is that of a file, also in the form `file-<inode>-<nanoseconds>-<size>`, which uploads and
 * migrations that are under way may have noted before identities went without the inode.
 */
export function isEtagOf(stats: BigIntStats, etag: string | null): boolean {
  return etag !== null && etag.replace(/^file-[0-9a-f]+-(?=[0-9a-f]+-[0-9a-f]+$)/, 'file-') === etagOf(stats)
}

let lastStampMicroseconds = 0

/**
 * A time for the file of a new write, in seconds since 1970: now, but never the same twice in a process.
 * Where processes share a folder, a write that meets its own time in the former file takes another.
 */
export function nextWriteStamp(nowMs: number): number {
  lastStampMicroseconds = Math.max(lastStampMicroseconds + 1, Math.floor(nowMs * 1000))
  // The half keeps two of them apart where a file system or a copy drops what is below a microsecond.
  return (lastStampMicroseconds + 0.5) / 1_000_000
}
