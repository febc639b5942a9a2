import { type ObjectStore, StoreError } from '../object-store.ts'
import { aroundStore } from './around-store.ts'
import type { RefusalWatch } from './refusal-watch.ts'

/**
 * The same store; the watch hears how each request ended. `shutOut` hears of each refusal with which the
 * credentials must be taken for refused: the container it was about and what the store said. It must neither
 * throw nor wait.
 */
export function watchedStore(
  inner: ObjectStore,
  options: { watch: RefusalWatch; shutOut: (container: string, words: string) => void },
): ObjectStore {
  const { shutOut, watch } = options
  return aroundStore(inner, {
    async request({ container, key }, perform) {
      try {
        const answer = await perform()
        watch.note('ok', key)
        return answer
      } catch (error) {
        if (error instanceof StoreError) {
          watch.note(error.kind, key)
          if (error.kind === 'access-denied' && watch.isShutOut) shutOut(container, error.message)
        }
        throw error
      }
    },
  })
}
