import { createHash } from 'node:crypto'
import type { PublicationPlace } from '../../database/writes/publications-in-flight.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import type { Instant } from '../../domain/clock.ts'
import { type ObjectId, objectIdOf, type Uuid } from '../../domain/identifiers.ts'
import type { Location } from '../../domain/location.ts'
import type { Copy } from '../../domain/object.ts'
import type { MigrationLedger } from '../../migration/ledger.ts'
import {
  emptyCatalog,
  type MemoryCatalog,
  type MemoryObject,
} from '../../migration/memory-ledger/memory-catalog.ts'
import { createMemoryLedger } from '../../migration/memory-ledger/memory-ledger.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import { Chaos } from '../chaos/chaos.ts'
import type { Scenario } from '../chaos/scenario.ts'
import type { Process } from '../clock/process.ts'
import { Scheduler } from '../clock/scheduler.ts'
import { seededRandom } from '../traffic/random.ts'
import { connectStore, type StoreChange } from './connect-store.ts'
import { Database } from './database.ts'
import { History } from './history.ts'
import { ARCHIVED, CONTAINER, FREQUENT, INFREQUENT, ModelStore } from './model-store.ts'

/** One content of an object, as whoever wrote it knows it. */
export interface TrueContent {
  readonly bytes: Buffer
  readonly sha256: string
  /** What clients are told of it; a move changes none of it. */
  readonly facts: Omit<MemoryObject['version'], 'digests'>
}

/** A client's write that may be published and is not in the catalog. */
export interface OpenIntent {
  readonly id: Uuid
  readonly objectId: ObjectId
  readonly copyId: Uuid
  readonly baseGeneration: number
  readonly content: TrueContent
}

/** Everything there is in one simulated world. */
export interface SimulatedWorld {
  readonly scenario: Scenario
  readonly scheduler: Scheduler
  /** What may go wrong for workers, and for clients, which cannot tell what a lying store says. */
  readonly chaos: Chaos
  readonly clientChaos: Chaos
  readonly database: Database
  readonly history: History
  readonly catalog: MemoryCatalog
  readonly ledger: MigrationLedger
  /** The first one takes the clients' writes. */
  readonly stores: readonly ModelStore[]
  /** One for each store. */
  readonly locations: readonly Location[]
  /** The same places in another storage class, where a store has classes. */
  readonly infrequent: readonly Location[]
  /** What was committed, by object and generation. */
  readonly truth: Map<ObjectId, Map<number, TrueContent>>
  readonly intents: Map<Uuid, OpenIntent>
  /** What others wrote, by the identity the first store gave it. */
  readonly foreignContents: Map<string, TrueContent>
  /** Who of the crowd is about something. */
  readonly deeds: Set<Process>
  /** When the scrubber looked at a copy last, and which ones it found bad. */
  readonly scrub: { readonly looks: Map<Uuid, number>; readonly bad: Set<Uuid> }
  /** Publications on their way to stores that cannot compare: until when they may land. */
  readonly publicationsInFlight: Map<Uuid, PublicationPlace & { readonly landsUntil: Instant }>
  /** Where uploads began whose ids nobody wrote down. */
  readonly uploadStarts: Map<Uuid, { readonly store: ModelStore; readonly key: string }>
  /** Objects that changed since the invariants were looked at. */
  readonly changed: Set<ObjectId>
  readonly onChange: (change: StoreChange) => void
  newId(): Uuid
  note(line: string): void
  connect(process: Process, store: ModelStore, chaos?: Chaos): ObjectStore
}

/** Builds a world from a seed; `onChange` is told of bytes that are replaced or deleted. */
export function createWorld(
  seed: string,
  scenario: Scenario,
  onChange: (world: SimulatedWorld, change: StoreChange) => void,
): SimulatedWorld {
  const scheduler = new Scheduler(seededRandom(`${seed}/order`))
  const chaos = new Chaos(seededRandom(`${seed}/chaos`), scenario.rates)
  const { refused, answerLost } = scenario.rates
  const clientChaos = new Chaos(seededRandom(`${seed}/clients`), {
    ...chaos.rates,
    ...SOUND,
    refused,
    answerLost,
  })
  const ids = seededRandom(`${seed}/ids`)
  const history = new History()
  const catalog = emptyCatalog()
  const newId = () => uuidOf(() => ids.next())
  const stores = scenario.stores.map(
    (profile, index) => new ModelStore({ id: newId(), name: STORE_NAMES[index]!, profile, scheduler }),
  )
  const locations = stores.map(store => locationOf(newId(), store))
  const infrequent = locations.flatMap((location, index) =>
    scenario.stores[index]!.hasClasses
      ? [{ ...location, id: newId(), name: `${location.name}-infrequent`, storageClass: INFREQUENT }]
      : [],
  )
  const world: SimulatedWorld = {
    scenario,
    scheduler,
    chaos,
    clientChaos,
    database: new Database(scheduler, chaos),
    history,
    catalog,
    ledger: createMemoryLedger(catalog, scheduler),
    stores,
    locations,
    infrequent,
    truth: new Map(),
    intents: new Map(),
    foreignContents: new Map(),
    deeds: new Set(),
    scrub: { looks: new Map(), bad: new Set() },
    publicationsInFlight: new Map(),
    uploadStarts: new Map(),
    changed: new Set(),
    onChange: change => onChange(world, change),
    newId,
    note: line => history.note(scheduler.now(), line),
    connect: (process, store, its = chaos) =>
      connectStore({ scheduler, chaos: its, process, store, onChange: world.onChange, note: world.note }),
  }
  for (const location of [...locations, ...infrequent]) catalog.locations.set(location.id, location)
  for (const mode of ['exclusive', 'shared'] as const) {
    const id = newId()
    catalog.buckets.set(id, { id, name: mode, mode })
  }
  return world
}

