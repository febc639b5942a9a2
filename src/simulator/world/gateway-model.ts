import { PublicationInFlight, type PublicationPlace } from '../../database/writes/publications-in-flight.ts'
import { publishAnnounced } from '../../database/writes/publish-announced.ts'
import {
  copyDescriptionMetadata,
  decodeCopyDescription,
  publishingIntentOf,
} from '../../domain/copy-description.ts'
import { judgeForeignChange } from '../../domain/foreign-change.ts'
import type { ObjectId } from '../../domain/identifiers.ts'
import { judgeInterruptedWrite } from '../../domain/interrupted-write.ts'
import { isEndState } from '../../domain/migration.ts'
import type { Copy, StoreIdentity } from '../../domain/object.ts'
import { deletionWayOf } from '../../migration/deletion.ts'
import {
  deletionLandsInMs,
  hasUploadLeft,
  type MemoryObject,
} from '../../migration/memory-ledger/memory-catalog.ts'
import {
  mayStillBeDone,
  type ObjectStore,
  type PutOptions,
  type PutResult,
  type StoredObject,
  StoreError,
  type WriteCondition,
} from '../../stores/object-store.ts'
import type { Process } from '../clock/process.ts'
import { timersOf } from '../clock/process-timers.ts'
import { announceDeletion, announcePublication, isPublicationInFlight } from './announcements.ts'
import { CONTAINER } from './model-store.ts'
import type { LockSession } from './object-locks.ts'
import {
  digestsOf,
  isChangingClass,
  isRotten,
  newContent,
  type OpenIntent,
  primaryCopy,
  type SimulatedWorld,
  storeOf,
  type TrueContent,
} from './simulated-world.ts'

/** How long a client's write waits for a move of the same object. */
const LOCK_WAIT_MS_MAX = 5_000
const PUT_ATTEMPTS_MAX = 3
/** How often a read looks the object up again when what it found was not there any more. */
const READ_ATTEMPTS_MAX = 4

/** A gateway refuses a request; clients may try again. */
class Refused extends Error {
  override readonly name = 'Refused'
}

/**
 * What the gateway does with objects, by its rules of publication: under the object's lock, intent before
 * bytes, bytes before the generation, and interrupted writes settled later. The decisions are the gateway's
 * own.
 */
export class GatewayModel {
  readonly #world: SimulatedWorld
  readonly #process: Process
  readonly #store: ObjectStore

  constructor(world: SimulatedWorld, process: Process) {
    this.#world = world
    this.#process = process
    this.#store = world.connect(process, world.stores[0]!, world.clientChaos)
  }

