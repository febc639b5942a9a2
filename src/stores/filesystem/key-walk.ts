import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { ContainerFolder } from './container-folder.ts'
import {
  type ByteString,
  escapedNameOf,
  fromByteString,
  fsPathOf,
  HIDDEN_FOLDER,
  isNaturalKey,
  toByteString,
  unescapePiece,
} from './key-path.ts'
import { isMissing } from './translate-error.ts'

/** How names of files and folders in a tree make up keys. */
interface TreeShape {
  /**
   * The part of the key a name stands for, with {@link folderMark} at its end for a folder, so that parts in
   * ascending order give keys in ascending order. Null for what is no object.
   */
  partOf(entry: Dirent, isTop: boolean): string | null
  readonly folderMark: string
  /** The name of the part, without the mark. */
  nameOf(part: string, isFolder: boolean): string
  /** What a folder's part adds to the keys below it. */
  keyOf(folderPart: string): ByteString
}

const naturalShape: TreeShape = {
  folderMark: '/',
  partOf(entry, isTop) {
    if (entry.isFile()) return entry.name
    return entry.isDirectory() && !(isTop && entry.name === HIDDEN_FOLDER) ? `${entry.name}/` : null
  },
  nameOf: (part, isFolder) => (isFolder ? part.slice(0, -1) : part),
  keyOf: folderPart => folderPart,
}

const escapedShape: TreeShape = {
  // Above every byte, so that it cannot be part of a piece.
  folderMark: '\u0100',
  partOf(entry) {
    const piece = unescapePiece(entry.name)
    if (piece === null) return null
    if (piece.continues) return entry.isDirectory() ? `${piece.bytes}\u0100` : null
    return entry.isFile() ? piece.bytes : null
  },
  nameOf: (part, isFolder) =>
    isFolder ? escapedNameOf(part.slice(0, -1), true) : escapedNameOf(part, false),
  keyOf: folderPart => folderPart.slice(0, -1),
}

interface Frame {
  readonly path: ByteString
  readonly key: ByteString
  readonly parts: readonly string[]
  next: number
}

/**
 * Walks one tree of a container in the order of keys, one folder of each level in memory at a time.
 * `head` is the next key as bytes, null at the end, and undefined while a folder has to be read first.
 */
export class KeyWalk {
  head: ByteString | null | undefined
  readonly #shape: TreeShape
  readonly #prefix: ByteString
  readonly #after: ByteString | null
  readonly #start: { path: ByteString; key: ByteString } | null
  readonly #stack: Frame[] = []
  #isStarted = false

  private constructor(
    shape: TreeShape,
    start: { path: ByteString; key: ByteString } | null,
    range: { prefix: string; after: string | null },
  ) {
    this.#shape = shape
    this.#start = start
    this.#prefix = toByteString(range.prefix)
    this.#after = range.after === null ? null : toByteString(range.after)
  }

  /** Walks the objects that lie under their own names. */
  static natural(folder: ContainerFolder, range: { prefix: string; after: string | null }): KeyWalk {
    const folderKey = range.prefix.slice(0, range.prefix.lastIndexOf('/') + 1)
    if (folderKey !== '' && !isNaturalKey(folderKey.slice(0, -1)))
      return new KeyWalk(naturalShape, null, range)
    const key = toByteString(folderKey)
    const path = toByteString(folder.path) + (key === '' ? '' : `/${key.slice(0, -1)}`)
    return new KeyWalk(naturalShape, { path, key }, range)
  }

  /** Walks the objects that lie escaped. */
  static escaped(folder: ContainerFolder, range: { prefix: string; after: string | null }): KeyWalk {
    return new KeyWalk(escapedShape, { path: toByteString(folder.keys), key: '' }, range)
  }

  /** The folder the walk starts in, or null when no key can match. */
  get startPath(): string | null {
    return this.#start === null ? null : fromByteString(this.#start.path)
  }

  /** Makes `head` known. */
  async load(): Promise<void> {
    if (!this.#isStarted) {
      this.#isStarted = true
      if (this.#start !== null) this.#stack.push(await this.#read(this.#start.path, this.#start.key))
    }
    while (this.head === undefined) {
      const folder = this.#stepToFile()
      if (folder !== null) this.#stack.push(await this.#read(folder.path, folder.key))
    }
  }

  /** Leaves the present key. */
  advance(): void {
    this.head = undefined
    const frame = this.#stack.at(-1)
    const part = frame?.parts[frame.next]
    if (frame === undefined || part === undefined || part.endsWith(this.#shape.folderMark)) return
    frame.next++
    this.head = frame.key + part
  }

  /** Sets `head` if a file is next; returns the folder to be read if a folder is. */
  #stepToFile(): { path: ByteString; key: ByteString } | null {
    while (true) {
      const frame = this.#stack.at(-1)
      if (frame === undefined) {
        this.head = null
        return null
      }
      const part = frame.parts[frame.next++]
      if (part === undefined) {
        this.#stack.pop()
      } else if (part.endsWith(this.#shape.folderMark)) {
        const path = `${frame.path}/${this.#shape.nameOf(part, true)}`
        return { path, key: frame.key + this.#shape.keyOf(part) }
      } else {
        this.head = frame.key + part
        return null
      }
    }
  }

  async #read(path: ByteString, key: ByteString): Promise<Frame> {
    const isTop = this.#stack.length === 0 && key === ''
    const entries = await readdir(fsPathOf(path), { withFileTypes: true, encoding: 'latin1' }).catch(
      (error: unknown) => {
        if (isMissing(error)) return []
        throw error
      },
    )
    const parts: string[] = []
    for (const entry of entries) {
      const part = this.#shape.partOf(entry, isTop)
      if (part !== null && this.#isWanted(key, part)) parts.push(part)
    }
    return { path, key, parts: parts.sort(), next: 0 }
  }

  #isWanted(key: ByteString, part: string): boolean {
    if (!part.endsWith(this.#shape.folderMark)) {
      const full = key + part
      return full.startsWith(this.#prefix) && (this.#after === null || full > this.#after)
    }
    const full = key + this.#shape.keyOf(part)
    const mayMatch = full.startsWith(this.#prefix) || this.#prefix.startsWith(full)
    return mayMatch && (this.#after === null || full > this.#after || this.#after.startsWith(full))
  }
}
