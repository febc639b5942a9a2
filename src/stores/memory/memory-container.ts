import type { Bytes } from '../../domain/bytes.ts'
import type { Instant } from '../../domain/clock.ts'
import { indexAfter, indexFrom, sortKeys } from '../key-order.ts'
import type { ObjectDigests, PutFacts } from '../object-store.ts'

/** Bytes in memory, or those of a seeded key, which are computed whenever they are read. */
type MemoryContent = Uint8Array | { readonly syntheticOf: string }

/** When an object of an archive can be read: of a restore that was asked for. */
export interface MemoryRestore {
  readonly from: Instant
  readonly until: Instant
}

/** One object of a memory store. */
export interface MemoryEntry {
  readonly size: Bytes
  readonly content: MemoryContent
  readonly etag: string
  readonly lastModified: number
  readonly facts: PutFacts
  readonly digests: ObjectDigests
  /** Of an object in an archive that was asked for. */
  readonly restore?: MemoryRestore
}

/**
 * The objects of one container, listable in key order. New keys wait unsorted until a listing asks for
 * them, and keys of deleted objects stay in the order until they are half of it: a write costs nothing for
 * the order, and a listing after a burst of writes sorts once.
 */
export class MemoryContainer {
  readonly #entries = new Map<string, MemoryEntry>()
  #order: string[] = []
  #unsorted: string[] = []
  #deletions = 0

  get(key: string): MemoryEntry | undefined {
    return this.#entries.get(key)
  }

  set(key: string, entry: MemoryEntry): void {
    if (!this.#entries.has(key)) this.#unsorted.push(key)
    this.#entries.set(key, entry)
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#deletions++
  }

  /** At most `limit` objects with this prefix after `after`, in key order. */
  page(options: {
    prefix: string
    after: string | null
    limit: number
  }): { key: string; entry: MemoryEntry }[] {
    this.#bringIntoOrder()
    const first = indexFrom(this.#order, options.prefix)
    const afterIndex = options.after === null ? 0 : indexAfter(this.#order, options.after)
    const found: { key: string; entry: MemoryEntry }[] = []
    for (let index = Math.max(first, afterIndex); index < this.#order.length; index++) {
      const key = this.#order[index]!
      if (found.length === options.limit || !key.startsWith(options.prefix)) break
      const entry = this.#entries.get(key)
      if (entry) found.push({ key, entry })
    }
    return found
  }

  #bringIntoOrder(): void {
    if (this.#unsorted.length === 0 && this.#deletions * 2 <= this.#order.length) return
    // A key that was deleted and written again is in both lists; the set keeps it once.
    const keys = new Set([...this.#order, ...sortKeys(this.#unsorted)])
    this.#order = sortKeys([...keys].filter(key => this.#entries.has(key)))
    this.#unsorted = []
    this.#deletions = 0
  }
}
