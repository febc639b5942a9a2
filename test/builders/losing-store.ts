import { type ObjectStore, StoreError } from '../../src/stores/object-store.ts'

/**
 * A store whose answers can be lost after it did what was asked, as when the asking process is killed there.
 */
export type LosingStore = ObjectStore & {
  /** Answers of these operations are lost. */
  losing: 'nothing' | 'put' | 'complete'
  /** No answer comes, and nothing is done. */
  isDown: boolean
}

/** Wraps a store so that its answers can be lost. */
export function createLosingStore(inner: ObjectStore): LosingStore {
  const lost = (operation: string, retry: 'yes' | 'unknown-outcome') =>
    new StoreError({
      kind: 'unreachable',
      retry,
      store: inner.name,
      operation,
      message: 'the test cut the wire',
    })
  const checkUp = (operation: string) => {
    if (store.isDown) throw lost(operation, 'yes')
  }
  const multipart = inner.multipart!
  const store: LosingStore = {
    ...inner,
    losing: 'nothing',
    isDown: false,
    async head(...args) {
      checkUp('head')
      return inner.head(...args)
    },
    async put(...args) {
      checkUp('put')
      const result = await inner.put(...args)
      if (store.losing === 'put') throw lost('put', 'unknown-outcome')
      return result
    },
    multipart: {
      ...multipart,
      async complete(...args) {
        const result = await multipart.complete(...args)
        if (store.losing === 'complete') throw lost('complete', 'unknown-outcome')
        return result
      },
    },
  }
  return store
}
