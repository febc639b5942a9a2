const CENSORED = '[redacted]'

/**
 * A secret in memory that prints as `[redacted]` wherever it is logged, inspected, concatenated or turned
 * into JSON. Only {@link reveal} gives the text, so every use of a secret can be searched for.
 */
export class Redacted {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The secret itself: for the moment of use, never for keeping. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return CENSORED
  }

  toJSON(): string {
    return CENSORED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return CENSORED
  }
}
