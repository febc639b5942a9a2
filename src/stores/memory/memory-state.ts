import type { Bytes } from '../../domain/bytes.ts'
import type { Clock, Instant } from '../../domain/clock.ts'
import type { StoreIdentity } from '../../domain/object.ts'
import { checkedBody } from '../checked-body.ts'
import type { ObjectDigests, PutBody, WriteCondition } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { MemoryContainer, type MemoryEntry } from './memory-container.ts'
import { translateMemoryError } from './translate-error.ts'

/** The containers of a memory store and the room they share. */
export class MemoryState {
  readonly #name: string
  readonly #clock: Clock
  #capacity: Bytes
  readonly #containers = new Map<string, MemoryContainer>()
  #taken: Bytes = 0
  #writes = 0

  constructor(options: { name: string; clock: Clock; capacityBytes: Bytes }) {
    this.#name = options.name
    this.#clock = options.clock
    this.#capacity = options.capacityBytes
  }

  now(): Instant {
    return this.#clock.now()
  }

  operation(operation: string, key: string | null): StoreOperation {
    return { store: this.#name, operation, key }
  }

  /** Throws kind `container-not-found`. */
  containerOf(operation: StoreOperation, container: string): MemoryContainer {
    const found = this.#containers.get(container)
    if (found) return found
    throw storeFailure(operation, 'container-not-found', `there is no container "${container}"`)
  }

  ensureContainer(container: string): MemoryContainer {
    const found = this.#containers.get(container) ?? new MemoryContainer()
    this.#containers.set(container, found)
    return found
  }

  clear(): void {
    this.#containers.clear()
    this.#taken = 0
  }

  setCapacity(bytes: Bytes): void {
    this.#capacity = bytes
  }

  /** Takes room for so many bytes. Throws kind `store-full`. */
  takeRoom(operation: StoreOperation, size: Bytes): void {
    if (this.#taken + size > this.#capacity) {
      const message = `${size} bytes do not fit: ${this.#taken} of ${this.#capacity} are taken`
      throw storeFailure(operation, 'store-full', message)
    }
    this.#taken += size
  }

  giveRoomBack(size: Bytes): void {
    this.#taken -= size
  }

  /** Reads a whole body into room taken for it; gives the room back when the body is refused. */
  async collect(
    operation: StoreOperation,
    body: PutBody,
    expected: { size: Bytes; digests?: ObjectDigests | undefined; signal?: AbortSignal | undefined },
  ): Promise<Uint8Array> {
    this.takeRoom(operation, expected.size)
    try {
      const content = new Uint8Array(expected.size)
      let offset = 0
      for await (const chunk of checkedBody(operation, body, expected)) {
        content.set(chunk, offset)
        offset += chunk.byteLength
      }
      return content
    } catch (error) {
      this.giveRoomBack(expected.size)
      throw translateMemoryError(operation, error)
    }
  }

  /**
   * Makes an entry, whose room was taken before, visible if the condition holds. Gives back the room of the
   * entry it replaces, or its own when the condition does not hold.
   */
  publish(
    operation: StoreOperation,
    container: string,
    key: string,
    entry: Omit<MemoryEntry, 'etag' | 'lastModified'>,
    condition: WriteCondition | undefined,
  ): StoreIdentity {
    try {
      const objects = this.containerOf(operation, container)
      const former = objects.get(key)
      checkWriteCondition(operation, former, condition)
      if (former) checkNotHeld(operation, former, this.#clock.now())
      const etag = this.nextEtag()
      objects.set(key, { ...entry, etag, lastModified: this.#clock.now() })
      if (former) this.giveRoomBack(roomOf(former))
      return { etag, versionId: null }
    } catch (error) {
      if (entry.content instanceof Uint8Array) this.giveRoomBack(entry.size)
      throw error
    }
  }

  nextEtag(): string {
    return `memory-${++this.#writes}`
  }
}

/** The room an object takes: none while its bytes are computed. */
export function roomOf(entry: MemoryEntry): Bytes {
  return entry.content instanceof Uint8Array ? entry.size : 0
}

/** Throws kind `locked` while something holds the entry. */
export function checkNotHeld(operation: StoreOperation, entry: MemoryEntry, now: Instant): void {
  const { lock } = entry.facts
  const isHeld = lock !== undefined && (lock.legalHold || (lock.retention?.until ?? 0) > now)
  if (isHeld) throw storeFailure(operation, 'locked', 'a lock holds the bytes')
}

/** Throws kind `precondition-failed` unless the entry has this identity. */
export function checkIdentity(operation: StoreOperation, entry: MemoryEntry, identity: StoreIdentity): void {
  if (entry.etag === identity.etag) return
  throw storeFailure(operation, 'precondition-failed', `the bytes are ${entry.etag}, not ${identity.etag}`)
}

function checkWriteCondition(
  operation: StoreOperation,
  former: MemoryEntry | undefined,
  condition: WriteCondition | undefined,
): void {
  if (condition?.kind === 'absent' && former) {
    throw storeFailure(operation, 'precondition-failed', 'something is there already')
  }
  if (condition?.kind !== 'identity') return
  if (!former) throw storeFailure(operation, 'precondition-failed', 'nothing is there any more')
  checkIdentity(operation, former, condition.identity)
}
