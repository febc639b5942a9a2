import { lstat, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { KEY_BYTES_MAX } from '../call-rules.ts'
import type { ListedObject, ListPage } from '../object-store.ts'
import type { ContainerFolder } from './container-folder.ts'
import { etagOf } from './file-identity.ts'
import { escapedPathOf, fromByteString } from './key-path.ts'
import { KeyWalk } from './key-walk.ts'
import { isMissing } from './translate-error.ts'

/** What a page of a listing asks for. */
export interface ListingRequest {
  readonly prefix: string
  readonly after: string | null
  readonly limit: number
}

interface FoundKey {
  readonly key: string
  readonly isEscaped: boolean
}

/** Files whose facts are asked for at the same time. */
const STATS_AT_ONCE = 128

/** A listing that was begun and can hand out its next page without reading folders again. */
export class KeyListing {
  readonly #folder: ContainerFolder
  readonly #natural: KeyWalk
  readonly #escaped: KeyWalk

  private constructor(folder: ContainerFolder, natural: KeyWalk, escaped: KeyWalk) {
    this.#folder = folder
    this.#natural = natural
    this.#escaped = escaped
  }

  static async begin(folder: ContainerFolder, request: ListingRequest): Promise<KeyListing> {
    const natural = KeyWalk.natural(folder, request)
    if (!(await isPlainFolder(natural.startPath))) natural.head = null
    return new KeyListing(folder, natural, KeyWalk.escaped(folder, request))
  }

  /** The next keys with their sizes and identities. The cursor is the last key looked at. */
  async page(limit: number): Promise<ListPage> {
    const found = await this.#nextKeys(limit)
    const objects: ListedObject[] = []
    for (let first = 0; first < found.length; first += STATS_AT_ONCE) {
      const batch = await Promise.all(
        found.slice(first, first + STATS_AT_ONCE).map(key => this.#factsOf(key)),
      )
      for (const object of batch) if (object !== null) objects.push(object)
    }
    const isAtEnd = this.#natural.head === null && this.#escaped.head === null
    return { objects, cursor: isAtEnd ? null : found[found.length - 1]!.key }
  }

  /** Merges the two trees; a key that lies in both lies under its own name. */
  async #nextKeys(limit: number): Promise<FoundKey[]> {
    const found: FoundKey[] = []
    while (true) {
      if (this.#natural.head === undefined) await this.#natural.load()
      if (this.#escaped.head === undefined) await this.#escaped.load()
      const natural = this.#natural.head
      const escaped = this.#escaped.head
      if (natural == null && escaped == null) return found
      if (found.length === limit) return found
      const isEscaped = natural == null || (escaped != null && escaped < natural)
      const bytes = isEscaped ? escaped! : natural
      if (isEscaped || natural === escaped) this.#escaped.advance()
      if (!isEscaped) this.#natural.advance()
      // Files of strangers whose names are no keys: not UTF-8, or too long.
      const key = bytes.length <= KEY_BYTES_MAX ? fromByteString(bytes) : null
      if (key !== null) found.push({ key, isEscaped })
    }
  }

  async #factsOf({ key, isEscaped }: FoundKey): Promise<ListedObject | null> {
    const path = isEscaped ? join(this.#folder.keys, escapedPathOf(key)) : `${this.#folder.path}/${key}`
    const stats = await lstat(path, { bigint: true }).catch((error: unknown) => {
      if (isMissing(error)) return null
      throw error
    })
    if (!stats?.isFile()) return null
    return {
      key,
      size: Number(stats.size),
      etag: etagOf(stats),
      lastModified: Number(stats.mtimeMs),
      storageClass: null,
    }
  }
}

/** Whether a path is there and leads through no link. */
async function isPlainFolder(path: string | null): Promise<boolean> {
  if (path === null) return false
  const real = await realpath(path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  return real === path
}
