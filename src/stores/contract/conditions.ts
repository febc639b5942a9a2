import { expect } from 'vitest'
import type { Bench, Promised } from './promised.ts'
import { chunked, expectFailure, listKeys, putBytes, readAll, readObject, sampleBytes } from './samples.ts'

const OTHER_IDENTITY = { etag: '00000000000000000000000000000000', versionId: null }

/** What conditional reads, writes and deletes promise; stores without them must refuse, not ignore. */
export function describeConditions(promised: Promised): void {
  promised('reads only the bytes with the given identity', async ({ store, container }) => {
    const { identity } = await putBytes(store, container, 'k', sampleBytes(10))
    if (!store.capabilities.conditionalRead) {
      await expectFailure(store.head(container, 'k', { onlyIf: identity }), 'unsupported')
      await expectFailure(store.get(container, 'k', { onlyIf: identity }), 'unsupported')
      return
    }
    expect((await store.head(container, 'k', { onlyIf: identity })).identity).toEqual(identity)
    const got = await store.get(container, 'k', { onlyIf: identity })
    expect((await readAll(got.body)).equals(sampleBytes(10))).toBe(true)
    await putBytes(store, container, 'k', sampleBytes(10, 'next'))
    await expectFailure(store.head(container, 'k', { onlyIf: identity }), 'precondition-failed')
    await expectFailure(store.get(container, 'k', { onlyIf: identity }), 'precondition-failed')
    const range = { start: 0, end: 1 }
    await expectFailure(store.get(container, 'k', { onlyIf: identity, range }), 'precondition-failed')
    await expectFailure(store.head(container, 'missing', { onlyIf: identity }), 'not-found')
  })

  promised('deletes only the bytes with the given identity', async ({ store, container }) => {
    const { identity } = await putBytes(store, container, 'k', sampleBytes(10))
    if (!store.capabilities.conditionalDelete) {
      await expectFailure(store.delete(container, 'k', { onlyIf: identity }), 'unsupported')
      return
    }
    const next = await putBytes(store, container, 'k', sampleBytes(10, 'next'))
    await expectFailure(store.delete(container, 'k', { onlyIf: identity }), 'precondition-failed')
    expect((await readObject(store, container, 'k')).equals(sampleBytes(10, 'next'))).toBe(true)
    await store.delete(container, 'k', { onlyIf: next.identity })
    expect(await listKeys(store, container)).toEqual([])
    await store.delete(container, 'k', { onlyIf: next.identity })
  })

  promised('writes only where nothing is', async bench => {
    const { store, container } = bench
    const options = { size: 10, condition: { kind: 'absent' } as const }
    if (await refusesConditions(bench, options)) return
    await store.put(container, 'k', sampleBytes(10), options)
    await expectFailure(store.put(container, 'k', sampleBytes(10, 'next'), options), 'precondition-failed')
    await expectFailure(
      store.put(container, 'k', chunked(sampleBytes(10, 'next')), options),
      'precondition-failed',
    )
    expect((await readObject(store, container, 'k')).equals(sampleBytes(10))).toBe(true)
    await store.delete(container, 'k')
    await store.put(container, 'k', sampleBytes(10, 'next'), options)
    expect((await readObject(store, container, 'k')).equals(sampleBytes(10, 'next'))).toBe(true)
  })

  promised('writes only over the bytes with the given identity', async bench => {
    const { store, container } = bench
    const put = (
      identity: typeof OTHER_IDENTITY | { etag: string | null; versionId: string | null },
      seed: string,
    ) =>
      store.put(container, 'k', sampleBytes(10, seed), {
        size: 10,
        condition: { kind: 'identity', identity },
      })
    if (
      await refusesConditions(bench, { size: 10, condition: { kind: 'identity', identity: OTHER_IDENTITY } })
    )
      return
    const first = await putBytes(store, container, 'k', sampleBytes(10, 'first'))
    const second = await put(first.identity, 'second')
    await expectFailure(put(first.identity, 'third'), 'precondition-failed')
    await expectFailure(put(OTHER_IDENTITY, 'third'), 'precondition-failed')
    expect((await readObject(store, container, 'k')).equals(sampleBytes(10, 'second'))).toBe(true)
    await store.delete(container, 'k')
    await expectFailure(put(second.identity, 'third'), 'precondition-failed')
    expect(await listKeys(store, container)).toEqual([])
  })

  promised('lets one of many writers win where nothing was', async ({ store, container, skip }) => {
    if (!store.capabilities.conditionalPut) return skip('it has no conditional writes')
    const writes = Array.from({ length: 8 }, (_, index) => {
      const bytes = sampleBytes(50_000, `writer ${index}`)
      const options = { size: bytes.length, condition: { kind: 'absent' } as const }
      return store.put(container, 'raced', chunked(bytes), options).then(
        () => index,
        () => null,
      )
    })
    const winners = (await Promise.all(writes)).filter(index => index !== null)
    expect(winners).toHaveLength(1)
    const read = await readObject(store, container, 'raced')
    expect(read.equals(sampleBytes(50_000, `writer ${winners[0]}`))).toBe(true)
  })
}

/** Whether the store has no conditional writes; then it must say so instead of writing. */
async function refusesConditions(
  { store, container }: Bench,
  options: Parameters<typeof store.put>[3],
): Promise<boolean> {
  if (store.capabilities.conditionalPut) return false
  await expectFailure(store.put(container, 'k', sampleBytes(10), options), 'unsupported')
  expect(await listKeys(store, container)).toEqual([])
  return true
}
