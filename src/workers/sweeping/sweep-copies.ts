import type { CopyToSweep } from '../../database/catalog/copies.ts'
import type { MigrationHolds } from '../../database/migrations/migration-holds.ts'
import type { AnnounceDeletion } from '../../database/writes/deletions-in-flight.ts'
import type { Clock } from '../../domain/clock.ts'
import { MINUTE, SECOND } from '../../domain/duration.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { NativePlace } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { deadlineMs, doubledMs } from '../../migration/backoff.ts'
import { type ObjectStore, StoreError } from '../../stores/object-store.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { boundedSignal, urgentSignal } from '../bounded-request.ts'
import type { Loop } from '../loop.ts'
import { type DeletionOutcome, deleteCopyBytes } from '../migrations/delete-copy.ts'
import { systemTimers, type Timers } from '../timers.ts'
import { keepLastCopy, type LeftoverOutcome } from './keep-last-copy.ts'
import type { LockedSweep, SweepLedger } from './sweep-ledger.ts'

/** How many copies one step looks at. */
const COPIES_PER_STEP_MAX = 200
/** How many are deleted at once; each holds a connection while it is. */
const DELETIONS_AT_ONCE = 4
/** How long a deletion waits for a client's write of the same object, in milliseconds. */
const LOCK_WAIT_MS_MAX = 2_000
/** How long a copy or a location that failed is left alone, in wall milliseconds. */
const REST_MS = 10 * SECOND
/** The same for a copy that we have no right to delete. */
const DENIED_REST_MS = 5 * MINUTE
/** A copy that fails, or has to wait, again and again is left alone for twice as long each time, up to so long. */
const REST_MS_MAX = 30 * MINUTE
const RESTING_MAX = 10_000
const IDLE_MS = SECOND

/** What the sweeper needs. */
export interface SweepParts {
  readonly ledger: SweepLedger
  /** The open store with this id. Rejects with a `StoreError`. Whoever opens stores closes them. */
  readonly openStore: (storeId: Uuid) => Promise<ObjectStore>
  /** Makes durable that a copy's bytes are about to go. */
  readonly announceDeletion: AnnounceDeletion
  /** What is paused now: nothing is deleted there. Default: nothing ever is. */
  readonly readHolds?: () => Promise<Pick<MigrationHolds, 'locationIds'>>
  readonly wallClock: Clock
  /** Default: the machine's. */
  readonly timers?: Timers
  readonly log: Logger
  /** Told what became of each copy. */
  readonly onSwept?: (outcome: DeletionOutcome) => void
}

/**
 * The loop that deletes copies nobody reads any more: superseded by an overwrite or a delete of the gateway,
 * or left by a migration that ended without a switch. Each is deleted while its object is locked, and only if
 * the bytes are still that copy's and no other copy's. A copy of what readers get now is deleted only right
 * after the primary copy was seen to be there.
 */
export function createCopySweeper(parts: SweepParts): Loop {
  const resting = new RestingPlaces(parts.wallClock)
  return {
    name: 'sweep-copies',
    idleMs: IDLE_MS,
    async step(signal) {
      await parts.ledger.abandonStagingCopies(COPIES_PER_STEP_MAX)
      const held = (await parts.readHolds?.())?.locationIds ?? []
      const copies = await parts.ledger.listCopiesToSweep({
        limit: COPIES_PER_STEP_MAX,
        exceptCopyIds: resting.list('copy'),
        exceptLocationIds: [...resting.list('location'), ...held],
      })
      const queue = [...copies]
      const sweepers = Array.from({ length: DELETIONS_AT_ONCE }, async () => {
        for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
          await sweepOne(parts, resting, next, signal)
        }
      })
      await Promise.all(sweepers)
      return copies.length
    },
  }
}

async function sweepOne(
  parts: SweepParts,
  resting: RestingPlaces,
  found: CopyToSweep,
  signal: AbortSignal,
): Promise<void> {
  const { copy } = found
  if (resting.has('location', copy.locationId)) return
  let storeName: string | null = null
  try {
    const store = await parts.openStore(found.place.storeId)
    storeName = store.name
    await parts.ledger.withLockedCopy(copy, LOCK_WAIT_MS_MAX, async (ledger, locked) => {
      const outcome = await sweepLocked(parts, ledger, store, locked, signal)
      if (outcome === 'waiting') resting.addFailed(copy.id, REST_MS)
      else resting.forgetFailures(copy.id)
    })
  } catch (error) {
    if (signal.aborted) return
    const isOfStore = error instanceof StoreError && error.retry === 'yes' && error.store === storeName
    if (isOfStore) resting.add('location', copy.locationId, REST_MS)
    else resting.addFailed(copy.id, isDenied(error) ? DENIED_REST_MS : REST_MS)
    parts.log.warn(
      { error, copyId: copy.id },
      'a superseded copy could not be deleted and will be tried again',
    )
  }
}

