/**
 * Reads a source ahead of whoever consumes it, at most `itemsMax` items, and hands over all that is there at
 * once. So a consumer that was slow for a moment catches up with a few large steps, and neither waits for the
 * other. An error of the source comes after the items before it. The source is closed when the consumer stops.
 */
export async function* readAhead<Item>(
  source: AsyncIterator<Item>,
  itemsMax: number,
): AsyncGenerator<Item[], void, undefined> {
  const buffer: Item[] = []
  let ended: { readonly error: unknown } | 'done' | null = null
  let isStopped = false
  let wake = Promise.withResolvers<void>()
  const signalChange = () => {
    const { resolve } = wake
    wake = Promise.withResolvers<void>()
    resolve()
  }

  async function fill(): Promise<void> {
    try {
      while (!isStopped) {
        const step = await source.next()
        if (step.done === true) break
        buffer.push(step.value)
        signalChange()
        while (buffer.length >= itemsMax && !isStopped) await wake.promise
      }
      ended = 'done'
    } catch (error) {
      ended = { error }
    }
    signalChange()
  }

  void fill()
  try {
    while (true) {
      const changed = wake.promise
      if (buffer.length > 0) {
        const items = buffer.splice(0)
        signalChange()
        yield items
      } else if (ended === null) await changed
      else if (ended === 'done') return
      else throw (ended as { error: unknown }).error
    }
  } finally {
    isStopped = true
    signalChange()
  }
}
