import { checkFacts } from '../call-rules.ts'
import { checkedBody } from '../checked-body.ts'
import type {
  GetOptions,
  ListedObject,
  ObjectStore,
  PutBody,
  PutOptions,
  PutResult,
  StoredObject,
  StoredObjectWithBody,
} from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { storedBody } from '../stored-body.ts'
import {
  CHUNK_BYTES,
  ChunkCipher,
  type ClientKey,
  openedSize,
  openedSizeMax,
  SealBroken,
  sealedRange,
  sealedSize,
} from './chunk-cipher.ts'

/** Where an object says which key and salt its bytes were sealed with. */
const SEAL_NAME = 'dim-seal'
/** Name and value of it, with room to spare. */
const SEAL_BYTES = 128

/**
 * Master keys: new objects are sealed with the first, objects are opened with the one they name. At least
 * one.
 */
export interface ClientEncryptionOptions {
  readonly keys: readonly [ClientKey, ...ClientKey[]]
}

/**
 * The same store, which sees only sealed bytes: content is encrypted before it leaves us and decrypted, and
 * proven, as it comes back, ranges too. Keys, headers, metadata and tags stay readable. Give it containers of
 * its own: an object that somebody else put there is served as it is, but listed with a wrong size.
 *
 * What the store computes over sealed bytes tells nothing of the content, so it reports no digests; copies
 * inside the store and uploads in parts would need seals that fit together, so it has none. Throws a
 * RangeError around a store without user metadata.
 */
