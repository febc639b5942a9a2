import { setTimeout as delay } from 'node:timers/promises'
import type { FaultOperation, FaultRule } from '../../domain/fault.ts'
import type {
  MultipartStore,
  ObjectDigests,
  ObjectStore,
  PutBody,
  PutOptions,
  PutResult,
  StoredObject,
  StoredObjectWithBody,
} from '../object-store.ts'
import { abortFailure, type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { aroundStore } from './around-store.ts'
import { FaultDice } from './fault-dice.ts'
import { cutOff, flipped, shortened, streamOf, wrongDigests } from './faulty-bodies.ts'
import { FormerContent, type FormerObject } from './former-content.ts'

/** A request that hangs and whose caller waits for ever ends after this. */
const HANG_MS_MAX = 600_000
const DELAY_MS = 1_000

/** What a faulty store does, and who hears of it. */
export interface FaultyOptions {
  readonly rules: readonly FaultRule[]
  /** From [0, 1); the same numbers make the same faults. */
  readonly random: () => number
  /** Told of each fault that happens. */
  readonly happened?: (rule: FaultRule, operation: FaultOperation, key: string | null) => void
  /** Asked before each request: nothing goes wrong once it is false. Default: always true. */
  readonly isActive?: () => boolean
}

/** The same store, of which some requests fail, hang or lie, as its rules say. */
export function faultyStore(inner: ObjectStore, options: FaultyOptions): ObjectStore {
  return new FaultyStore(inner, options).asStore()
}

class FaultyStore {
  readonly #inner: ObjectStore
  readonly #options: FaultyOptions
  readonly #dice: FaultDice
  /** Only where something may be stale: it costs a read before each write. */
  readonly #former: FormerContent | null

  constructor(inner: ObjectStore, options: FaultyOptions) {
    this.#inner = inner
    this.#options = options
    this.#dice = new FaultDice(options.rules, options.random)
    this.#former = options.rules.some(rule => rule.fault === 'stale') ? new FormerContent(inner) : null
  }

  asStore(): ObjectStore {
    const inner = this.#inner
    const others = aroundStore(inner, {
      request: ({ operation, key, signal, isWrite }, perform) => {
        if (
          operation === 'ensureContainer' ||
          operation === 'sweepLeftovers' ||
          operation === 'multipart.list' ||
          operation === 'multipart.listAll'
        ) {
          return perform()
        }
        const rule = this.#decide(operation as FaultOperation, key)
        return this.#suffer(rule, this.#operation(operation, key), signal, isWrite, perform)
      },
    })
    return {
      ...others,
      head: (...given) => this.#head(...given),
      get: (...given) => this.#get(...given),
      put: (...given) => this.#put(...given),
      delete: (...given) => this.#delete(...given),
      list: (...given) => this.#list(...given),
      ...(inner.copyWithin === undefined
        ? {}
        : { copyWithin: this.#copyWithin(inner.copyWithin.bind(inner)) }),
      ...(inner.multipart === undefined
        ? {}
        : { multipart: this.#multipart(inner.multipart, others.multipart!) }),
    }
  }

  #operation(operation: string, key: string | null): StoreOperation {
    return { store: this.#inner.name, operation, key }
  }

  #decide(operation: FaultOperation, key: string | null): FaultRule | null {
    if (this.#options.isActive?.() === false) return null
    const rule = this.#dice.decide(operation, key)
    if (rule !== null) this.#options.happened?.(rule, operation, key)
    return rule
  }

  /** What can happen to every request. */
  async #suffer<T>(
    rule: FaultRule | null,
    operation: StoreOperation,
    signal: AbortSignal | undefined,
    isWrite: boolean,
    perform: () => Promise<T>,
  ): Promise<T> {
    throwIfAborted(operation, signal)
    switch (rule?.fault) {
      case 'refused':
        throw storeFailure(operation, rule.refusal ?? 'throttled', 'refused (a fault on purpose)')
      case 'delayed':
        await pause(operation, rule.delayMs ?? DELAY_MS, signal)
        return perform()
      case 'hangs':
        await pause(operation, HANG_MS_MAX, signal, isWrite)
        throw storeFailure(operation, 'timeout', 'no answer came (a fault on purpose)', {
          retry: isWrite ? 'unknown-outcome' : 'yes',
        })
      case 'answer-lost':
        await perform()
        throw storeFailure(operation, 'unreachable', 'the answer got lost (a fault on purpose)', {
          retry: isWrite ? 'unknown-outcome' : 'yes',
        })
      default:
        return perform()
    }
  }

  async #head(...[container, key, options]: Parameters<ObjectStore['head']>): Promise<StoredObject> {
    const operation = this.#operation('head', key)
    const rule = this.#decide('head', key)
    const former = this.#formerFor(rule, container, key)
    if (former === null) throw nothingYet(operation)
    if (former !== undefined) return former.stored
    const found = await this.#suffer(rule, operation, options?.signal, false, () =>
      this.#inner.head(container, key, options),
    )
    return rule?.fault === 'wrong-digest' ? { ...found, digests: wrongDigests(found.digests) } : found
  }

  async #get(...[container, key, options]: Parameters<ObjectStore['get']>): Promise<StoredObjectWithBody> {
    const operation = this.#operation('get', key)
    const rule = this.#decide('get', key)
    const isPlain = options?.onlyIf === undefined && options?.range === undefined
    const former = isPlain ? this.#formerFor(rule, container, key) : undefined
    if (former === null) throw nothingYet(operation)
    if (former !== undefined && former.bytes !== null) return wholeOf(former.stored, former.bytes)
    const found = await this.#suffer(rule, operation, options?.signal, false, () =>
      this.#inner.get(container, key, options),
    )
    return this.#damagedAnswer(rule, operation, found)
  }

  #damagedAnswer(
    rule: FaultRule | null,
    operation: StoreOperation,
    found: StoredObjectWithBody,
  ): StoredObjectWithBody {
    const { body, bodySize } = found
    const destroy = (error?: Error) => body.destroy(error)
    switch (rule?.fault) {
      case 'wrong-digest':
        return { ...found, digests: wrongDigests(found.digests) }
      case 'flips':
      case 'truncates':
      case 'cut': {
        const damaged = this.#damaged(rule, operation, body, bodySize)
        return { ...found, body: { [Symbol.asyncIterator]: () => damaged[Symbol.asyncIterator](), destroy } }
      }
      default:
        return found
    }
  }

  #damaged(
    rule: FaultRule,
    operation: StoreOperation,
    body: AsyncIterable<Uint8Array>,
    size: number,
  ): AsyncIterable<Uint8Array> {
    if (rule.fault === 'flips') return flipped(body, this.#dice.below(size), this.#dice.below(8))
    if (rule.fault === 'truncates') return shortened(body, Math.max(0, size - 1))
    return cutOff(operation, body, this.#dice.below(size))
  }

  async #put(container: string, key: string, body: PutBody, options: PutOptions): Promise<PutResult> {
    const operation = this.#operation('put', key)
    const rule = this.#decide('put', key)
    await this.#former?.remember(container, key)
    const write = async (): Promise<PutResult> => {
      const { digests, ...unchecked } = options
      switch (rule?.fault) {
        case 'write-lost':
          for await (const _ of streamOf(body)) throwIfAborted(operation, options.signal)
          return { identity: this.#madeUpIdentity(), ...claimed(this.#inner, digests) }
        case 'flips':
        case 'truncates':
        case 'cut': {
          // Damaged after it was checked: what is kept is not what was sent.
          const size = rule.fault === 'truncates' ? Math.max(0, options.size - 1) : options.size
          const damaged = this.#damaged(rule, operation, streamOf(body), options.size)
          return this.#inner.put(container, key, damaged, { ...unchecked, size })
        }
        default:
          return this.#inner.put(container, key, body, options)
      }
    }
    return lying(rule, await this.#suffer(rule, operation, options.signal, true, write))
  }

  async #delete(...[container, key, options]: Parameters<ObjectStore['delete']>): Promise<void> {
    const operation = this.#operation('delete', key)
    const rule = this.#decide('delete', key)
    await this.#former?.remember(container, key)
    await this.#suffer(rule, operation, options?.signal, true, async () => {
      if (rule?.fault !== 'write-lost') await this.#inner.delete(container, key, options)
    })
  }

  async #list(...[container, options]: Parameters<ObjectStore['list']>) {
    const rule = this.#decide('list', null)
    const page = await this.#suffer(rule, this.#operation('list', null), options?.signal, false, () =>
      this.#inner.list(container, options),
    )
    return rule?.fault === 'stale' ? this.#former!.before(container, page) : page
  }

  #copyWithin(copyWithin: NonNullable<ObjectStore['copyWithin']>): typeof copyWithin {
    return async (from, to, options) => {
      const rule = this.#decide('copyWithin', to.key)
      await this.#former?.remember(to.container, to.key)
      return this.#suffer(rule, this.#operation('copyWithin', to.key), options.signal, true, async () =>
        rule?.fault === 'write-lost' ? { identity: this.#madeUpIdentity() } : copyWithin(from, to, options),
      )
    }
  }

  #multipart(inner: MultipartStore, others: MultipartStore): MultipartStore {
    return {
      ...others,
      putPart: async (container, key, uploadId, partNumber, body, options) => {
        const operation = this.#operation('multipart.putPart', key)
        const rule = this.#decide('multipart.putPart', key)
        return this.#suffer(rule, operation, options.signal, true, () => {
          const isDamaged = rule?.fault === 'flips' || rule?.fault === 'truncates' || rule?.fault === 'cut'
          if (!isDamaged) return inner.putPart(container, key, uploadId, partNumber, body, options)
          const damaged = this.#damaged(rule, operation, streamOf(body), options.size)
          const size = rule.fault === 'truncates' ? Math.max(0, options.size - 1) : options.size
          return inner.putPart(container, key, uploadId, partNumber, damaged, { ...options, size })
        })
      },
      complete: async (container, key, uploadId, parts, options) => {
        const operation = this.#operation('multipart.complete', key)
        const rule = this.#decide('multipart.complete', key)
        await this.#former?.remember(container, key)
        const write = async (): Promise<PutResult> =>
          rule?.fault === 'write-lost'
            ? { identity: this.#madeUpIdentity() }
            : inner.complete(container, key, uploadId, parts, options)
        return lying(rule, await this.#suffer(rule, operation, options?.signal, true, write))
      },
    }
  }

  /** Undefined where the present is shown. */
  #formerFor(rule: FaultRule | null, container: string, key: string): FormerObject | undefined {
    return rule?.fault === 'stale' ? this.#former!.of(container, key) : undefined
  }

  #madeUpIdentity() {
    const digit = () => this.#dice.below(16).toString(16)
    return { etag: Array.from({ length: 32 }, digit).join(''), versionId: null }
  }
}