  /** Overwrites an object, or makes it anew. Rejects when that was refused or its outcome is not known. */
  write(objectId: ObjectId, size: number): Promise<void> {
    const world = this.#world
    return this.#locked(objectId, async session => {
      const object = await this.#look(session, objectId)
      if (deletionLandsInMs(world.catalog, objectId, world.scheduler.now()) > 0)
        throw new Refused('deletion cut off')
      const content = newContent(world, size)
      const intent: OpenIntent = {
        id: world.newId(),
        objectId,
        copyId: world.newId(),
        baseGeneration: object.generation,
        content,
      }
      world.intents.set(intent.id, intent)
      let identity: StoreIdentity
      try {
        identity = await this.#putInPlace(object, session, intent)
      } catch (error) {
        const isRefused =
          error instanceof Refused || (error instanceof StoreError && error.retry !== 'unknown-outcome')
        if (isRefused) world.intents.delete(intent.id)
        throw error
      }
      await world.database.askOn(session, () => this.#commit(intent, identity))
    })
  }

  /** Deletes an object. */
  remove(objectId: ObjectId): Promise<void> {
    const world = this.#world
    return this.#locked(objectId, async session => {
      await this.#look(session, objectId)
      if (this.#openIntents(objectId).length > 0) throw new Refused('a write is not settled')
      await world.database.askOn(session, () => {
        const object = world.catalog.objects.get(objectId)!
        if (!object.isPresent) return
        this.#retireAll(objectId)
        object.isPresent = false
        object.generation++
        object.placementVersion++
        world.changed.add(objectId)
        world.note(`${object.key} deleted`)
      })
    })
  }

  /** Settles a write whose outcome was not known, as the gateway's recovery does. */
  settle(intent: OpenIntent): Promise<void> {
    const world = this.#world
    return this.#locked(intent.objectId, async session => {
      const object = await this.#look(session, intent.objectId)
      if (!world.intents.has(intent.id)) return
      const mayLand = isPublicationInFlight(world, intent.objectId)
      const found = await this.#findPublished(object, intent)
      if (found === null) {
        if (mayLand) throw new Refused('it may still land')
        await world.database.askOn(session, () => void world.intents.delete(intent.id))
        return
      }
      const verdict = await world.database.askOn(session, () =>
        judgeInterruptedWrite({
          baseGeneration: intent.baseGeneration,
          object: world.catalog.objects.get(intent.objectId)!,
          isBucketThere: true,
          isUploadCompleted: false,
          found,
          copies: this.#copies(intent.objectId).map(copy => ({ copy, isThere: this.#isInFirstStore(copy) })),
        }),
      )
      world.note(`${object.key} settle ${verdict}`)
      if (verdict === 'delete') await this.#deletePublished(session, object, intent)
      await world.database.askOn(session, () => {
        if (verdict === 'roll-forward') this.#commit(intent, found.identity)
        else world.intents.delete(intent.id)
      })
    })
  }

  /** Follows what others wrote in a shared bucket. */
  follow(objectId: ObjectId): Promise<void> {
    const world = this.#world
    return this.#locked(objectId, async session => {
      const object = await this.#look(session, objectId)
      if (this.#openIntents(objectId).length > 0) return
      const found = await this.#head(object.key)
      await world.database.askOn(session, () => this.#adopt(objectId, found))
    })
  }

  /** Reads an object to its end and checks what came. */
  async read(objectId: ObjectId): Promise<void> {
    const world = this.#world
    const before = this.#momentOf(objectId)
    let failures: unknown[] = []
    for (let attempt = 1; attempt <= READ_ATTEMPTS_MAX; attempt++) {
      const resolved = await world.database.ask(this.#process, async () => this.#resolve(objectId))
      if (resolved === null) return
      failures = []
      for (const copy of resolved.copies) {
        try {
          const bytes = await this.#readCopy(copy, resolved)
          if (!isRotten(world, copy)) this.#checkRead(objectId, resolved.generation, bytes)
          return
        } catch (error) {
          failures.push(error)
        }
      }
    }
    const isStill = before !== null && before === this.#momentOf(objectId)
    // A copy in grace may be gone a moment later: what counts is whether a store failed the others.
    const isOfStore = failures.some(
      failure =>
        failure instanceof StoreError &&
        ['throttled', 'unreachable', 'timeout', 'unexpected', 'archived'].includes(failure.kind),
    )
    if (isStill && !isOfStore) {
      const { key } = world.catalog.objects.get(objectId)!
      world.history.violate(
        'I2',
        `${key} could not be read although nobody changed it: ${failures.join(', ')}`,
      )
    }
  }

  async #readCopy(
    copy: Copy,
    { generation, size }: { readonly generation: number; readonly size: number },
  ): Promise<Buffer> {
    const world = this.#world
    const model = storeOf(world, copy.locationId)
    const store = world.connect(this.#process, model, world.clientChaos)
    const isKnown = copy.identity.etag !== null
    const onlyIf = isKnown && store.capabilities.conditionalRead ? { onlyIf: copy.identity } : {}
    const found = await store.get(CONTAINER, copy.nativeKey, onlyIf)
    if ((isKnown && found.identity.etag !== copy.identity.etag) || found.bodySize !== size)
      throw new Refused('other bytes')
    const said = decodeCopyDescription(found.metadata)?.generation ?? 0
    if (!isKnown && said > 0 && said !== generation) throw new Refused('newer bytes')
    const chunks: Uint8Array[] = []
    for await (const chunk of found.body) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  #checkRead(objectId: ObjectId, generation: number, bytes: Buffer): void {
    const { truth, history, catalog } = this.#world
    const expected = truth.get(objectId)!.get(generation)
    if (expected?.bytes.equals(bytes)) return
    // A bit that flipped where bytes lie is for the scrubber to find: readers get what a store gives them.
    if (this.#copies(objectId).some(copy => isRotten(this.#world, copy))) return
    history.violate(
      'I2',
      `${catalog.objects.get(objectId)!.key}: a reader got other bytes than generation ${generation}`,
    )
  }

  /** What tells whether anybody but the mover changed the object meanwhile; null while that is not clear. */
  #momentOf(objectId: ObjectId): string | null {
    const { catalog, stores } = this.#world
    const object = catalog.objects.get(objectId)!
    if (!object.isPresent || this.#openIntents(objectId).length > 0) return null
    if (stores[0]!.foreignEtags.size > 0) return null
    return String(object.generation)
  }

  #resolve(objectId: ObjectId): { generation: number; size: number; copies: Copy[] } | null {
    const object = this.#world.catalog.objects.get(objectId)!
    if (!object.isPresent) return null
    const copies = this.#copies(objectId)
      .filter(copy => copy.generation === object.generation)
      .filter(copy => copy.isPrimary || ['complete', 'grace', 'retained'].includes(copy.state))
      .sort((left, right) => Number(right.isPrimary) - Number(left.isPrimary))
      .map(copy => (isChangingClass(this.#world, copy) ? { ...copy, identity: UNKNOWN_IDENTITY } : copy))
    return { generation: object.generation, size: object.version.size, copies }
  }

  async #locked(objectId: ObjectId, work: (session: LockSession) => Promise<void>): Promise<void> {
    const busy = () => new Refused('busy')
    const asked = { id: objectId, waitMsMax: LOCK_WAIT_MS_MAX, busy }
    await this.#world.database.underLock(this.#process, asked, work)
  }

  #look(session: LockSession, objectId: ObjectId): Promise<MemoryObject> {
    return this.#world.database.askOn(session, () => ({ ...this.#world.catalog.objects.get(objectId)! }))
  }

  async #findPublished({ key }: MemoryObject, intent: OpenIntent): Promise<StoredObject | null> {
    const found = await this.#head(key)
    return found !== null && publishingIntentOf(found.metadata) === intent.id ? found : null
  }

  async #head(key: string): Promise<StoredObject | null> {
    try {
      return await this.#store.head(CONTAINER, key)
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'not-found') return null
      throw error
    }
  }

  async #putInPlace(object: MemoryObject, session: LockSession, intent: OpenIntent): Promise<StoreIdentity> {
    const { bytes, facts, sha256 } = intent.content
    const options: PutOptions = {
      size: bytes.byteLength,
      digests: { sha256 },
      metadata: {
        ...facts.metadata,
        ...copyDescriptionMetadata({
          bucket: this.#world.catalog.buckets.get(object.bucketId)!.name,
          key: object.key,
          generation: object.generation + 1,
          sha256,
          etag: facts.etag,
          intentId: intent.id,
        }),
      },
    }
    const put = (condition: WriteCondition | null, signal?: AbortSignal) =>
      this.#store.put(CONTAINER, object.key, bytes, {
        ...options,
        ...(condition === null ? {} : { condition }),
        ...(signal === undefined ? {} : { signal }),
      })
    if (!this.#store.capabilities.conditionalPut) return this.#putAnnounced(object, session, put)
    const known = this.#copies(object.id)
      .filter(copy => this.#isInFirstStore(copy) && copy.identity.etag !== null)
      .sort((left, right) => right.generation - left.generation)[0]
    let condition: WriteCondition =
      known === undefined ? { kind: 'absent' } : { kind: 'identity', identity: known.identity }
    for (let attempt = 1; ; attempt++) {
      try {
        return (await put(condition)).identity
      } catch (error) {
        const isTaken = error instanceof StoreError && /^(precondition-failed|not-found)$/.test(error.kind)
        if (!isTaken || attempt >= PUT_ATTEMPTS_MAX) throw error
        const found = await this.#head(object.key)
        condition = found === null ? { kind: 'absent' } : { kind: 'identity', identity: found.identity }
      }
    }
  }

  /** To a store that cannot compare: nobody else may write there before these bytes have landed or never will. */
  async #putAnnounced(
    { id: objectId }: MemoryObject,
    session: LockSession,
    put: (condition: null, signal: AbortSignal) => Promise<PutResult>,
  ): Promise<StoreIdentity> {
    const world = this.#world
    const publication = {
      announce: (place: PublicationPlace) => announcePublication(world, this.#process, place),
      place: { objectId, storeId: world.stores[0]!.id, container: CONTAINER },
      confirmLock: () => world.database.askOn(session, () => undefined),
      now: () => world.scheduler.now(),
      timeoutSignal: timersOf(world.scheduler, this.#process).timeoutSignal,
      mayStillLand: (error: unknown) => mayStillBeDone(this.#store, error),
    }
    try {
      return (await publishAnnounced(publication, signal => put(null, signal))).identity
    } catch (error) {
      throw error instanceof PublicationInFlight ? new Refused('publication cut off') : error
    }
  }

  /** The write's bytes become the object's next generation. */
  #commit(intent: OpenIntent, identity: StoreIdentity): void {
    const world = this.#world
    const object = world.catalog.objects.get(intent.objectId)!
    this.#publish(object, intent.copyId, identity, intent.content, digestsOf(intent.content))
    world.intents.delete(intent.id)
    world.note(`${object.key} written, generation ${object.generation}`)
  }

  #publish(
    object: MemoryObject,
    copyId: string,
    identity: StoreIdentity,
    content: TrueContent,
    digests: MemoryObject['version']['digests'],
  ): void {
    const world = this.#world
    for (const copy of this.#copies(object.id)) {
      const isOverwritten = this.#isInFirstStore(copy) && !hasUploadLeft(world.catalog, copy.id)
      if (isOverwritten) world.catalog.copies.delete(copy.id)
    }
    this.#retireAll(object.id)
    object.generation++
    object.placementVersion++
    object.isPresent = true
    object.isQuarantined = false
    object.version = { ...content.facts, digests }
    const { key, generation, id: objectId } = object
    const size = content.bytes.byteLength
    const row = primaryCopy(world, { id: copyId, objectId, generation, key, size })
    world.catalog.copies.set(copyId, { ...row, identity })
    world.truth.get(objectId)!.set(generation, content)
    world.changed.add(objectId)
  }

  #adopt(objectId: ObjectId, found: StoredObject | null): void {
    const world = this.#world
    const object = world.catalog.objects.get(objectId)!
    if (found === null) return
    const store = world.stores[0]!
    const intentId = publishingIntentOf(found.metadata)
    const migration = intentId === null ? undefined : world.catalog.migrations.get(intentId)
    const isOpen =
      intentId !== null &&
      (world.intents.has(intentId) || (migration !== undefined && !isEndState(migration.state)))
    const verdict = judgeForeignChange({
      mode: 'shared',
      witness: 'listing',
      object: { ...object, lastModified: null },
      copiesThere: this.#copies(objectId).filter(copy => this.#isInFirstStore(copy)),
      found,
      intent: isOpen ? 'open' : intentId === null ? 'unknown' : 'over',
    })
    const isForeign = found.identity.etag !== null && store.foreignEtags.has(found.identity.etag)
    if (verdict !== 'adopt' || !isForeign) return
    const content = world.foreignContents.get(found.identity.etag!)!
    store.foreignEtags.delete(found.identity.etag!)
    this.#publish(object, world.newId(), found.identity, content, NO_DIGESTS)
    world.note(`${object.key} followed, generation ${object.generation}`)
  }

  async #deletePublished(session: LockSession, object: MemoryObject, intent: OpenIntent): Promise<void> {
    const world = this.#world
    const way = deletionWayOf(this.#store.capabilities, world.catalog.buckets.get(object.bucketId)!.mode)
    if (way === 'not-at-all') return
    const { withdraw } = await announceDeletion(world, this.#process, {
      id: intent.copyId,
      objectId: object.id,
    })
    let found: StoredObject | null = null
    try {
      await world.database.askOn(session, () => undefined)
      found = await this.#findPublished(object, intent)
    } finally {
      if (found === null) await withdraw()
    }
    if (found === null) return
    try {
      await this.#store.delete(
        CONTAINER,
        object.key,
        way === 'conditionally' ? { onlyIf: found.identity } : {},
      )
    } catch (error) {
      const isGone = error instanceof StoreError && /^(precondition-failed|not-found)$/.test(error.kind)
      if (!isGone) throw error
    }
    world.catalog.deletionsInFlight.delete(intent.copyId)
  }

  #retireAll(objectId: ObjectId): void {
    for (const copy of this.#copies(objectId)) {
      if (!['complete', 'grace', 'suspect'].includes(copy.state)) continue
      this.#world.catalog.copies.set(copy.id, {
        ...copy,
        state: 'deleting',
        isPrimary: false,
        graceUntil: null,
      })
    }
  }

  #copies(objectId: ObjectId): Copy[] {
    return [...this.#world.catalog.copies.values()].filter(copy => copy.objectId === objectId)
  }

  #openIntents(objectId: ObjectId): OpenIntent[] {
    return [...this.#world.intents.values()].filter(intent => intent.objectId === objectId)
  }

  #isInFirstStore(copy: Copy): boolean {
    return storeOf(this.#world, copy.locationId) === this.#world.stores[0]
  }
}

const UNKNOWN_IDENTITY: StoreIdentity = { etag: null, versionId: null }
const NO_DIGESTS = { sha256: null, sha256Source: null, crc64nvme: null } as const