export function clientEncryptedStore(inner: ObjectStore, options: ClientEncryptionOptions): ObjectStore {
  if (!inner.capabilities.userMetadata)
    throw new RangeError(`${inner.name} keeps no metadata, in which the seal of an object has to stay`)
  const { keys } = options
  const metadataBytesMax = inner.capabilities.metadataBytesMax - SEAL_BYTES
  const keyById = new Map(keys.map(key => [key.id, key]))
  const sweepLeftovers = inner.sweepLeftovers?.bind(inner)
  const changeStorageClass = inner.changeStorageClass?.bind(inner)
  const restore = inner.restore?.bind(inner)
  const operationOf = (operation: string, key: string): StoreOperation => ({
    store: inner.name,
    operation,
    key,
  })

  function sealOf(
    operation: StoreOperation,
    found: StoredObject,
  ): { cipher: ChunkCipher; keyId: string } | null {
    const seal = found.metadata[SEAL_NAME]
    if (seal === undefined) return null
    const [version, keyId = '', salt = ''] = seal.split('.')
    const key = keyById.get(keyId)
    if (version !== '1' || key === undefined)
      throw storeFailure(operation, 'unsupported', `sealed with the key ${keyId}, which is not one of ours`)
    return { cipher: new ChunkCipher(key, Buffer.from(salt, 'base64url')), keyId }
  }

  /** What the store says, less the seal; also of an object whose key we have not. */
  function opened<T extends StoredObject>(found: T): T {
    const { [SEAL_NAME]: seal, ...metadata } = found.metadata
    if (seal === undefined) return found
    const keyId = seal.split('.')[1] ?? ''
    const size = openedSize(found.size) ?? found.size
    return { ...found, size, metadata, digests: {}, encryption: { kind: 'client', keyId } }
  }

  async function get(container: string, key: string, asked: GetOptions = {}): Promise<StoredObjectWithBody> {
    const operation = operationOf('get', key)
    // The cipher keeps pieces of a chunk until the next one completes them.
    const { range, areChunksLent: _, ...rest } = asked
    if (range !== undefined && range.end < range.start)
      throw storeFailure(operation, 'range-not-satisfiable', 'the range ends before it begins')
    const found = await inner.get(container, key, {
      ...rest,
      ...(range === undefined ? {} : { range: sealedRange(range) }),
    })
    try {
      const seal = sealOf(operation, found)
      if (seal === null) return range === undefined ? found : await plainRange(found, container, key, asked)
      const { size } = opened(found)
      const start = range?.start ?? 0
      if (range !== undefined && start >= size)
        throw storeFailure(operation, 'range-not-satisfiable', `the range begins behind the end at ${size}`)
      const end = Math.min(range?.end ?? size - 1, size - 1)
      const bodySize = Math.max(0, end - start + 1)
      const first = Math.floor(start / CHUNK_BYTES)
      const chunks = cut(seal.cipher.open(found.body, { first, size }), start - first * CHUNK_BYTES, bodySize)
      const source = {
        chunks,
        release: (error?: Error) => found.body.destroy(error),
        translate: (error: unknown) => brokenSeal(operation, error),
      }
      return { ...opened(found), bodySize, body: storedBody(operation, source, bodySize, asked.signal) }
    } catch (error) {
      found.body.destroy()
      throw error
    }
  }

  /** An object that was not sealed was asked for with a range of sealed bytes: it is asked for again. */
  async function plainRange(
    found: StoredObjectWithBody,
    container: string,
    key: string,
    asked: GetOptions,
  ): Promise<StoredObjectWithBody> {
    found.body.destroy()
    return inner.get(container, key, asked)
  }

  async function put(container: string, key: string, body: PutBody, given: PutOptions): Promise<PutResult> {
    const operation = operationOf('put', key)
    const { areDigestsFresh, digests, metadata, size, ...rest } = given
    checkFacts(operation, given, metadataBytesMax)
    const salt = ChunkCipher.newSalt()
    const cipher = new ChunkCipher(keys[0], salt)
    let failure: unknown = null
    async function* watched() {
      try {
        const expected = areDigestsFresh === true ? {} : { digests }
        yield* checkedBody(operation, body, { size, signal: given.signal, ...expected })
      } catch (error) {
        failure = error
        throw error
      }
    }
    const sealed = cipher.seal(watched(), size)
    try {
      const seal = `1.${keys[0].id}.${salt.toString('base64url')}`
      const { identity } = await inner.put(
        container,
        key,
        // What was in memory stays there, so that it can be sent again.
        body instanceof Uint8Array ? await collect(sealed) : sealed,
        { ...rest, metadata: { ...metadata, [SEAL_NAME]: seal }, size: sealedSize(size) },
      )
      return { identity }
    } catch (error) {
      throw failure ?? error
    }
  }

  return {
    name: inner.name,
    capabilities: {
      ...inner.capabilities,
      reportedDigests: [],
      serverSideCopy: false,
      encryption: 'always',
      multipart: null,
      putSizeMax: openedSizeMax(inner.capabilities.putSizeMax),
      metadataBytesMax,
    },
    ensureContainer: (container, asked) => inner.ensureContainer(container, asked),
    head: async (container, key, asked) => opened(await inner.head(container, key, asked)),
    get,
    put,
    delete: (container, key, asked) => inner.delete(container, key, asked),
    async list(container, asked) {
      const page = await inner.list(container, asked)
      return { ...page, objects: page.objects.map(openedInList) }
    },
    ...(changeStorageClass === undefined
      ? {}
      : {
          changeStorageClass: async (...asked: Parameters<typeof changeStorageClass>) =>
            opened(await changeStorageClass(...asked)),
        }),
    ...(restore === undefined
      ? {}
      : { restore: async (...asked: Parameters<typeof restore>) => opened(await restore(...asked)) }),
    ...(sweepLeftovers === undefined ? {} : { sweepLeftovers }),
    close: () => inner.close(),
  }
}

function openedInList(listed: ListedObject): ListedObject {
  return { ...listed, size: openedSize(listed.size) ?? listed.size }
}

/** `count` bytes after the first `skip`. */
async function* cut(
  chunks: AsyncIterable<Uint8Array>,
  skip: number,
  count: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let skipped = skip
  let left = count
  for await (const chunk of chunks) {
    const wanted = chunk.subarray(skipped, skipped + left)
    skipped = Math.max(0, skipped - chunk.byteLength)
    left -= wanted.byteLength
    if (wanted.byteLength > 0) yield wanted
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

function brokenSeal(operation: StoreOperation, error: unknown) {
  const message = error instanceof Error ? error.message : String(error)
  const kind = error instanceof SealBroken ? 'digest-mismatch' : 'unexpected'
  return storeFailure(operation, kind, message, { cause: error })
}
