import type { Instant } from '../../domain/clock.ts'

/**
 * A process of the simulated world. Everything it waits for is a turn it owns: one that died never gets
 * another, so that no continuation of it runs again, and one that is stopped gets them when it wakes.
 */
export class Process {
  readonly name: string
  #isDead = false
  #sleepsUntil: Instant = 0
  readonly #onDeath: (() => void)[] = []

  constructor(name: string) {
    this.name = name
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get sleepsUntil(): Instant {
    return this.#sleepsUntil
  }

  /** As SIGKILL. */
  kill(): void {
    this.#isDead = true
    for (const tell of this.#onDeath.splice(0)) tell()
  }

  /** As SIGSTOP, and SIGCONT at `until`. */
  stop(until: Instant): void {
    this.#sleepsUntil = until
  }

  onDeath(tell: () => void): void {
    this.#onDeath.push(tell)
  }
}
