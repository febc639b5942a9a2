/** Lets one writer at a time work on a key, in the order in which they asked. */
export class KeyLocks {
  readonly #tails = new Map<string, Promise<void>>()

  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const former = this.#tails.get(key)
    let release = () => {
      // Replaced below, before anyone can wait.
    }
    const tail = new Promise<void>(resolve => {
      release = resolve
    })
    this.#tails.set(key, tail)
    try {
      await former
      return await work()
    } finally {
      release()
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}
