import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeObjectStore } from '../contract/describe-object-store.ts'
import { createFilesystemStore } from './filesystem-store.ts'

describeObjectStore({
  name: 'filesystem',
  keepsEveryKey: true,
  newStore: async () => {
    const root = await mkdtemp(join(tmpdir(), 'dim-filesystem-'))
    const store = createFilesystemStore({ name: 'filesystem', settings: { root, durability: 'none' } })
    return { store, dispose: () => rm(root, { recursive: true }) }
  },
})
