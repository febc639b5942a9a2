import { type ObjectStore, StoreError } from '../../stores/object-store.ts'

/** Containers that were made sure of, by open store: a thousand moves ask once. */
const known = new WeakMap<ObjectStore, Set<string>>()

/** Makes sure that a container exists, and remembers it as long as the store is open. */
export async function ensureKnownContainer(
  store: ObjectStore,
  container: string,
  signal: AbortSignal,
): Promise<void> {
  const containers = known.get(store) ?? new Set()
  if (containers.has(container)) return
  await store.ensureContainer(container, { signal })
  known.set(store, containers.add(container))
}

/** Forgets the containers of a store after one of them turned out to be missing. */
export function forgetContainersAfter(error: unknown, store: ObjectStore): void {
  if (error instanceof StoreError && error.kind === 'container-not-found') known.delete(store)
}
