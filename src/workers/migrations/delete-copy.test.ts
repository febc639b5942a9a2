import { beforeEach, describe, expect, it } from 'vitest'
import { MIB } from '../../domain/bytes.ts'
import { newId } from '../../domain/identifiers.ts'
import type { Copy } from '../../domain/object.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { type CopyDeletion, deleteCopyBytes } from './delete-copy.ts'

const BYTES = new Uint8Array([1, 2, 3])

describe('the bytes of a copy', () => {
  let told: string[]
  let deletion: CopyDeletion

  beforeEach(async () => {
    told = []
    const memory = createMemoryStore({ name: 'm', settings: { capacityBytes: MIB } })
    await memory.ensureContainer('c')
    const { identity } = await memory.put('c', 'k', BYTES, { size: BYTES.length })
    const store: ObjectStore = {
      ...memory,
      capabilities: { ...memory.capabilities, conditionalDelete: false },
      head: (...asked) => {
        told.push('look')
        return memory.head(...asked)
      },
      delete: (...asked) => {
        told.push('delete')
        return memory.delete(...asked)
      },
    }
    deletion = {
      store,
      container: 'c',
      copy: copyOf(identity),
      bucket: { name: 'b', mode: 'exclusive' },
      key: 'k',
      others: [],
      needed: [],
      begunClass: null,
      isApart: true,
      intent: null,
      signal: () => new AbortController().signal,
      signalInTime: () => new AbortController().signal,
      announce: async () => {
        told.push('announce')
        return { isRepeated: false, withdraw: async () => void told.push('withdraw') }
      },
      confirmLock: async () => void told.push('confirm'),
    }
  })

  it('go after the deletion was announced, then the lock confirmed, then the store looked at', async () => {
    expect(await deleteCopyBytes(deletion)).toBe('deleted')
    expect(told).toEqual(['announce', 'confirm', 'look', 'delete'])
  })

  it('stay when the lock was lost, and nobody is kept away by the announcement', async () => {
    const lost = new Error('the session of the lock is gone')
    await expect(deleteCopyBytes({ ...deletion, confirmLock: () => Promise.reject(lost) })).rejects.toBe(lost)
    expect(told).toEqual(['announce', 'withdraw'])
  })

  it('stay when others lie there by now', async () => {
    await deletion.store.put('c', 'k', new Uint8Array([4, 5, 6, 7]), { size: 4 })
    expect(await deleteCopyBytes(deletion)).toBe('changed')
    expect(told).toEqual(['announce', 'confirm', 'look', 'withdraw'])
  })
})

function copyOf(identity: Copy['identity']): Copy {
  return {
    id: newId(),
    objectId: newId() as Copy['objectId'],
    generation: 1,
    locationId: newId(),
    state: 'deleting',
    isPrimary: false,
    nativeKey: 'k',
    identity,
    size: BYTES.length,
    enteredAt: 0,
    graceUntil: null,
    verifiedAt: null,
  }
}
