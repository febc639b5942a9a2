/** What became of one of many that were done together. */
export type BatchOutcome<Result> = { readonly value: Result } | { readonly error: unknown }

/** Puts items of many callers together, so that one statement or transaction does what each asked for. */
export type Batcher<Item, Result> = (item: Item) => Promise<Result>

/**
 * Makes a batcher: an item waits until fewer than `runsMax` batches run, and then goes with the others that
 * came meanwhile, at most `itemsMax` of them. Under light load it waits for nobody. With `beside`, another batch
 * begins beside those that run only when `itemsMin` items wait, or when one has waited for so long: many small
 * batches cost more than one large one.
 *
 * `run` answers one outcome for each item, in their order; when it rejects, all of them do.
 */
export function createBatcher<Item, Result>(options: {
  readonly itemsMax: number
  readonly runsMax: number
  readonly beside?: { readonly itemsMin: number; readonly waitMsMax: number }
  readonly run: (items: readonly Item[]) => Promise<readonly BatchOutcome<Result>[]>
}): Batcher<Item, Result> {
  interface Waiting {
    readonly item: Item
    readonly resolve: (value: Result) => void
    readonly reject: (error: unknown) => void
  }
  const { itemsMax, runsMax, beside = { itemsMin: 1, waitMsMax: 0 } } = options
  const waiting: Waiting[] = []
  let running = 0
  let isScheduled = false
  let patience: NodeJS.Timeout | null = null

  function schedule(itemsMin = running === 0 ? 1 : beside.itemsMin): void {
    if (isScheduled || running >= runsMax || waiting.length === 0) return
    if (waiting.length < itemsMin) {
      patience ??= setTimeout(() => {
        patience = null
        schedule(1)
      }, beside.waitMsMax)
      return
    }
    isScheduled = true
    // Whoever asks in the same turn of the event loop comes along.
    setImmediate(start)
  }

  function start(): void {
    isScheduled = false
    if (patience !== null) clearTimeout(patience)
    patience = null
    const batch = waiting.splice(0, itemsMax)
    running++
    runBatch(batch).finally(() => {
      running--
      schedule()
    })
    schedule()
  }

  async function runBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await options.run(batch.map(({ item }) => item))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) reject(new Error('a batch answered for fewer items than it was given'))
        else if ('value' in outcome) resolve(outcome.value)
        else reject(outcome.error)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return item =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      schedule()
    })
}
