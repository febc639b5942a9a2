import { describe, expect, it } from 'vitest'
import { type BatchOutcome, createBatcher } from './batches.ts'

/** A batcher whose batches end when the test says so. */
function heldBatcher(options: {
  itemsMax: number
  runsMax: number
  beside?: { itemsMin: number; waitMsMax: number }
}) {
  const batches: { readonly items: readonly number[]; readonly end: () => void }[] = []
  const ask = createBatcher<number, number>({
    ...options,
    run: items =>
      new Promise<BatchOutcome<number>[]>(resolve => {
        batches.push({ items, end: () => resolve(items.map(item => ({ value: -item }))) })
      }),
  })
  /** Resolves as soon as so many batches began. */
  async function begun(count: number): Promise<readonly (readonly number[])[]> {
    await expect.poll(() => batches.length, { interval: 1 }).toBe(count)
    return batches.map(({ items }) => items)
  }
  const turn = () => new Promise(resolve => setImmediate(resolve))
  return { ask, batches, begun, turn }
}

describe('a batcher', () => {
  it('takes all that is asked for in the same moment, and then all that came while it ran', async () => {
    const { ask, batches, begun } = heldBatcher({ itemsMax: 10, runsMax: 1 })
    const first = [ask(1), ask(2)]
    expect(await begun(1)).toEqual([[1, 2]])
    const second = [ask(3), ask(4)]
    batches[0]!.end()
    expect(await Promise.all(first)).toEqual([-1, -2])
    expect(await begun(2)).toEqual([
      [1, 2],
      [3, 4],
    ])
    batches[1]!.end()
    expect(await Promise.all(second)).toEqual([-3, -4])
  })

  it('runs no more batches, and none larger, than it may', async () => {
    const { ask, begun, turn } = heldBatcher({ itemsMax: 2, runsMax: 2 })
    for (const item of [1, 2, 3, 4, 5]) void ask(item)
    expect(await begun(2)).toEqual([
      [1, 2],
      [3, 4],
    ])
    await turn()
    expect(await begun(2)).toHaveLength(2)
  })

  it('begins a batch beside another one only with enough items', async () => {
    const beside = { itemsMin: 3, waitMsMax: 60_000 }
    const { ask, batches, begun, turn } = heldBatcher({ itemsMax: 3, runsMax: 2, beside })
    void ask(1)
    await begun(1)
    void ask(2)
    void ask(3)
    await turn()
    await turn()
    expect(batches).toHaveLength(1)
    void ask(4)
    expect((await begun(2))[1]).toEqual([2, 3, 4])
    void ask(5)
    batches[0]!.end()
    batches[1]!.end()
    expect((await begun(3))[2]).toEqual([5])
  })

  it('lets nobody wait for others longer than it may, while a batch hangs', async () => {
    const { ask, batches, begun } = heldBatcher({
      itemsMax: 3,
      runsMax: 2,
      beside: { itemsMin: 3, waitMsMax: 5 },
    })
    void ask(1)
    await begun(1)
    const late = ask(2)
    expect((await begun(2))[1]).toEqual([2])
    batches[1]!.end()
    expect(await late).toBe(-2)
  })
})
