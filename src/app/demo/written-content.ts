import type { GatewayClient } from '../../simulator/client/gateway-client.ts'

/** What each key's content may be, by SHA-256: the demo's own truth, kept apart from the catalog. */
export class ContentTruth {
  readonly #known: Map<string, Set<string>>
  readonly #writing = new Map<string, number>()

  constructor(digests: ReadonlyMap<string, string>) {
    this.#known = new Map([...digests].map(([key, digest]) => [key, new Set([digest])]))
  }

  get size(): number {
    return this.#known.size
  }

  keys(): IterableIterator<string> {
    return this.#known.keys()
  }

  /** Whether these bytes are what was last written under the key, or what a write without answer may have left. */
  allows(key: string, sha256: string): boolean {
    return this.#known.get(key)?.has(sha256) ?? false
  }

  /** A client that goes on as before and notes every write it makes. */
  noting(client: GatewayClient): GatewayClient {
    return {
      ...client,
      write: async (bucket, key, body, options) => {
        const isAlone = this.#begin(key, body.sha256)
        try {
          const answer = await client.write(bucket, key, body, options)
          this.#end(key, body.sha256, isAlone() && answer.status === 200)
          return answer
        } catch (error) {
          this.#end(key, body.sha256, false)
          throw error
        }
      },
    }
  }

  /** Notes a possible content; returns whether no other write of the key overlapped this one. */
  #begin(key: string, sha256: string): () => boolean {
    const already = this.#writing.get(key) ?? 0
    this.#writing.set(key, already + 1)
    const possible = this.#known.get(key) ?? new Set()
    possible.add(sha256)
    this.#known.set(key, possible)
    const before = possible.size
    return () => already === 0 && this.#writing.get(key) === 1 && possible.size === before
  }

  #end(key: string, sha256: string, isSettled: boolean): void {
    const open = (this.#writing.get(key) ?? 1) - 1
    if (open === 0) this.#writing.delete(key)
    else this.#writing.set(key, open)
    if (isSettled) this.#known.set(key, new Set([sha256]))
  }
}
