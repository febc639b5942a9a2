import { createFilesystemStore } from '../../src/stores/filesystem/filesystem-store.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { s3Credentials, s3Settings } from '../../src/stores/s3/config.ts'
import { createS3Store } from '../../src/stores/s3/s3-store.ts'
import { type GeneratedObjects, generatedStore } from './generated-store.ts'
import { type SinkExpectation, sinkStore } from './sink-store.ts'

/** A store that a process of its own can open. */
export type SizedStore =
  | { readonly kind: 'generated'; readonly objects: GeneratedObjects }
  | { readonly kind: 'sink'; readonly expected: SinkExpectation }
  | { readonly kind: 'filesystem'; readonly root: string }
  | { readonly kind: 's3'; readonly settings: object; readonly credentials: object }

/** Opens a store as a task describes it. */
export function openSized(name: string, store: SizedStore): ObjectStore {
  switch (store.kind) {
    case 'generated':
      return generatedStore(name, store.objects)
    case 'sink':
      return sinkStore(name, store.expected)
    case 'filesystem':
      return createFilesystemStore({ name, settings: { root: store.root, durability: 'fsync' } })
    case 's3':
      return createS3Store({
        name,
        settings: s3Settings.parse(store.settings),
        credentials: s3Credentials.parse(store.credentials),
      })
  }
}
