import { mkdir, realpath } from 'node:fs/promises'
import type { StoreIdentity } from '../../domain/object.ts'
import type { WriteCondition } from '../object-store.ts'
import { StoreError } from '../object-store.ts'
import type { StoreOperation } from '../store-operation.ts'
import type { FilesystemSettings } from './config.ts'
import {
  type ContainerFolder,
  checkContainerExists,
  containerFolderOf,
  makeHiddenFolders,
} from './container-folder.ts'
import { identityOf } from './file-identity.ts'
import { KeyLocks } from './key-locks.ts'
import type { ObjectFacts } from './object-facts.ts'
import { publishFile } from './object-file.ts'
import { discardStaged, type StagedFile } from './staged-file.ts'
import { translateFilesystemError } from './translate-error.ts'

/** What the parts of a filesystem store share: its root, its locks, and how every operation runs. */
export class FilesystemState {
  readonly locks = new KeyLocks()
  readonly isDurable: boolean
  readonly #name: string
  readonly #configuredRoot: string
  #root: string | null = null

  constructor(options: { name: string; settings: FilesystemSettings }) {
    this.#name = options.name
    this.#configuredRoot = options.settings.root
    this.isDurable = options.settings.durability === 'fsync'
  }

  operation(operation: string, key: string | null): StoreOperation {
    return { store: this.#name, operation, key }
  }

  /**
   * Runs the work of an operation on a container. Every error becomes a {@link StoreError}; "nothing there"
   * becomes `container-not-found` when it is the container that is missing.
   */
  async run<Result>(
    operation: StoreOperation,
    container: string,
    work: (folder: ContainerFolder) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work(await this.#folderOf(operation, container))
    } catch (error) {
      const failure = translateFilesystemError(operation, error)
      if (failure.kind === 'not-found')
        await this.checkExists(operation, await this.#folderOf(operation, container))
      throw failure
    }
  }

  /** Throws kind `container-not-found` unless the container's folder is there. */
  async checkExists(operation: StoreOperation, folder: ContainerFolder): Promise<void> {
    await checkContainerExists(operation, folder)
  }

  /** Makes the hidden folders of a container that is there, before something is written. */
  async prepare(operation: StoreOperation, folder: ContainerFolder): Promise<void> {
    await this.checkExists(operation, folder)
    await makeHiddenFolders(folder)
  }

  /** Makes a staged file the object of the operation's key; discards it when that fails. */
  async publish(
    operation: StoreOperation,
    folder: ContainerFolder,
    staged: StagedFile,
    object: ObjectFacts,
    condition: WriteCondition | undefined,
  ): Promise<StoreIdentity> {
    try {
      const options = { condition, isDurable: this.isDurable }
      const stats = await this.locks.run(`${folder.path}/${operation.key}`, () =>
        publishFile(operation, folder, staged, object, options),
      )
      return identityOf(stats)
    } catch (error) {
      await discardStaged(staged.path).catch((problem: unknown) => problem)
      throw error instanceof StoreError ? error : translateFilesystemError(operation, error)
    }
  }

  /** The root with all links resolved, so that a link inside a container can be told from one above it. */
  async #folderOf(operation: StoreOperation, container: string): Promise<ContainerFolder> {
    if (this.#root === null) {
      await mkdir(this.#configuredRoot, { recursive: true })
      this.#root = await realpath(this.#configuredRoot)
    }
    return containerFolderOf(operation, this.#root, container)
  }
}
