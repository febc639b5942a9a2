import { tmpdir } from 'node:os'
import { listOrphans, type OrphanRow } from '../../src/database/upkeep/orphans.ts'
import {
  createReconcileRun,
  findReconcileRun,
  listFindings,
  type ReconcileRun,
} from '../../src/database/upkeep/reconcile-runs.ts'
import { DAY } from '../../src/domain/duration.ts'
import type { StoreIdentity } from '../../src/domain/object.ts'
import type { ReconcileSettings, ReconcileSource } from '../../src/domain/reconcile.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import type { ReconcileParts } from '../../src/workers/reconcile/reconcile-parts.ts'
import { reconcileLoop } from '../../src/workers/reconcile/run-reconcile.ts'
import type { MovingWorld } from './moving-world.ts'

/** Runs of reconcile over the containers of a moving world, on days that a test chooses. */
export interface ReconcilingWorld {
  /** Wall time of the runs; tests move it on. */
  readonly clock: { now: number }
  parts(change?: Partial<ReconcileParts>): ReconcileParts
  reconcile(options?: {
    at?: 'hot' | 'cold'
    settings?: Partial<ReconcileSettings>
    source?: ReconcileSource
    parts?: Partial<ReconcileParts>
  }): Promise<ReconcileRun>
  /** What a run found, as `verdict key`. */
  findings(run: ReconcileRun): Promise<string[]>
  orphans(): Promise<OrphanRow[]>
  /** Orphans by key, as `kind state`. */
  states(): Promise<Record<string, string>>
  keysAt(at: 'hot' | 'cold'): Promise<string[]>
  put(
    key: string,
    bytes: Buffer,
    metadata?: Readonly<Record<string, string>>,
    at?: 'hot' | 'cold',
  ): Promise<{ readonly identity: StoreIdentity }>
  /** Leaves bytes at the target of an aborted move, as a late request does after the sweeper was there. */
  leaveLateBytes(key: string): Promise<void>
}

/** Careful settings of a run, with which nothing is deleted. */
export const SETTINGS: ReconcileSettings = {
  deletes: false,
  apartMs: DAY,
  deletionsMax: 100,
  deletedBytesMax: 2 ** 30,
  deletedShareMax: 0.01,
  acceptMissing: false,
}

/** Runs of reconcile over a world. */
export function reconcilingWorld(world: MovingWorld): ReconcilingWorld {
  const { database } = world.test
  const clock = { now: Date.now() + 1_000 }
  const here: ReconcilingWorld = {
    clock,
    parts: (change = {}) => ({
      database,
      lockDatabase: database,
      openStore: world.parts.openStore,
      announceDeletion: world.parts.announceDeletion,
      modelClock: world.modelClock,
      wallClock: { now: () => clock.now },
      log: silentLogger,
      principal: 'system:reconcile',
      owner: 'test',
      temporaryFolder: tmpdir(),
      ...change,
    }),
    async reconcile(options = {}) {
      const id = await createReconcileRun(database, {
        locationId: world.locationIds[options.at ?? 'hot'],
        prefix: '',
        source: options.source ?? { kind: 'listing' },
        settings: { ...SETTINGS, ...options.settings },
        principal: 'user:test',
      })
      await reconcileLoop(here.parts(options.parts)).step(new AbortController().signal)
      return (await findReconcileRun(database, id!))!
    },
    async findings(run) {
      const page = { verdict: null, after: null, limit: 100 }
      return (await listFindings(database, run.id, page)).map(
        ({ verdict, nativeKey }) => `${verdict} ${nativeKey}`,
      )
    },
    orphans: () =>
      listOrphans(database, { state: null, kind: null, locationId: null }, { beforeId: null, limit: 100 }),
    async states() {
      const orphans = await here.orphans()
      return Object.fromEntries(orphans.map(({ nativeKey, kind, state }) => [nativeKey, `${kind} ${state}`]))
    },
    keysAt: async at => (await world.stores[at].list('data')).objects.map(({ key }) => key),
    put: (key, bytes, metadata = {}, at = 'hot') =>
      world.stores[at].put('data', key, bytes, { size: bytes.length, metadata }),
    async leaveLateBytes(key) {
      const id = await world.plan(key)
      const bytes = await world.read(key)
      let metadata: Readonly<Record<string, string>> = {}
      const atBoundary = async (boundary: string) => {
        if (boundary !== 'published') return
        ;({ metadata } = await world.stores.cold.head('data', key))
        await world.stores.cold.delete('data', key)
      }
      for (let round = 0; round < 12 && (await world.migration(id)).finishedAt === null; round++) {
        await world.work({ atBoundary, verification: 'read-back' })
        await world.letTimePass()
      }
      await world.sweep()
      if ((await world.copies(key)).length !== 1) throw new Error('the sweeper has not done its work')
      await here.put(key, bytes, metadata, 'cold')
    },
  }
  return here
}