/** Rates of what a gateway cannot find out. */
const SOUND = { flips: 0, truncates: 0, stale: 0, hangs: 0, landsLate: 0, diesAtBoundary: 0 } as const
const STORE_NAMES = ['hot', 'cold', 'archive'] as const

/** Puts an object into the catalog and its bytes into the first store. */
export async function seedObject(
  world: SimulatedWorld,
  mode: BucketMode,
  key: string,
  size: number,
): Promise<void> {
  const bucket = [...world.catalog.buckets.values()].find(one => one.mode === mode)!
  const id = objectIdOf(bucket.id, key)
  const content = newContent(world, size)
  const store = world.stores[0]!
  await store.inner.ensureContainer(CONTAINER)
  const { identity } = await store.inner.put(CONTAINER, key, content.bytes, { size })
  store.keys.add(key)
  world.catalog.objects.set(id, {
    id,
    bucketId: bucket.id,
    key,
    generation: 1,
    placementVersion: 1,
    isPresent: true,
    isQuarantined: false,
    version: { ...content.facts, digests: digestsOf(content) },
    reviewAt: null,
  })
  const copyId = world.newId()
  world.catalog.copies.set(copyId, {
    ...primaryCopy(world, { id: copyId, objectId: id, generation: 1, key, size }),
    identity,
  })
  world.truth.set(id, new Map([[1, content]]))
}

/** The row of a copy that a client's write makes. */
export function primaryCopy(
  world: SimulatedWorld,
  of: { id: Uuid; objectId: ObjectId; generation: number; key: string; size: number },
): Copy {
  return {
    id: of.id,
    objectId: of.objectId,
    generation: of.generation,
    locationId: world.locations[0]!.id,
    state: 'complete',
    isPrimary: true,
    nativeKey: of.key,
    identity: { etag: null, versionId: null },
    size: of.size,
    enteredAt: world.scheduler.now(),
    graceUntil: null,
    verifiedAt: null,
  }
}

/** Content that no other is like. */
export function newContent(world: SimulatedWorld, size: number): TrueContent {
  const id = world.newId()
  const bytes = Buffer.alloc(size, createHash('sha512').update(id).digest())
  return {
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    facts: {
      size,
      etag: `client-${id.slice(0, 8)}`,
      headers: { contentType: 'text/plain' },
      tags: {},
      metadata: { id },
    },
  }
}

/** What the catalog knows of a content that a client wrote. */
export function digestsOf({ sha256 }: TrueContent): MemoryObject['version']['digests'] {
  return { sha256, sha256Source: 'client-write', crc64nvme: null }
}

/** The store of a location. */
export function storeOf(world: SimulatedWorld, locationId: Uuid): ModelStore {
  const { storeId } = world.catalog.locations.get(locationId)!
  return world.stores.find(store => store.id === storeId)!
}

/** Whether the bytes of a copy rotted. */
export function isRotten(world: SimulatedWorld, copy: Copy): boolean {
  return storeOf(world, copy.locationId).rotten.has(copy.identity.etag ?? '')
}

/** Whether the copy's storage class is being changed: its identity is the known one or a new one. */
export function isChangingClass({ catalog }: SimulatedWorld, copy: Copy): boolean {
  return [...catalog.migrations.values()].some(
    one => one.kind === 'reclassify' && one.sourceCopyId === copy.id && one.state === 'copying',
  )
}

function locationOf(id: Uuid, store: ModelStore): Location {
  return {
    id,
    name: store.name,
    storeId: store.id,
    container: CONTAINER,
    storageClass: classOf(store),
    tier: store.name === 'hot' ? 'hot' : 'cold',
    priceId: 'p',
    region: store.name,
    firstByteMsP99: 1,
    restoreHours: null,
    capacityBytes: null,
  }
}

function classOf({ profile }: ModelStore): string | null {
  if (profile.restoreMs !== null) return ARCHIVED
  return profile.hasClasses ? FREQUENT : null
}

function uuidOf(random: () => number): Uuid {
  const hex = Array.from({ length: 4 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}