function nothingYet(operation: StoreOperation) {
  return storeFailure(operation, 'not-found', 'there was nothing a moment ago (a fault on purpose)')
}

/** Digests of what was not kept, as a store that kept it would report them. */
function claimed(store: ObjectStore, digests: ObjectDigests | undefined): { digests?: ObjectDigests } {
  const names: readonly string[] = store.capabilities.reportedDigests
  const reported = Object.entries(digests ?? {}).filter(([name]) => names.includes(name))
  return reported.length === 0 ? {} : { digests: Object.fromEntries(reported) }
}

function lying(rule: FaultRule | null, result: PutResult): PutResult {
  if (rule?.fault !== 'wrong-digest' || result.digests === undefined) return result
  return { ...result, digests: wrongDigests(result.digests) }
}

function wholeOf(stored: StoredObject, bytes: Buffer): StoredObjectWithBody {
  async function* read() {
    yield bytes
  }
  return {
    ...stored,
    bodySize: bytes.byteLength,
    body: Object.assign(read(), { destroy: () => undefined }),
  }
}

async function pause(
  operation: StoreOperation,
  ms: number,
  signal: AbortSignal | undefined,
  mayHaveHappened = false,
): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  } catch {
    throw abortFailure(operation, signal!, mayHaveHappened ? 'unknown-outcome' : 'no')
  }
}
