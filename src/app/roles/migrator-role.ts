import { tmpdir } from 'node:os'
import { createLocationFinder } from '../../database/catalog/locations.ts'
import { createSourceFactsKeeper } from '../../database/catalog/source-facts.ts'
import { clearFull, markFull } from '../../database/migrations/full-locations.ts'
import { boundLongHolds } from '../../database/migrations/long-holds.ts'
import { readMigrationHolds } from '../../database/migrations/migration-holds.ts'
import { insertThroughput } from '../../database/migrations/migration-throughput.ts'
import { createPostgresLedger } from '../../database/migrations/postgres-ledger.ts'
import { inTransaction, openBeside } from '../../database/postgres.ts'
import { createPostgresSweepLedger } from '../../database/upkeep/sweep-ledger.ts'
import { createDeletionAnnouncer } from '../../database/writes/deletions-in-flight.ts'
import { createPublicationAnnouncer } from '../../database/writes/publications-in-flight.ts'
import { createUploadStartNoter } from '../../database/writes/upload-starts.ts'
import { principal } from '../../domain/principal.ts'
import { RECONCILE_VERDICTS } from '../../domain/reconcile.ts'
import { createHoldSweeper, unlessStopped } from '../../workers/hold-migrations.ts'
import { FullLocations } from '../../workers/migrations/full-locations.ts'
import { ThroughputCounter } from '../../workers/migrations/throughput.ts'
import { orphanDecisionsLoop } from '../../workers/reconcile/carry-out-decisions.ts'
import type { ReconcileParts } from '../../workers/reconcile/reconcile-parts.ts'
import { reconcileLoop } from '../../workers/reconcile/run-reconcile.ts'
import { scheduleReconcileLoop } from '../../workers/reconcile/schedule-reconcile.ts'
import { createMigrationWorker } from '../../workers/run-migrations.ts'
import { createLostUploadAborter } from '../../workers/sweeping/abort-lost-uploads.ts'
import { createCopySweeper } from '../../workers/sweeping/sweep-copies.ts'
import { createLeftoverSweeper } from '../../workers/sweeping/sweep-leftovers.ts'
import { createDeadlineWatcher } from '../../workers/watch-deadlines.ts'
import { runLoops } from '../run-loops.ts'
import type { RunningRole, ServerParts } from '../server-parts.ts'

/** Connections for what is written down while an object's lock is held: each is one short statement. */
const ANNOUNCER_CONNECTIONS_MAX = 2

/** Moves objects, and deletes what they left behind. */
export async function startMigratorRole(parts: ServerParts): Promise<RunningRole> {
  const { config, database, metrics } = parts
  const announcerDatabase = openBeside(database, {
    connectionsMax: ANNOUNCER_CONNECTIONS_MAX,
    onIdleError: error => parts.log.warn({ error }, 'an idle connection to the database broke'),
  })
  const lockDatabase = boundLongHolds(database, config.database.connectionsMax)
  const shared = {
    openStore: (storeId: string) => parts.stores.openInBackground(storeId),
    locationById: createLocationFinder(database),
    announceDeletion: createDeletionAnnouncer(announcerDatabase),
    announcePublication: createPublicationAnnouncer(announcerDatabase),
    log: parts.log,
  }
  const worker = createMigrationWorker({
    ...shared,
    ledger: createPostgresLedger(database, lockDatabase),
    noteUploadStart: createUploadStartNoter(database),
    keepFacts: createSourceFactsKeeper(database),
    readHolds: () => readMigrationHolds(database),
    fullLocations: new FullLocations({
      mark: news => markFull(database, news),
      clear: id => inTransaction(database, connection => clearFull(connection, id)),
    }),
    modelClock: parts.modelClock,
    modelScale: parts.modelScale,
    wallClock: parts.wallClock,
    workerId: parts.owner,
    isAway: storeId => parts.stores.isAway(storeId),
    isRefusing: storeId => parts.stores.isRefusing(storeId),
    concurrency: config.migrator.concurrency,
    leaseMs: config.migrator.leaseSeconds * 1_000,
    random: Math.random,
    throughput: new ThroughputCounter({
      now: () => parts.wallClock.now(),
      tell: samples =>
        insertThroughput(database, parts.owner, samples).catch(error =>
          parts.log.warn({ error }, 'what was moved could not be counted'),
        ),
    }),
    metrics: {
      ended: (outcome, from, to) => metrics.migrationJobs.inc({ outcome, from, to }),
      copiedBytes: (bytes, from, to) => metrics.migrationBytes.inc({ from, to }, bytes),
      phaseTook: (phase, seconds) => metrics.migrationPhaseSeconds.observe({ phase }, seconds),
      retried: kind => metrics.migrationRetries.inc({ kind }),
      verificationFailed: reason => metrics.verifyFailures.inc({ reason }),
      tookOver: () => metrics.leaseTakeovers.inc({ resource: 'migration' }),
      inFlight: migrations => metrics.migrationsInFlight.set(migrations),
    },
  })
  const sweeper = createCopySweeper({
    ...shared,
    ledger: createPostgresSweepLedger(lockDatabase),
    readHolds: () => readMigrationHolds(database),
    wallClock: parts.wallClock,
  })
  const leftovers = createLeftoverSweeper({ ...shared, database: lockDatabase, wallClock: parts.wallClock })
  const lostUploads = createLostUploadAborter({ ...shared, database, wallClock: parts.wallClock })
  // From nothing to one is a step only where there was a nothing: alerts look for steps.
  for (const verdict of RECONCILE_VERDICTS) metrics.reconciled.inc({ verdict }, 0)
  const reconcile: ReconcileParts = {
    ...shared,
    database,
    lockDatabase,
    modelClock: parts.modelClock,
    wallClock: parts.wallClock,
    principal: principal('system', 'reconcile'),
    owner: parts.owner,
    temporaryFolder: tmpdir(),
    onSummed: sums => {
      metrics.orphanBytes.reset()
      metrics.orphanMonthlyUsd.reset()
      for (const { kind, state, bytes, monthlyUsd } of sums) {
        metrics.orphanBytes.set({ kind, state }, bytes)
        metrics.orphanMonthlyUsd.set({ kind, state }, monthlyUsd)
      }
    },
    onCounted: counts => {
      for (const [verdict, count] of Object.entries(counts))
        if (!verdict.endsWith('Bytes') && count > 0) metrics.reconciled.inc({ verdict }, count)
    },
  }
  const deleting = [sweeper, leftovers, lostUploads, orphanDecisionsLoop(reconcile)].map(loop =>
    unlessStopped(database, loop),
  )
  const deadlines = createDeadlineWatcher({
    database,
    missed: (of, count) => metrics.migrationDeadlinesMissed.inc({ of }, count),
  })
  const schedule = scheduleReconcileLoop({ database, everyHours: config.reconcile.everyHours })
  const loops = [
    worker,
    createHoldSweeper(database),
    deadlines,
    schedule,
    reconcileLoop(reconcile),
    ...deleting,
  ]
  return runLoops(parts, loops, () => announcerDatabase.end())
}
