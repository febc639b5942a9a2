import { MIB } from '../../domain/bytes.ts'
import { type ListPage, type ObjectStore, type StoredObject, StoreError } from '../object-store.ts'

/** Larger content is not kept: reads of it are never stale. */
const KEPT_BYTES_MAX = MIB
const KEPT_OBJECTS_MAX = 256

/** An object as it was before its last change; null when there was none. */
export type FormerObject = { readonly stored: StoredObject; readonly bytes: Buffer | null } | null

/**
 * Remembers what was there before the last change of each key that was changed through it, of the newest 256
 * keys.
 */
export class FormerContent {
  readonly #inner: ObjectStore
  readonly #former = new Map<string, FormerObject>()

  constructor(inner: ObjectStore) {
    this.#inner = inner
  }

  /** To be called before a key is changed. */
  async remember(container: string, key: string): Promise<void> {
    const place = placeOf(container, key)
    const former = await this.#read(container, key)
    this.#former.delete(place)
    this.#former.set(place, former)
    if (this.#former.size > KEPT_OBJECTS_MAX) this.#former.delete(this.#former.keys().next().value!)
  }

  /** Undefined when the key was not changed. */
  of(container: string, key: string): FormerObject | undefined {
    return this.#former.get(placeOf(container, key))
  }

  /** A page without what is new since. */
  before(container: string, page: ListPage): ListPage {
    const isOld = (key: string) => this.of(container, key) !== null
    return { ...page, objects: page.objects.filter(({ key }) => isOld(key)) }
  }

  async #read(container: string, key: string): Promise<FormerObject> {
    try {
      const { body, bodySize: _, ...stored } = await this.#inner.get(container, key)
      if (stored.size > KEPT_BYTES_MAX) {
        body.destroy()
        return { stored, bytes: null }
      }
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      return { stored, bytes: Buffer.concat(chunks) }
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'not-found') return null
      throw error
    }
  }
}

function placeOf(container: string, key: string): string {
  return `${container}\0${key}`
}
