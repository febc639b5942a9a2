import type { Bytes } from '../../../domain/bytes.ts'
import type { Instant } from '../../../domain/clock.ts'

/** One object as an inventory shows it: the current version of a key. */
export interface InventoryEntry {
  readonly key: string
  readonly size: Bytes
  /** Without quotes; null where the inventory does not tell. */
  readonly etag: string | null
  readonly versionId: string | null
  /** Milliseconds since 1970; null where the inventory does not tell. */
  readonly lastModified: Instant | null
  readonly storageClass: string | null
}

/** A bounded number of entries, and where reading goes on after them. */
export interface InventoryPage {
  readonly entries: readonly InventoryEntry[]
  /** Opaque; entries after it are those that were not on this page or one before. */
  readonly position: string
}

/**
 * What lay in a container at a time: a stream of entries in any order, each key at most once. Reading can be
 * given up anywhere and begun again at a page's position.
 */
export interface Inventory {
  /** What came or went after this moment need not be in it. */
  readonly takenAt: Instant
  /** Rejects with a `StoreError` or an {@link InventoryError}. */
  pages(from: string | null, signal: AbortSignal): AsyncIterable<InventoryPage>
}

/**
 * An inventory cannot be used. `unsupported`: of a kind we do not read. `damaged`: not what its manifest
 * says, or not readable. `wrong-container`: it tells of another container.
 */
export class InventoryError extends Error {
  override readonly name = 'InventoryError'
  readonly kind: 'unsupported' | 'damaged' | 'wrong-container'

  constructor(kind: InventoryError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
