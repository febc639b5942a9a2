import type { GatewayClient } from '../../simulator/client/gateway-client.ts'

/**
 * What happened to one write of the demo's traffic; in their order, notes are enough to know what may be
 * read.
 */
export type WriteNote =
  /** Noted before the request is sent. Numbers are unique among all writes of a data folder. */
  | { readonly event: 'begun'; readonly write: number; readonly key: string; readonly sha256: string }
  /** `isSettled`: the write was acknowledged and no other write of the key overlapped it. */
  | { readonly event: 'ended'; readonly write: number; readonly isSettled: boolean }

interface OpenWrite {
  readonly key: string
  readonly sha256: string
}

/** What each key's content may be, by SHA-256: the demo's own truth, kept apart from the catalog. */
export class ContentTruth {
  readonly #known: Map<string, Set<string>>
  readonly #open = new Map<number, OpenWrite>()
  readonly #writing = new Map<string, number>()
  readonly #note: (note: WriteNote) => void
  #nextWrite = 1

  /**
   * Starts from the digests of the first contents and what was `noted` since, by processes that have ended
   * meanwhile: a write they left open may have happened or not. From now on `note` is told of every write.
   */
  constructor(
    digests: ReadonlyMap<string, string>,
    options: { noted?: readonly WriteNote[]; note?: (note: WriteNote) => void } = {},
  ) {
    this.#known = new Map([...digests].map(([key, digest]) => [key, new Set([digest])]))
    this.#note = options.note ?? (() => undefined)
    for (const note of options.noted ?? []) this.#learn(note)
    this.#open.clear()
    this.#writing.clear()
  }

  get size(): number {
    return this.#known.size
  }

  keys(): IterableIterator<string> {
    return this.#known.keys()
  }

  /**
   * Whether these bytes are what was last written under the key, or what a write without answer may have
   * left.
   */
  allows(key: string, sha256: string): boolean {
    return this.#known.get(key)?.has(sha256) ?? false
  }

  /** A client that goes on as before and notes every write it makes. */
  noting(client: GatewayClient): GatewayClient {
    return {
      ...client,
      write: async (bucket, key, body, options) => {
        const write = this.#nextWrite
        const isFirst = !this.#writing.has(key)
        this.#tell({ event: 'begun', write, key, sha256: body.sha256 })
        const possible = this.#known.get(key)!.size
        let isSettled = false
        try {
          const answer = await client.write(bucket, key, body, options)
          const isAlone = isFirst && this.#writing.get(key) === 1 && this.#known.get(key)!.size === possible
          isSettled = isAlone && answer.status === 200
          return answer
        } finally {
          this.#tell({ event: 'ended', write, isSettled })
        }
      },
    }
  }

  #tell(note: WriteNote): void {
    this.#note(note)
    this.#learn(note)
  }

  #learn(note: WriteNote): void {
    this.#nextWrite = Math.max(this.#nextWrite, note.write + 1)
    if (note.event === 'begun') {
      const { key, sha256 } = note
      this.#open.set(note.write, { key, sha256 })
      this.#writing.set(key, (this.#writing.get(key) ?? 0) + 1)
      this.#known.set(key, (this.#known.get(key) ?? new Set()).add(sha256))
      return
    }
    const ended = this.#open.get(note.write)
    if (ended === undefined) return
    this.#open.delete(note.write)
    const others = (this.#writing.get(ended.key) ?? 1) - 1
    if (others === 0) this.#writing.delete(ended.key)
    else this.#writing.set(ended.key, others)
    if (note.isSettled) this.#known.set(ended.key, new Set([ended.sha256]))
  }
}
