import { createHash } from 'node:crypto'

/** The most lines that are kept for people to read; the digest covers all. */
const LINES_MAX = 20_000

/** A broken invariant: which, and what was seen. */
export interface Violation {
  /** As in reliability promises: `I1` to `I7`, or `end` where things did not come to rest. */
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I7' | 'end'
  readonly message: string
}

/** What happened in a simulated world, line by line, and what must not have. */
export class History {
  readonly lines: string[] = []
  readonly #digest = createHash('sha256')
  #violation: Violation | null = null

  note(at: number, line: string): void {
    const text = `${at} ${line}`
    this.#digest.update(`${text}\n`)
    if (this.lines.length < LINES_MAX) this.lines.push(text)
  }

  /** Only the first counts: what follows from it says nothing new. */
  violate(invariant: Violation['invariant'], message: string): void {
    this.#violation ??= { invariant, message }
  }

  get violation(): Violation | null {
    return this.#violation
  }

  /** Of all lines: equal for equal histories. Called once. */
  digest(): string {
    return this.#digest.digest('hex').slice(0, 16)
  }
}
