import { LRUCache } from 'lru-cache'
import type { Clock } from '../domain/clock.ts'
import { isDatabaseAway } from './error-table.ts'

interface Entry<T> {
  readonly value: T
  readonly at: number
}

/**
 * Remembers what was looked up in the database: for `ttlMs` without asking again, and for `staleTtlMs` while
 * the database cannot be reached. That something is missing is never remembered.
 */
export class Remembered<T extends object> {
  readonly #entries: LRUCache<string, Entry<T>>
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #staleTtlMs: number
  readonly #find: (name: string) => Promise<T | null>

  constructor(options: {
    clock: Clock
    entriesMax: number
    ttlMs: number
    staleTtlMs: number
    find(name: string): Promise<T | null>
  }) {
    this.#entries = new LRUCache({ max: options.entriesMax })
    this.#clock = options.clock
    this.#ttlMs = options.ttlMs
    this.#staleTtlMs = options.staleTtlMs
    this.#find = options.find
  }

  /** The value: at once when it was looked up just now, after a look-up otherwise. */
  get(name: string): T | null | Promise<T | null> {
    const known = this.#entries.get(name)
    if (known !== undefined && this.#ageOf(known) < this.#ttlMs) return known.value
    return this.#look(name, known)
  }

  forget(name: string): void {
    this.#entries.delete(name)
  }

  async #look(name: string, known: Entry<T> | undefined): Promise<T | null> {
    try {
      const value = await this.#find(name)
      if (value === null) this.#entries.delete(name)
      else this.#entries.set(name, { value, at: this.#clock.now() })
      return value
    } catch (error) {
      if (known !== undefined && isDatabaseAway(error) && this.#ageOf(known) < this.#staleTtlMs) {
        return known.value
      }
      throw error
    }
  }

  /** A clock that was set back makes an entry old, not eternally young. */
  #ageOf(entry: Entry<T>): number {
    return Math.abs(this.#clock.now() - entry.at)
  }
}
