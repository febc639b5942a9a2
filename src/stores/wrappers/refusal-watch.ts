import { MINUTE } from '../../domain/duration.ts'
import type { StoreErrorKind } from '../object-store.ts'

/** When refusals tell of the credentials, and not of an object that may not be read. */
export interface RefusalRules {
  /** How far back a refusal counts, in milliseconds. */
  readonly windowMs: number
  /** So many refusals in a row, without any other answer between them. */
  readonly refusalsMin: number
  /** Of them about so many different keys; a request about a whole container counts as a key of its own. */
  readonly keysMin: number
}

/** Ten refusals in a row within ten minutes, of at least three keys. */
export const REFUSAL_DEFAULTS: RefusalRules = { windowMs: 10 * MINUTE, refusalsMin: 10, keysMin: 3 }

/**
 * Kinds that say nothing of the credentials: no answer at all, one that any server gives before it looks at
 * them, or a request that was never sent.
 */
const SAYS_NOTHING: ReadonlySet<StoreErrorKind> = new Set([
  'unreachable',
  'timeout',
  'throttled',
  'aborted',
  'unexpected',
  'unsupported',
  'clock-skewed',
  'invalid-key',
  'too-large',
  'metadata-too-large',
])

/** Knows whether a store refuses everything it is asked: its credentials are no longer good. */
export class RefusalWatch {
  readonly #rules: RefusalRules
  readonly #nowMs: () => number
  /** The newest refusals since the last other answer, at most `refusalsMin`. */
  #refusals: { readonly atMs: number; readonly key: string | null }[] = []

  constructor(rules: RefusalRules, nowMs: () => number) {
    this.#rules = rules
    this.#nowMs = nowMs
  }

  /** Whether the last answers, be it one, were refusals: what was refused proves nothing against an object. */
  get onlyRefuses(): boolean {
    return this.#recent().length > 0
  }

  /** Whether the credentials must be taken for refused. */
  get isShutOut(): boolean {
    const recent = this.#recent()
    if (recent.length < this.#rules.refusalsMin) return false
    const keys = new Set(recent.map(({ key }) => key ?? {}))
    return keys.size >= this.#rules.keysMin
  }

  /** Takes note of how a request about a key, or null for a container, ended. */
  note(outcome: 'ok' | StoreErrorKind, key: string | null): void {
    if (outcome === 'access-denied') {
      const kept = this.#recent().slice(1 - this.#rules.refusalsMin)
      this.#refusals = [...kept, { atMs: this.#nowMs(), key }]
    } else if (outcome === 'ok' || !SAYS_NOTHING.has(outcome)) this.forget()
  }

  /** Begins anew: a person says that the store may be asked again. */
  forget(): void {
    this.#refusals = []
  }

  #recent() {
    const sinceMs = this.#nowMs() - this.#rules.windowMs
    return this.#refusals.filter(({ atMs }) => atMs > sinceMs)
  }
}
