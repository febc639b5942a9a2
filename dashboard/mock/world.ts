import type {
  Bucket,
  DeadLetter,
  DecisionSummary,
  Explanation,
  Location,
  MigrationDetail,
  ObjectDetail,
  Overview,
  Plan,
  Policy,
  PriceBook,
  Store,
  StoreLoad,
  Tier,
} from '../src/api/types.ts'

const DAY_MS = 86_400_000
const OBJECTS = 1_500
export const SCALE = 1_440

/** Repeatable chance, so that two screenshots show the same world. */
function makeChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
const chance = makeChance(7)
const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(chance() * items.length)]!

export function idOf(number: number): string {
  return `0199a7b2-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

const startedAt = Date.now()
export const wallIso = (offsetMs = 0) => new Date(Date.now() + offsetMs).toISOString()
export const modelNow = () => startedAt + 40 * DAY_MS + (Date.now() - startedAt) * SCALE
export const modelIso = (offsetMs = 0) => new Date(modelNow() + offsetMs).toISOString()
const meta = { revision: 1, createdAt: wallIso(-3_600_000), principal: 'user:demo' }

const BUDGET: Store['budget'] = [
  {
    bytesPerSecond: 20_000_000,
    requestsPerSecond: 50,
    from: '08:00',
    to: '18:00',
    timeZone: 'Europe/Berlin',
  },
  { bytesPerSecond: 200_000_000 },
]
const DRILL: Store['drill'] = {
  rules: [
    { fault: 'flips', on: ['put'], probability: 0.05 },
    { fault: 'refused', refusal: 'throttled', probability: 0.2 },
  ],
  seed: 'drill',
  until: wallIso(540_000),
}

export const stores: Store[] = [
  ['on-prem', 'filesystem', { root: '/var/lib/dim/on-prem' }],
  ['standard-s3', 's3', { endpoint: 'http://127.0.0.1:9101', region: 'eu-central-1' }],
  ['archive-s3', 's3', { endpoint: 'http://127.0.0.1:9102', region: 'eu-central-1' }],
].map(([name, kind, settings], index) => ({
  id: idOf(10 + index),
  name: name as string,
  kind: kind as Store['kind'],
  state: 'active',
  settings: settings as Record<string, unknown>,
  hasCredentials: kind === 's3',
  budget: index === 2 ? BUDGET : [],
  requestsAtOnceMax: index === 2 ? 16 : null,
  isForDrills: index === 1,
  drill: index === 1 ? DRILL : null,
  pause: null,
  refusal: null,
  ...meta,
}))

export const storeLoads: StoreLoad[] = stores.map(({ id, name }, index) => ({
  store: { id, name },
  budget:
    index === 2
      ? {
          bytesPerSecond: 20_000_000,
          requestsPerSecond: 50,
          bytesShare: 0.412,
          requestsShare: 1.3,
          waitSeconds: 2.4,
        }
      : null,
  leftAloneBy:
    index === 1
      ? ['worker-1/4711/0199a7b2c3d4', 'worker-2/4712/0199a7b2c3d5'].map(process => ({
          process,
          since: wallIso(-130_000),
          triedAt: wallIso(-9_000),
        }))
      : [],
}))

const PLACES: readonly (readonly [string, Tier, number, number, number])[] = [
  ['nvme', 'hot', 4, 0.1, 0],
  ['standard', 'warm', 45, 0.023, 0.02],
  ['archive', 'cold', 180, 0.004, 0.03],
]

export const locations: Location[] = PLACES.map(([name, tier, milliseconds], index) => ({
  id: idOf(20 + index),
  name,
  store: { id: stores[index]!.id, name: stores[index]!.name },
  container: `dim-${name}`,
  storageClass: tier === 'cold' ? 'GLACIER_IR' : null,
  tier,
  priceId: `mock-${name}`,
  region: tier === 'hot' ? 'on-prem' : 'eu-central-1',
  firstByteMsP99: milliseconds,
  restoreHours: null,
  capacityBytes: tier === 'hot' ? 3e9 : null,
  usage: { copies: 0, bytes: 0 },
  full: null,
  ...meta,
}))

const policyRef = { id: idOf(30), name: 'follow-the-heat' }
export const policies: Policy[] = [
  {
    ...policyRef,
    spec: {
      apiVersion: 'datainmotion.io/v1',
      kind: 'Policy',
      name: 'follow-the-heat',
      threshold: {
        halfLife: '3d',
        hot: { enterReadsPerDay: 4, leaveReadsPerDay: 2 },
        warm: { enterReadsPerDay: 0.2, leaveReadsPerDay: 0.1 },
      },
      minimumResidenceDays: 1,
      maximumPaybackDays: 90,
      graceHours: 24,
      approval: 'person',
      capsPerHour: { objects: 500, bytes: 1e9, usd: 1 },
    },
    buckets: ['media'],
    updatedAt: wallIso(-900_000),
    ...meta,
  },
]

export const priceBooks: PriceBook[] = [
  {
    id: idOf(40),
    name: 'mock-prices',
    effectiveFrom: '2026-09-20',
    currency: 'USD',
    daysPerMonth: 30.4375,
    sources: { mock: 'invented' },
    locations: PLACES.map(([name, tier, , storage, out]) => ({
      id: `mock-${name}`,
      storageUsdPerGbMonth: storage,
      putUsdPer1000: 0.005,
      getUsdPer1000: tier === 'cold' ? 0.01 : 0.0004,
      transitionInUsdPer1000: 0.02,
      retrievalUsdPerGb: tier === 'cold' ? 0.03 : 0,
      writeUsdPerGb: 0,
      minimumStorageDays: tier === 'cold' ? 90 : 0,
      minimumBillableBytes: 0,
      overheadBytes: 0,
      monitoringUsdPer1000ObjectsMonth: 0,
      egressUsdPerGb: out,
      source: 'mock',
    })) as unknown as PriceBook['locations'],
    isCurrent: true,
    createdAt: meta.createdAt,
    principal: meta.principal,
  },
]

export const buckets: Bucket[] = ['media', 'logs'].map((name, index) => ({
  id: idOf(50 + index),
  name,
  mode: index === 0 ? 'exclusive' : 'observed',
  writeLocation: { id: locations[0]!.id, name: 'nvme' },
  policy: index === 0 ? policyRef : null,
  ...meta,
}))

const storageUsd = (size: number, place: number) => (size / 1e9) * PLACES[place]![3]

/** Three objects have no good copy. */
const isBad = (index: number) => index % 500 === 400

function makeObject(index: number): ObjectDetail {
  const score = Math.min(100, 100 * (1 - chance() ** 0.35) + chance() * 4)
  const place = score > 45 ? 0 : score > 12 ? 1 : 2
  const location = locations[place]!
  const size = Math.floor(10 ** (2 + chance() * 6))
  const reads = Math.floor(score * score * 0.4)
  const folder = pick(['films', 'scans/2026', 'exports', 'weather/ü', 'a//b'])
  const lastMs = -((101 - score) ** 1.6) * 60_000 * 4
  return {
    id: idOf(1_000 + index),
    bucket: index % 9 === 0 ? 'logs' : 'media',
    key: `${folder}/${String(index).padStart(5, '0')}.${pick(['mkv', 'tiff', 'parquet', 'json'])}`,
    generation: 1,
    size,
    contentType: 'application/octet-stream',
    lastModifiedAt: wallIso(-chance() * DAY_MS),
    location: { id: location.id, name: location.name },
    tier: location.tier,
    state: isBad(index)
      ? 'quarantined'
      : index % 41 === 0
        ? 'migrating'
        : index % 97 === 0
          ? 'pinned'
          : 'settled',
    heat: {
      score,
      perDay: reads / 30,
      access1h: Math.floor(reads / 400),
      access24h: Math.floor(reads / 30),
      reads,
      writes: 1,
      bytesRead: reads * size,
      firstAccessAt: reads === 0 ? null : modelIso(-30 * DAY_MS),
      lastAccessAt: reads === 0 ? null : modelIso(lastMs),
    },
    latencySlaMs: index % 13 === 0 ? 100 : null,
    placementVersion: 3,
    etag: '9e107d9d372bb6826bd81d3542a419d6',
    sha256: 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592',
    sha256Source: 'client-write',
    crc64nvme: 'ae8b14860a799888',
    metadata: { camera: 'north' },
    tags: {},
    pinnedLocation: null,
    pinnedUntil: null,
    quarantinedBecause: isBad(index)
      ? 'its only copy, in standard, is corrupt: read twice with the same wrong digest'
      : null,
    copies: [
      {
        id: idOf(90_000 + index),
        location: { id: location.id, name: location.name },
        tier: location.tier,
        state: 'complete',
        isPrimary: true,
        generation: 1,
        size,
        nativeKey: 'same',
        storeEtag: null,
        storeVersionId: null,
        enteredAt: modelIso(-9 * DAY_MS),
        graceUntil: null,
        verifiedAt: modelIso(-2 * DAY_MS),
      },
    ],
    daily: Array.from({ length: 90 }, (_, day) => {
      const reads = Math.floor(Math.max(0, chance() * score * 0.3 * (chance() > 0.5 ? 1 : 0.1)))
      return { day: modelIso(-(89 - day) * DAY_MS).slice(0, 10), reads, bytes: reads * size }
    }),
    migrationId: null,
    nextReviewAt: modelIso(4 * DAY_MS),
    nextReviewReason: 'heat-crossing',
    createdAt: wallIso(-DAY_MS),
    principal: 'access-key:DIMDEMO',
  }
}

export const objects: ObjectDetail[] = Array.from({ length: OBJECTS }, (_, index) =>
  makeObject(index),
).toSorted((left, right) => (left.bucket + left.key < right.bucket + right.key ? -1 : 1))
for (const object of objects) {
  const usage = locations.find(location => location.id === object.location?.id)!.usage
  usage.copies += 1
  usage.bytes += object.size
}

function costAt(object: ObjectDetail, place: number) {
  const storage = storageUsd(object.size, place)
  const price = priceBooks[0]!.locations[place]!
  const readsPerMonth = object.heat.perDay * 30
  const parts = {
    storageUsdPerMonth: storage,
    readRequestsUsdPerMonth: (readsPerMonth / 1000) * price.getUsdPer1000,
    retrievalUsdPerMonth: ((readsPerMonth * object.size) / 1e9) * price.retrievalUsdPerGb,
    egressUsdPerMonth: ((readsPerMonth * object.size) / 1e9) * price.egressUsdPerGb,
    monitoringUsdPerMonth: 0,
  }
  return {
    ...parts,
    totalUsdPerMonth: Object.values(parts).reduce((sum, part) => sum + part, 0),
    transitionUsd: 0.00002,
    sourceRetrievalUsd: 0,
    sourceEgressUsd: 0,
    earlyDeletionUsd: 0,
    graceStorageUsd: 0,
    verificationUsd: 0,
    oneTimeUsd: 0.00002,
  }
}

export function inputsOf(object: ObjectDetail): Explanation['inputs'] {
  return {
    size: object.size,
    heatPerDay: object.heat.perDay,
    halfLife: '3d',
    heatScore: object.heat.score,
    readsPerMonthExpected: object.heat.perDay * 30,
    bytesPerRead: object.size,
    daysInLocation: 9,
    priceBook: 'mock-prices 2026-09-20',
    policy: 'follow-the-heat@1',
    at: modelIso(),
  } as Explanation['inputs']
}

export function explain(object: ObjectDetail): Explanation {
  const here = locations.findIndex(location => location.id === object.location?.id)
  return {
    objectId: object.id,
    bucket: object.bucket,
    key: object.key,
    size: object.size,
    location: object.location!,
    tier: object.tier!,
    stays: true,
    change: null,
    targetLocation: object.location!,
    reason: 'already-in-wanted-tier',
    summary: `It lies in ${object.location?.name} because it is read ${object.heat.perDay.toFixed(1)} times a day, which is what the ${object.tier} tier is for.`,
    monthlySavingUsd: 0,
    oneTimeUsd: 0,
    paybackDays: null,
    alternatives: locations.map((location, place) => ({
      locationId: location.id,
      locationName: location.name,
      tier: location.tier,
      cost: costAt(object, place),
      chosen: place === here,
      rejected: place === here ? null : 'other-tier-wanted',
      paybackDays: null,
      explanation:
        place === here ? 'Where it is, and where its heat wants it.' : 'Its heat asks for another tier.',
    })),
    whatWouldChangeIt: [
      {
        kind: 'heat',
        text: 'Fewer than 0.1 reads per day: it would move to archive.',
        heatPerDay: 0.1,
        at: null,
      },
      {
        kind: 'date',
        text: 'Without reads this happens in about 6 days.',
        heatPerDay: null,
        at: modelIso(6 * DAY_MS),
      },
    ],
    inputs: inputsOf(object),
    reviewAt: modelIso(4 * DAY_MS),
    reviewReason: 'heat-crossing',
    migrationId: null,
  }
}

const moved = objects.filter((_, index) => index % 11 === 0)
/** A saving in its parts: storage saves more than it costs to read. */
function savingOf(usd: number) {
  return { monthlySavingUsd: usd, monthlySavingStorageUsd: usd * 1.25, monthlySavingReadsUsd: usd * -0.25 }
}
const PLAN_STATES = ['proposed', 'applied', 'applied', 'rejected'] as const
export const plans: Plan[] = PLAN_STATES.map((state, index) => ({
  id: idOf(500 + index),
  state,
  approval: index === 2 ? 'automatic' : 'person',
  policy: { ...policyRef, revision: 1 },
  priceBook: { id: idOf(40), name: 'mock-prices 2026-09-20' },
  objects: moved.length,
  bytes: moved.reduce((sum, object) => sum + object.size, 0),
  ...savingOf(index === 3 ? -0.012 : 0.083),
  oneTimeUsd: 0.0021,
  paybackDays: index === 3 ? null : 7.5,
  createdAt: wallIso(-index * 400_000 - 30_000),
  decidedAt: state === 'proposed' ? null : wallIso(-index * 390_000),
  decidedBy: state === 'proposed' ? null : 'user:alice',
  appliedAt: state === 'applied' ? wallIso(-index * 380_000) : null,
  outcome: state === 'applied' ? { migrations: { done: moved.length }, monthlySavingUsd: 0.083 } : null,
  pause: null,
  priority: null,
  dueBy: null,
  overdueSince: null,
  principal: 'planner:threshold@1',
}))

export const decisionsOf = (plan: Plan): DecisionSummary[] =>
  moved.map((object, index) => {
    const to = locations[(locations.findIndex(each => each.id === object.location?.id) + 1) % 3]!
    return {
      id: idOf(70_000 + index + Number.parseInt(plan.id.slice(-3), 16) * 1_000),
      planId: plan.id,
      bucket: object.bucket,
      key: object.key,
      objectId: object.id,
      from: object.location!,
      to: { id: to.id, name: to.name },
      reason: to.tier === 'hot' ? 'heat-rose-above-band' : 'heat-fell-below-band',
      size: object.size,
      ...savingOf((to.tier === 'hot' ? -1 : 1) * storageUsd(object.size, 0) * 0.7),
      oneTimeUsd: 0.00002,
      paybackDays: to.tier === 'hot' ? null : 3 + index,
      verdict: plan.state === 'proposed' ? null : plan.state === 'rejected' ? 'rejected' : 'approved',
      decidedAt: plan.createdAt,
    }
  })

const MOVE_STATES = [
  'copying',
  'planned',
  'copying',
  'verifying',
  'grace',
  'quarantined',
  'done',
  'done',
  'done',
] as const
export const migrations: MigrationDetail[] = moved.map((object, index) => {
  const state = index === 5 ? 'quarantined' : index > 40 ? 'done' : MOVE_STATES[index % 5]!
  const from = locations.find(each => each.id === object.location?.id)!
  const to = locations[(locations.indexOf(from) + 1) % 3]!
  const ended = state === 'done' || state === 'quarantined'
  const at = -index * 7_000
  return {
    id: idOf(60_000 + moved.length - index),
    kind: 'move',
    state,
    direction: to.tier === 'hot' ? 'promotion' : 'demotion',
    bucket: object.bucket,
    key: object.key,
    objectId: object.id,
    generation: 1,
    source: { id: from.id, name: from.name, tier: from.tier },
    target: { id: to.id, name: to.name, tier: to.tier },
    size: object.size,
    bytesCopied:
      state === 'planned' ? 0 : state === 'copying' ? Math.floor(object.size * chance()) : object.size,
    priority: 40,
    attempt: state === 'quarantined' ? 5 : 1,
    attemptsMax: 5,
    paused: index === 9,
    heldBy: [],
    dueBy: index === 3 ? wallIso(-60_000) : null,
    overdue: index === 3,
    outage: null,
    restore: null,
    cancelRequested: false,
    worker: state === 'copying' || state === 'verifying' ? 'migrator-1' : null,
    error:
      state === 'quarantined'
        ? { kind: 'unreachable', message: 'archive-s3 closed the connection after 4 of 12 parts' }
        : null,
    verifiedBy: state === 'done' || state === 'grace' ? 'target-checksum' : null,
    sha256: state === 'done' ? object.sha256 : null,
    planId: plans[1]!.id,
    decisionId: null,
    monthlySavingUsd: storageUsd(object.size, 0) * 0.7,
    oneTimeUsd: 0.00002,
    graceUntil: state === 'grace' ? modelIso(DAY_MS) : null,
    createdAt: wallIso(at - 60_000),
    startedAt: state === 'planned' ? null : wallIso(at - 50_000),
    finishedAt: ended ? wallIso(at - 20_000) : null,
    nextAttemptAt: null,
    principal: 'planner:threshold@1',
    can: {
      pause: !ended,
      resume: !ended,
      cancel: !ended && state !== 'grace',
      retry: state === 'quarantined',
      rollback: state === 'grace',
    },
    timeline: [
      ['taken-up', 'planned', 'copying', {}],
      ['copied', 'copying', 'copied', { bytesCopied: object.size }],
      ['taken-up', 'copied', 'verifying', {}],
      ['verified', 'verifying', 'verified', { verifiedBy: 'target-checksum' }],
      ['switch-won', 'verified', 'switched', { placementVersion: 3 }],
      ['grace-began', 'switched', 'grace', {}],
    ]
      .slice(0, state === 'planned' ? 0 : state === 'copying' ? 1 : 6)
      .map(([event, stateFrom, stateTo, detail], step) => ({
        sequence: step + 1,
        at: wallIso(at - 50_000 + step * 640),
        event: event as string,
        secondsBefore: step === 0 ? null : 0.64,
        attempt: null,
        error: null,
        restsUntil: null,
        sha256: null,
        stateFrom: stateFrom as 'copying',
        stateTo: stateTo as 'copying',
        worker: 'migrator-1',
        fencingToken: 4,
        detail: detail as Record<string, unknown>,
      })),
  }
})

export const deadLetters: DeadLetter[] = [
  {
    id: idOf(800),
    source: 'access-log',
    partition: 2,
    offset: 4_711,
    reason: 'line 3: the time "31/Feb/2026" is not a date',
    payload: '10.0.0.7 - - [31/Feb/2026:10:00:00 +0000] "GET /media/films/00001.mkv" 200 5120',
    payloadEncoding: 'utf-8',
    payloadBytes: 81,
    receivedAt: wallIso(-120_000),
    replayedAt: null,
  },
]

const bytesOf = (tier: Tier) => locations.find(location => location.tier === tier)!.usage.bytes
export function pointAt(at: number): Overview['series'][number] {
  const drift = Math.sin(at / 600_000) * 0.1
  return {
    at: new Date(at).toISOString(),
    modelAt: new Date(modelNow() - (Date.now() - at) * SCALE).toISOString(),
    eventsPerSecond: 60 + 40 * Math.sin(at / 90_000) + 10 * Math.sin(at / 3_700),
    lagSeconds: 0.4 + 0.3 * Math.abs(Math.sin(at / 50_000)),
    migrationsInFlight: 4,
    objectsMovedPerSecond: 12 + 6 * Math.sin(at / 40_000),
    bytesMovedPerSecond: 48e6 + 20e6 * Math.sin(at / 40_000),
    usdPerMonth: 0.1,
    bytesByTier: {
      hot: bytesOf('hot') * (1.2 - drift),
      warm: bytesOf('warm') * (1 + drift),
      cold: bytesOf('cold') * (0.9 + drift),
    },
  }
}

const monthly = (storage: number, reads: number) => ({
  storageUsdPerMonth: storage,
  readsUsdPerMonth: reads,
  totalUsdPerMonth: storage + reads,
})

/** Cost per month from storage now and hot, and what the open plans save. */
export function costOf({ now, hot, plans }: { now: number; hot: number; plans: number }): Overview['cost'] {
  return {
    now: monthly(now, now * 0.1),
    everythingHot: monthly(hot, 0),
    openPlansSave: monthly(plans * 1.25, plans * -0.25),
    movesUnderWaySave: monthly(now * 0.05, 0),
    afterPlans: monthly(now * 0.95 - plans * 1.25, now * 0.1 + plans * 0.25),
    readsCountedAt: now === 0 ? null : wallIso(),
    readsCountedAtModel: now === 0 ? null : modelIso(),
    priceBook: now === 0 ? null : 'mock-prices 2026-09-20',
  }
}

export function overview(): Overview {
  const now = Date.now()
  const held = locations.map(({ usage, name }, index) => ({
    objects: usage.copies,
    copies: usage.copies,
    bytes: usage.bytes,
    usdPerMonth: storageUsd(usage.bytes, index),
    name,
  }))
  const usdNow = held.reduce((sum, each) => sum + each.usdPerMonth, 0)
  const bytes = held.reduce((sum, each) => sum + each.bytes, 0)
  const series = Array.from({ length: 720 }, (_, index) => pointAt(now - (719 - index) * 5_000))
  return {
    at: wallIso(),
    clock: { modelAt: modelIso(), scale: SCALE },
    total: { objects: objects.length, bytes },
    tiers: locations.map((location, index) => ({ tier: location.tier, ...held[index]! })),
    locations: locations.map((location, index) => ({
      id: location.id,
      tier: location.tier,
      store: location.store.name,
      capacityBytes: location.capacityBytes,
      ...held[index]!,
    })),
    cost: costOf({ now: usdNow, hot: storageUsd(bytes, 0), plans: 0.083 }),
    events: {
      perSecond: 71.4,
      applied: 184_220 + Math.floor((now - startedAt) / 15),
      lagSeconds: 0.5,
      lagMessages: 31,
      deadLetters: deadLetters.length,
    },
    migrations: {
      inFlight: 4,
      unfinished: 40,
      paused: 1,
      byState: { copying: 16, planned: 8 },
      doneLastHour: 96,
      failedLastHour: 1,
      quarantined: 1,
      stop: null,
      pausedStores: [],
      pausedPlans: [],
      held: 0,
      overdue: 1,
      left: { migrations: 24, bytes: 3.4e9 },
      throughput: { objectsPerSecond: 12.3, bytesPerSecond: 48e6, measuredSeconds: 60 },
      end: { seconds: 71, at: wallIso(71_000), unknownBecause: null },
    },
    plans: { proposed: 1, proposedSavingUsd: 0.083 },
    latestDecisions: decisionsOf(plans[0]!).slice(0, 8),
    // A hole in the middle, as after a restart.
    series: series.filter((_, index) => index < 300 || index > 340),
  }
}
