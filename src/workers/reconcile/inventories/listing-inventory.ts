import type { Instant } from '../../../domain/clock.ts'
import type { ListPage, ObjectStore } from '../../../stores/object-store.ts'
import type { Inventory } from './inventory.ts'

/** Our own listing of a container as an inventory, taken while it is read. A position is the last key. */
export function listingInventory(options: {
  readonly store: ObjectStore
  readonly container: string
  readonly prefix: string
  /** When the listing began. */
  readonly takenAt: Instant
  /** Keys asked for at a time. Range: 1 to 1,000. Default: 1,000. */
  readonly pageKeys?: number
}): Inventory {
  const { store, container, prefix, pageKeys } = options
  return {
    takenAt: options.takenAt,
    async *pages(from, signal) {
      let lastKey = from
      let cursor: string | null = null
      do {
        const page: ListPage = await store.list(container, {
          signal,
          ...(prefix === '' ? {} : { prefix }),
          ...(pageKeys === undefined ? {} : { limit: pageKeys }),
          ...(cursor !== null ? { cursor } : lastKey === null ? {} : { startAfter: lastKey }),
        })
        cursor = page.cursor
        lastKey = page.objects.at(-1)?.key ?? lastKey
        const entries = page.objects.map(object => ({ ...object, versionId: null }))
        if (lastKey !== null) yield { entries, position: lastKey }
      } while (cursor !== null)
    },
  }
}
