import { tmpdir } from 'node:os'
import { type Database, openBeside, openDatabase } from '../../src/database/postgres.ts'
import { createDeletionAnnouncer } from '../../src/database/writes/deletions-in-flight.ts'
import { wallClock } from '../../src/domain/clock.ts'
import { newId, type Uuid } from '../../src/domain/identifiers.ts'
import { createFilesystemStore } from '../../src/stores/filesystem/filesystem-store.ts'
import type { ObjectStore } from '../../src/stores/object-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { reconcileLoop } from '../../src/workers/reconcile/run-reconcile.ts'

/**
 * Where a run may die: a page was listed and not written down; an orphan is about to be deleted; its bytes are
 * gone and the catalog does not know; the catalog knows and the run has not counted it.
 */
export type ReconcileBoundary = 'listed' | 'to-be-deleted' | 'deleted' | 'committed'

/** What a process that compares and dies is to do, as its parent tells it in one argument of JSON. */
export interface ReconcileTask {
  readonly connectionString: string
  /** Folders, by the ids of their stores. */
  readonly roots: Readonly<Record<Uuid, string>>
  readonly pageKeys: number
  readonly boundary: ReconcileBoundary
  /** It kills itself when it comes there for the so many-th time. */
  readonly nth: number
}

async function main(task: ReconcileTask): Promise<void> {
  const onIdleError = (error: Error) => void process.stderr.write(`${error.message}\n`)
  const database = openDatabase({
    connectionString: task.connectionString,
    connectionsMax: 6,
    applicationName: 'mortal-reconcile',
    onIdleError,
  })
  let left = task.nth
  const reach = (boundary: ReconcileBoundary) => {
    if (boundary === task.boundary && --left === 0) process.kill(process.pid, 'SIGKILL')
  }
  const stores = new Map(
    Object.entries(task.roots).map(([id, root]) => {
      const store = createFilesystemStore({ name: id, settings: { root, durability: 'none' } })
      return [id, mortal(store, reach)]
    }),
  )
  const loop = reconcileLoop({
    database,
    lockDatabase: tellingReleases(database, () => reach('committed')),
    openStore: async id => stores.get(id)!,
    announceDeletion: createDeletionAnnouncer(openBeside(database, { connectionsMax: 1, onIdleError })),
    modelClock: wallClock,
    wallClock,
    log: silentLogger,
    principal: 'system:reconcile',
    owner: newId(),
    temporaryFolder: tmpdir(),
    pageKeys: task.pageKeys,
  })
  await loop.step(new AbortController().signal)
  // Whoever comes here did not die where it was told to: its parent sees that by how it ended.
  process.exit(0)
}

function mortal(store: ObjectStore, reach: (boundary: ReconcileBoundary) => void): ObjectStore {
  return {
    ...store,
    async list(...args) {
      const page = await store.list(...args)
      reach('listed')
      return page
    },
    async delete(...args) {
      reach('to-be-deleted')
      await store.delete(...args)
      reach('deleted')
    },
  }
}

/** A database that tells when a connection is given back, which is after its transaction was committed. */
function tellingReleases(database: Database, onRelease: () => void): Database {
  const connect = async () => {
    const connection = await database.connect()
    const release = connection.release
    connection.release = error => {
      connection.release = release
      onRelease()
      release.call(connection, error)
    }
    return connection
  }
  return new Proxy(database, {
    get(pool, name) {
      if (name === 'connect') return connect
      const value: unknown = Reflect.get(pool, name, pool)
      return typeof value === 'function' ? value.bind(pool) : value
    },
  })
}

await main(JSON.parse(process.argv[2]!) as ReconcileTask)
