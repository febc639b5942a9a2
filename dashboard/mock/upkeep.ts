import type { Orphan, OrphanSum, ReconcileFinding, ReconcileRun, ScrubStatus } from '../src/api/types.ts'
import * as world from './world.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const dayText = (ago: number) => world.wallIso(-ago * DAY_MS).slice(0, 10)
const scrubDay = (ago: number): ScrubStatus['today'] => ({
  day: dayText(ago),
  copies: 12_400 - ago * 310,
  bytes: 61e9 - ago * 1e9,
  usd: 0.61 - ago * 0.01,
  verdicts: ago === 0 ? { same: 12_380, unproven: 17, corrupt: 2, missing: 1 } : { same: 12_400 - ago * 310 },
})
const days = Array.from({ length: 24 }, (_, ago) => scrubDay(ago))

export const scrub: ScrubStatus = {
  state: 'working',
  pause: null,
  settings: { closeness: 'bytes', intervalDays: 30, bytesPerSecond: 8_388_608, usdPerDay: 1 },
  oldestLookAt: world.modelIso(-31.4 * DAY_MS),
  copies: 1_642,
  dueCopies: 118,
  badCopies: 3,
  quarantinedObjects: world.objects.filter(object => object.state === 'quarantined').length,
  today: days[0]!,
  days,
}

export const emptyScrub: ScrubStatus = {
  ...scrub,
  state: 'waiting',
  settings: {},
  oldestLookAt: null,
  copies: 0,
  dueCopies: 0,
  badCopies: 0,
  quarantinedObjects: 0,
  today: { day: dayText(0), copies: 0, bytes: 0, usd: 0, verdicts: {} },
  days: [],
}

const NO_COUNTS: ReconcileRun['counts'] = {
  listed: 0,
  listedBytes: 0,
  known: 0,
  underWay: 0,
  dark: 0,
  darkBytes: 0,
  forgotten: 0,
  forgottenBytes: 0,
  missing: 0,
  missingBytes: 0,
  changed: 0,
  followed: 0,
  unsettled: 0,
  parts: 0,
  partsAborted: 0,
  leftovers: 0,
  confirmed: 0,
  deleted: 0,
  deletedBytes: 0,
  withheld: 0,
}

const RUNS: readonly Pick<ReconcileRun, 'state' | 'error'>[] = [
  { state: 'running', error: null },
  { state: 'failed', error: 'archive-s3 refuses our credentials: the access key does not exist' },
  { state: 'done', error: null },
  { state: 'interrupted', error: null },
  { state: 'done', error: null },
]

export const runs: ReconcileRun[] = RUNS.map(({ error, state }, index) => {
  const location = world.locations[index % world.locations.length]!
  return {
    id: world.idOf(700 + index),
    location: { id: location.id, name: location.name },
    container: location.container,
    prefix: index === 3 ? 'exports/' : '',
    inventory: null,
    deletes: index === 4,
    apartHours: 24,
    state,
    phase: 'reading',
    takenAt: world.wallIso(-index * DAY_MS - HOUR_MS),
    counts: {
      ...NO_COUNTS,
      listed: 512_340 - index * 40_000,
      listedBytes: 3.1e12,
      known: 512_300 - index * 40_000,
      dark: index === 1 ? 0 : 31,
      darkBytes: 42e9,
      forgotten: index === 2 ? 4 : 0,
      forgottenBytes: 5e9,
      missing: index === 2 ? 2 : 0,
      missingBytes: 3e6,
      changed: index === 2 ? 1 : 0,
      parts: index === 0 ? 7 : 0,
      leftovers: 12,
      confirmed: 5,
    },
    error,
    startedAt: world.wallIso(-index * DAY_MS - HOUR_MS),
    updatedAt: world.wallIso(-1_000),
    finishedAt: state === 'running' ? null : world.wallIso(-index * DAY_MS - HOUR_MS / 2),
    principal: index === 0 ? 'system:reconciler' : 'user:alice',
  }
})

const FINDINGS = [
  ['missing', 'the store has nothing there; its other copy in standard is being proven'],
  ['changed', 'other bytes by length: 5,120 instead of 4,096'],
  ['dark', 'the catalog knows nothing of it'],
  ['parts', 'an upload in parts begun 3 days ago by nobody here'],
] as const
export const findings: ReconcileFinding[] = Array.from({ length: 24 }, (_, index) => {
  const [verdict, detail] = FINDINGS[index < 2 ? 0 : index < 3 ? 1 : index < 20 ? 2 : 3]!
  const object = world.objects[index * 7]!
  return { verdict, nativeKey: object.key, objectId: null, bytes: object.size, detail }
})

const ORPHANS: readonly (readonly [Orphan['kind'], Orphan['state']])[] = [
  ['forgotten', 'confirmed'],
  ['dark', 'confirmed'],
  ['dark', 'seen'],
  ['retained', 'confirmed'],
  ['suspect', 'confirmed'],
  ['dark', 'kept'],
  ['forgotten', 'deleting'],
  ['forgotten', 'deleted'],
]
export const orphans: Orphan[] = Array.from({ length: 40 }, (_, index) => {
  const [kind, state] = ORPHANS[index % ORPHANS.length]!
  const object = world.objects[index * 13]!
  const location = world.locations[index % 3]!
  const bytes = object.size * 1_000
  return {
    id: world.idOf(750 + index),
    kind,
    state,
    store: location.store,
    container: location.container,
    nativeKey: index === 2 ? `${'backup/of/a/very/deep/tree/'.repeat(6)}file.bin` : object.key,
    location: { id: location.id, name: location.name },
    bucket: null,
    bytes,
    monthlyUsd: index === 3 ? null : (bytes / 1e9) * 0.023,
    objectId: null,
    copyId: null,
    migrationId: kind === 'forgotten' ? world.migrations[0]!.id : null,
    reason: 'the bytes say that a migration of ours made them, and the catalog knows no copy there',
    outcome: state === 'kept' ? 'a person keeps them' : null,
    firstSeenAt: world.wallIso(-9 * DAY_MS),
    lastSeenAt: world.wallIso(-2 * DAY_MS),
    decidedAt: state === 'kept' ? world.wallIso(-DAY_MS) : null,
    decidedBy: state === 'kept' ? 'user:alice' : null,
  }
})

export const orphanSums: OrphanSum[] = ORPHANS.slice(0, 7).map(([kind, state], index) => {
  const held = orphans.filter((_, place) => place % ORPHANS.length === index)
  const sum = (of: (orphan: Orphan) => number) => held.reduce((total, orphan) => total + of(orphan), 0)
  return {
    kind,
    state,
    orphans: held.length,
    bytes: sum(orphan => orphan.bytes),
    monthlyUsd: sum(orphan => orphan.monthlyUsd ?? 0),
  }
})
