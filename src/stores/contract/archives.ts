import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { ObjectStore } from '../object-store.ts'
import type { Bench, Promised } from './promised.ts'
import { expectFailure, putBytes, readObject, sampleBytes } from './samples.ts'

const POLLS_MAX = 200
const POLL_MS = 10

/** What `restore` promises. A store without it has not even the method. */
export function describeArchives(promised: Promised): void {
  promised('restores exactly when it says so', async ({ store }) => {
    expect(store.restore !== undefined).toBe(store.capabilities.archiveRestore !== 'none')
    if (store.capabilities.archiveClasses.length === 0) expect(store.restore).toBeUndefined()
  })

  const archiving = (behaviour: string, test: (bench: Archiving) => Promise<void>) =>
    promised(behaviour, async bench => {
      const { archiveClasses, storageClasses } = bench.store.capabilities
      const archiveClass = archiveClasses.find(name => storageClasses.includes(name))
      const restore = bench.store.restore?.bind(bench.store)
      if (archiveClass === undefined || restore === undefined) return bench.skip('it has no archive')
      await test({ ...bench, archiveClass, restore })
    })

  archiving('reads nothing of an archive before it is restored, and the same bytes then', async bench => {
    const { archiveClass, container, restore, store } = bench
    const bytes = sampleBytes(1_000)
    const metadata = { plain: 'value' }
    const facts = { size: 1_000, storageClass: archiveClass, metadata }
    const { identity: onlyIf } = await store.put(container, 'k', bytes, facts)
    const before = await store.head(container, 'k')
    expect(before).toMatchObject({ archive: { kind: 'archived' }, storageClass: archiveClass })
    await expectFailure(store.get(container, 'k'), 'archived')
    const asked = await restore(container, 'k', { onlyIf, readableDays: 2 })
    expect(asked.identity).toEqual(onlyIf)
    expect(asked.archive?.kind).not.toBe('archived')
    // Asked once more, while it is under way or over.
    const again = await restore(container, 'k', { onlyIf, readableDays: 2 })
    expect(again.archive?.kind).not.toBe('archived')
    const after = await readable(store, container, 'k')
    expect(after).toMatchObject({ identity: onlyIf, size: 1_000, metadata })
    const isBeside = store.capabilities.archiveRestore === 'copy-for-days'
    expect(after.archive?.kind ?? 'readable').toBe(isBeside ? 'restored' : 'readable')
    expect(after.storageClass === archiveClass).toBe(isBeside)
    expect((await readObject(store, container, 'k')).equals(bytes)).toBe(true)
  })

  archiving('asks for nothing that can be read, is another one, or is not there', async bench => {
    const { archiveClass, container, restore, store } = bench
    const { identity } = await putBytes(store, container, 'k', sampleBytes(10))
    const found = await restore(container, 'k', { onlyIf: identity, readableDays: 1 })
    expect(found).toMatchObject({ archive: null, identity })
    const size = 11
    await store.put(container, 'k', sampleBytes(size, 'next'), { size, storageClass: archiveClass })
    const other = restore(container, 'k', { onlyIf: identity, readableDays: 1 })
    await expectFailure(other, 'precondition-failed')
    expect((await store.head(container, 'k')).archive).toEqual({ kind: 'archived' })
    const missing = restore(container, 'missing', { onlyIf: identity, readableDays: 1 })
    await expectFailure(missing, 'not-found')
  })

  archiving('restores nothing for no time, nor when the signal has aborted already', async bench => {
    const { archiveClass, container, restore, store } = bench
    const facts = { size: 10, storageClass: archiveClass }
    const { identity: onlyIf } = await store.put(container, 'k', sampleBytes(10), facts)
    for (const readableDays of [0, 1.5])
      await expectFailure(restore(container, 'k', { onlyIf, readableDays }), 'unsupported')
    const signal = AbortSignal.abort()
    await expectFailure(restore(container, 'k', { onlyIf, readableDays: 1, signal }), 'aborted')
    expect((await store.head(container, 'k')).archive).toEqual({ kind: 'archived' })
  })

  archiving('says of an object that can be read that it lies in no archive', async ({ container, store }) => {
    await putBytes(store, container, 'k', sampleBytes(10))
    expect((await store.head(container, 'k')).archive).toBeNull()
    const { archive, body } = await store.get(container, 'k')
    body.destroy()
    expect(archive).toBeNull()
  })
}

interface Archiving extends Bench {
  readonly archiveClass: string
  readonly restore: NonNullable<ObjectStore['restore']>
}

/** The object's facts once it can be read. */
async function readable(store: ObjectStore, container: string, key: string) {
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    const found = await store.head(container, key)
    if (found.archive === null || found.archive.kind === 'restored') return found
    await sleep(POLL_MS)
  }
  throw new Error('The restore does not end.')
}