async function sweepLocked(
  parts: SweepParts,
  ledger: LockedSweep,
  store: ObjectStore,
  locked: CopyToSweep,
  signal: AbortSignal,
): Promise<LeftoverOutcome> {
  const { copy, place } = locked
  const { timers = systemTimers } = parts
  const requestSignal = () => urgentSignal(signal, deadlineMs(0), timers)
  const signalFor = (bytes: number) =>
    bytes === 0 ? requestSignal() : boundedSignal(signal, deadlineMs(bytes), timers)
  if (locked.uploadId !== null) {
    await store.multipart?.abort(place.container, place.nativeKey, locked.uploadId, {
      signal: requestSignal(),
    })
  }
  const placed = await ledger.listPlacedCopies()
  const openPlace = async (there: NativePlace) => ({
    ...there,
    store: await parts.openStore(there.storeId),
  })
  if (locked.isOfPresentContent) {
    const log = parts.log
    const kept = await keepLastCopy({ ledger, found: locked, placed, openPlace, signalFor, log })
    if (kept !== 'deletable') return kept
  }
  const others = placed.filter(other => other.copy.id !== copy.id)
  const outcome = await deleteCopyBytes({
    store,
    container: place.container,
    copy,
    bucket: locked.bucket,
    key: locked.key,
    others: others.filter(other => isSamePlace(other.place, place)).map(other => other.copy),
    needed: await Promise.all(
      others
        .filter(other => !isSamePlace(other.place, place) && mayHaveTheBytesOf(copy, other.copy))
        .map(other => openPlace(other.place)),
    ),
    isApart: false,
    intent: locked.migrationId,
    begunClass: locked.begunClass,
    announce: parts.announceDeletion,
    confirmLock: () => ledger.confirmLock(),
    signal: requestSignal,
    signalInTime: msMax => urgentSignal(signal, msMax, timers),
  })
  parts.onSwept?.(outcome)
  if (outcome === 'unsafe' || outcome === 'refused' || outcome === 'shared') {
    const isGood = !isDoubtful(locked)
    await (isGood ? ledger.retainCopy(copy.id) : ledger.suspectCopy(copy.id, null))
    parts.log[outcome === 'shared' ? 'error' : 'info'](
      { copyId: copy.id, outcome, isGood },
      'a superseded copy could not be deleted and stays',
    )
    return 'kept'
  }
  if (outcome === 'unclear') {
    await ledger.suspectCopy(copy.id, null)
    parts.log.error(
      { copyId: copy.id },
      "a superseded copy's bytes are not the ones it had; a person must look",
    )
    return 'kept'
  }
  if (outcome === 'changed')
    parts.log.warn({ copyId: copy.id }, 'bytes that are not ours took the place of a copy')
  await ledger.deleteCopyRow(copy.id, { isAnswered: outcome === 'deleted' })
  return 'forgotten'
}

/**
 * Whether a copy of what readers get now is none to rely on: a move left it and nobody ever proved it, or it was
 * found bad.
 */
function isDoubtful({ copy, isOfPresentContent, migrationId, wasFoundBad }: CopyToSweep): boolean {
  const isUnproven = migrationId !== null && copy.verifiedAt === null
  return isOfPresentContent && (isUnproven || wasFoundBad)
}

function isDenied(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'access-denied'
}

/** Whether a copy that is still needed could turn out to be these bytes, reached through another store. */
function mayHaveTheBytesOf(copy: Copy, other: Copy): boolean {
  const isPublished = other.identity.etag !== null || other.identity.versionId !== null
  return other.state !== 'deleting' && other.size === copy.size && (other.state !== 'staging' || isPublished)
}

function isSamePlace(one: NativePlace, other: NativePlace): boolean {
  return (
    one.storeId === other.storeId && one.container === other.container && one.nativeKey === other.nativeKey
  )
}

/** Copies and locations that failed a moment ago. Bounded: the oldest is forgotten first. */
class RestingPlaces {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()
  readonly #failures = new Map<Uuid, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(kind: 'copy' | 'location', id: Uuid, restMs: number): void {
    const oldest = this.#until.keys().next().value
    if (this.#until.size >= RESTING_MAX && oldest !== undefined) this.#until.delete(oldest)
    this.#until.set(`${kind} ${id}`, this.#clock.now() + restMs)
  }

  /** A copy failed or had to wait once more: it rests for twice as long as the time before. */
  addFailed(copyId: Uuid, firstRestMs: number): void {
    const times = (this.#failures.get(copyId) ?? 0) + 1
    this.#failures.delete(copyId)
    const oldest = this.#failures.keys().next().value
    if (this.#failures.size >= RESTING_MAX && oldest !== undefined) this.#failures.delete(oldest)
    this.#failures.set(copyId, times)
    this.add('copy', copyId, doubledMs(times, { first: firstRestMs, longest: REST_MS_MAX }, 1))
  }

  forgetFailures(copyId: Uuid): void {
    this.#failures.delete(copyId)
  }

  has(kind: 'copy' | 'location', id: Uuid): boolean {
    return this.list(kind).includes(id)
  }

  list(kind: 'copy' | 'location'): Uuid[] {
    const now = this.#clock.now()
    for (const [name, until] of this.#until) if (until <= now) this.#until.delete(name)
    return [...this.#until.keys()]
      .filter(name => name.startsWith(`${kind} `))
      .map(name => name.slice(kind.length + 1))
  }
}
