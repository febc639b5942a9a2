import type { Bytes } from '../domain/bytes.ts'
import type { Instant } from '../domain/clock.ts'
import type { StoreEncryption } from '../domain/encryption.ts'
import type { ContentHeaders, StoreIdentity } from '../domain/object.ts'

/**
 * A place that keeps bytes under keys: the small core every adapter provides. What only some can do is
 * declared in {@link StoreCapabilities} and stated in the contract suite (`contract/`), which every adapter
 * and every wrapper passes. Each sentence below has a test there, and the reverse.
 *
 * Errors: every method rejects with a {@link StoreError} and nothing else. `null` never means "failed".
 * Bodies are pulled, so a slow reader slows the store down and memory stays bounded. Every method stops
 * when its `signal` aborts, with kind `aborted`.
 */
export interface ObjectStore {
  /** The name people gave the store; used in errors. */
  readonly name: string
  readonly capabilities: StoreCapabilities

  /** Makes sure the container exists. Creating one that exists is no error. */
  ensureContainer(container: string, options?: CallOptions): Promise<void>

  /** Facts of an object without its bytes. Kind `not-found` when there is none. */
  head(container: string, key: string, options?: HeadOptions): Promise<StoredObject>

  /**
   * An object's facts and a stream of its bytes, or of one range of them. The caller reads the body to its
   * end or destroys it. A body that ends before its promised length fails with kind `truncated`.
   */
  get(container: string, key: string, options?: GetOptions): Promise<StoredObjectWithBody>

  /**
   * Writes an object whole or not at all: readers see the former bytes or the new ones, never a mix, and
   * after a rejection never part of the new ones. A body whose length differs from `size` is refused with kind
   * `truncated`, one that differs from a given digest with kind `digest-mismatch`.
   */
  put(container: string, key: string, body: PutBody, options: PutOptions): Promise<PutResult>

  /**
   * Deletes an object: nothing is shown under its key afterwards, former versions that the store keeps included.
   * Those stay. Deleting one that is not there is no error.
   */
  delete(container: string, key: string, options?: DeleteOptions): Promise<void>

  /** One page of keys in ascending order of their UTF-8 bytes. */
  list(container: string, options?: ListOptions): Promise<ListPage>

  /**
   * Copies an object inside the store; its bytes never travel through us. Present exactly where
   * `capabilities.serverSideCopy`. Only the bytes with the identity of `from` are copied, otherwise kind
   * `precondition-failed`. The copy has the facts of `options` and none of the former object's, or nothing is
   * written and the kind is `unsupported`. Whole or not at all, as {@link ObjectStore.put}.
   */
  copyWithin?(from: CopySource, to: CopyTarget, options: CopyWithinOptions): Promise<PutResult>

  /**
   * Puts an object into another storage class where it lies. Present exactly where
   * `capabilities.storageClasses` has any. Its bytes, headers, metadata, tags and encryption stay as they
   * are; its identity may become another one. Kind `precondition-failed` when the object has not the identity
   * of `onlyIf`, `archived` when it must be restored first, `unsupported` for a class the store does not
   * have.
   */
  changeStorageClass?(
    container: string,
    key: string,
    storageClass: string,
    options: ChangeStorageClassOptions,
  ): Promise<StoredObject>

  /**
   * Asks for an object that lies in an archive to become readable, and resolves to its facts then: `archive` says
   * how far that is. Asking again while it is under way, or afterwards, is no error and begins nothing; of an object
   * that can be read nothing is asked. Its bytes and its identity stay as they are. Present exactly where
   * `capabilities.archiveRestore` is not `none`. Kind `precondition-failed` when the object has not the identity of
   * `onlyIf`.
   */
  restore?(container: string, key: string, options: RestoreOptions): Promise<StoredObject>

  /**
   * Removes some of what dead processes left out of sight in a container and nobody changed since: staged
   * bytes, uploads that nobody needs, facts of objects that are gone. Objects are never touched. To be called
   * again with the cursor until that is null. Present where a store can have leftovers that only it sees.
   */
  sweepLeftovers?(container: string, options: SweepOptions): Promise<LeftoverPage>

  /** Releases connections and temporary files. The store is not used afterwards. */
  close(): Promise<void>

  /** Present where `capabilities.multipart` is not null. */
  readonly multipart?: MultipartStore
}

/** An object to be copied: exactly these bytes. */
export interface CopySource {
  readonly container: string
  readonly key: string
  readonly identity: StoreIdentity
}

/** Where a copy shall lie. */
export interface CopyTarget {
  readonly container: string
  readonly key: string
}

export interface CopyWithinOptions extends PutFacts, CallOptions {
  /** Of the object that is copied. */
  readonly size: Bytes
  readonly condition?: WriteCondition
}

export interface ChangeStorageClassOptions extends CallOptions {
  /** Only the bytes with this identity. */
  readonly onlyIf: StoreIdentity
}

export interface RestoreOptions extends CallOptions {
  /** Only the bytes with this identity. */
  readonly onlyIf: StoreIdentity
  /** For how many days the bytes shall be readable, where that ends by itself. Range: 1 and more. */
  readonly readableDays: number
  /** `bulk` takes longer and costs less, where a store knows the difference. Default: `standard`. */
  readonly speed?: 'standard' | 'bulk'
}

/** Which leftovers to remove. */
export interface SweepOptions extends CallOptions {
  /** Only what nobody changed since. Far enough back for the slowest writer. */
  readonly unmodifiedSince: Instant
  /** Those of these uploads that are known to somebody: they stay, however old. */
  neededUploads(uploadIds: readonly string[]): Promise<ReadonlySet<string>>
  /** Continues a former page; opaque. */
  readonly cursor?: string
}

/** What a page of a sweep removed. */
export interface LeftoverPage {
  /** Staged files, uploads and facts. */
  readonly removed: number
  /** Null at the end. */
  readonly cursor: string | null
}

/** Uploads in parts that become visible all at once, or never. */
export interface MultipartStore {
  create(container: string, key: string, options: PutFacts & CallOptions): Promise<{ uploadId: string }>
  putPart(
    container: string,
    key: string,
    uploadId: string,
    partNumber: number,
    body: PutBody,
    /**
     * `digests` are those of the part; a store that can checks them. Parts come in any order, several at
     * once.
     */
    options: { size: Bytes; digests?: ObjectDigests } & CallOptions,
  ): Promise<{ etag: string }>
  /** Makes the parts one object. Conditions are as in {@link PutOptions}. */
  complete(
    container: string,
    key: string,
    uploadId: string,
    parts: readonly { partNumber: number; etag: string }[],
    options?: { condition?: WriteCondition } & CallOptions,
  ): Promise<PutResult>
  /** Forgets the upload and its parts. Aborting one that is not there is no error. */
  abort(container: string, key: string, uploadId: string, options?: CallOptions): Promise<void>
  /**
   * Uploads at exactly this key that are neither completed nor aborted, whoever began them; at most 1,000.
   * Present where the store does not sweep uploads nobody needs by itself.
   */
  list?(container: string, key: string, options?: CallOptions): Promise<readonly UploadInProgress[]>
  /** A page of the uploads of a whole container that are in progress, in no order. Present where `list` is. */
  listAll?(container: string, options?: { cursor?: string } & CallOptions): Promise<UploadPage>
}

/** Uploads of a container that are in progress. */
export interface UploadPage {
  readonly uploads: readonly (UploadInProgress & { readonly key: string })[]
  /** Null at the end. */
  readonly cursor: string | null
}

/** An upload in parts that was begun and has not ended. */
export interface UploadInProgress {
  readonly uploadId: string
  /** By the store's clock. */
  readonly startedAt: Instant
}

/** What a store can do, as data: read by the engine, the gateway and the contract suite. */
export interface StoreCapabilities {
  /** `put` honours {@link WriteCondition}. */
  readonly conditionalPut: boolean
  /** `delete` honours `onlyIf`, so that bytes we did not write are never deleted. */
  readonly conditionalDelete: boolean
  /** `get` and `head` honour `onlyIf`. */
  readonly conditionalRead: boolean
  /**
   * Which whole-object digests `head` can be trusted to report when they were given to `put`: computed by a
   * server from the bytes it took, never an echo of what was given. A store that keeps one digest of several
   * reports `crc64nvme` if it was among them.
   */
  readonly reportedDigests: readonly ('sha256' | 'crc64nvme' | 'crc32c' | 'md5')[]
  /** Keeps old versions when bytes are overwritten or deleted. */
  readonly versions: boolean
  readonly userMetadata: boolean
  /** `copyWithin` is there. */
  readonly serverSideCopy: boolean
  /**
   * The classes `put` and `changeStorageClass` are known to take, in the store's own words; empty when none
   * is.
   */
  readonly storageClasses: readonly string[]
  /** Classes whose objects cannot be read (kind `archived`) until they are restored. */
  readonly archiveClasses: readonly string[]
  /**
   * What `restore` does with an object of an archive class. `copy-for-days`: a readable copy appears beside it for
   * some days. `leaves-archive`: the object itself moves into a class that can be read, and stays there. `none`:
   * there is no `restore`.
   */
  readonly archiveRestore: 'copy-for-days' | 'leaves-archive' | 'none'
  /** Keeps {@link PutFacts.tags}; `head` tells them when asked. Stores without refuse them. */
  readonly tags: boolean
  /** Keeps {@link PutFacts.lock}, and refuses with kind `locked` what an object's lock forbids. */
  readonly objectLock: boolean
  /** `on-request`: {@link PutFacts.encryption} asks for it. */
  readonly encryption: StoreEncryption
  /** Limits of multipart uploads, or null when there are none. */
  readonly multipart: {
    readonly partSizeMin: Bytes
    readonly partSizeMax: Bytes
    readonly partsMax: number
    /** As `StoreCapabilities.reportedDigests`, of objects that were uploaded in parts. */
    readonly reportedDigests: readonly ('sha256' | 'crc64nvme' | 'crc32c' | 'md5')[]
  } | null
  /** The largest object a single `put` takes. */
  readonly putSizeMax: Bytes
  readonly keyBytesMax: number
  /** Names and values of user metadata together. */
  readonly metadataBytesMax: Bytes
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

export interface ReadOptions extends CallOptions {
  /** Only the bytes with this identity; otherwise kind `precondition-failed`. */
  readonly onlyIf?: StoreIdentity
}

export interface HeadOptions extends ReadOptions {
  /** Also asks for the tags, which costs some stores a request more. Default: false. */
  readonly withTags?: boolean
}

export interface GetOptions extends ReadOptions {
  /** Inclusive offsets, both given. A start past the end is kind `range-not-satisfiable`. */
  readonly range?: { readonly start: Bytes; readonly end: Bytes }
  /**
   * Each chunk of the body is looked at only until the next one is asked for: the store may then use its memory again.
   */
  readonly areChunksLent?: boolean
}

/** A body to write: chunks in order. */
export type PutBody = AsyncIterable<Uint8Array> | Uint8Array

/** What travels with the bytes; the copy describes itself by it. */
export interface PutFacts {
  readonly headers?: ContentHeaders
  readonly metadata?: Readonly<Record<string, string>>
  readonly storageClass?: string
  /**
   * At most 10; names of 1 to 128 and values of up to 256 characters. Needs `capabilities.tags` unless empty.
   */
  readonly tags?: Readonly<Record<string, string>>
  /** Kind `unsupported` where the store does not encrypt in this way. */
  readonly encryption?: ObjectEncryption
  /** Holds the object from its first moment. Needs `capabilities.objectLock`. */
  readonly lock?: ObjectLock
}

/**
 * How the bytes of an object are encrypted where they lie. `store`: with keys the store keeps by itself.
 * `kms`: with a key of a key service or an encryption scope, named by `keyId`, or the store's default one.
 * `client`: by a key that the store never sees; no store does that itself.
 */
export interface ObjectEncryption {
  readonly kind: 'store' | 'kms' | 'client'
  readonly keyId?: string
}

/** What holds an object: it can neither be overwritten nor deleted, whatever rights one has or might get. */
export interface ObjectLock {
  /** `compliance` can be shortened by nobody; `governance` by who has a right of its own. */
  readonly retention: { readonly mode: 'governance' | 'compliance'; readonly until: Instant } | null
  /** Held without an end, until somebody takes the hold away. */
  readonly legalHold: boolean
}

export interface PutOptions extends PutFacts, CallOptions {
  readonly size: Bytes
  /** Digests of the whole body, to be checked before the object becomes visible. */
  readonly digests?: ObjectDigests
  /**
   * The digests were computed from these very bytes in memory: where the store checks them itself, nobody has
   * to compute them once more. Default: false.
   */
  readonly areDigestsFresh?: boolean
  readonly condition?: WriteCondition
}

/** `absent`: only if nothing is there. `identity`: only over exactly these bytes. */
export type WriteCondition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'identity'; readonly identity: StoreIdentity }

export interface PutResult {
  readonly identity: StoreIdentity
  /**
   * Digests of the whole object that the store reported with its answer, lower-case hexadecimal. Those named
   * in `reportedDigests` were checked by the store against the bytes it keeps.
   */
  readonly digests?: ObjectDigests
}

/** Digests of a whole object, lower-case hexadecimal. */
export interface ObjectDigests {
  readonly sha256?: string
  readonly md5?: string
  readonly crc64nvme?: string
  /** Of the 4 bytes in big-endian order. */
  readonly crc32c?: string
}

export interface DeleteOptions extends CallOptions {
  /**
   * Only the bytes with this identity; otherwise kind `precondition-failed`. That nothing is there any more is
   * no error. Needs `conditionalDelete`, or `versions` and an identity with a version, which then goes for good
   * and is not kept as a former one where the store can delete it by its name.
   */
  readonly onlyIf?: StoreIdentity
  /**
   * `onlyIf` names a version that is not the present one, which is deleted for good; what is present stays. Needs
   * `versions`. Default: false.
   */
  readonly isFormer?: boolean
}

export interface ListOptions extends CallOptions {
  readonly prefix?: string
  /** Keys after this one only. */
  readonly startAfter?: string
  /** Continues a former page; opaque. */
  readonly cursor?: string
  /** Range: 1 to 1,000. Default: 1,000. */
  readonly limit?: number
}

export interface ListPage {
  readonly objects: readonly ListedObject[]
  /** Null at the end. */
  readonly cursor: string | null
}

export interface ListedObject {
  readonly key: string
  readonly size: Bytes
  readonly etag: string | null
  /** Milliseconds since 1970. */
  readonly lastModified: number
  /** Null also where a listing does not tell; `head` does. */
  readonly storageClass: string | null
}

export interface StoredObject {
  readonly size: Bytes
  readonly identity: StoreIdentity
  readonly lastModified: number
  readonly headers: ContentHeaders
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string | null
  /** How far its restore is, of an object in an archive; null when it can be read like any other. */
  readonly archive: ArchiveState | null
  /** Null when they were not asked for, or the store keeps none. */
  readonly tags: Readonly<Record<string, string>> | null
  /** What the store says of its encryption; null when it says nothing. */
  readonly encryption: ObjectEncryption | null
  /** Null when nothing holds it, or the store does not say. */
  readonly lock: ObjectLock | null
  /** What the store reports by itself. */
  readonly digests: ObjectDigests
}

/**
 * Of an object in an archive: `archived`, nothing of it can be read and nothing was asked for; `restoring`, it was
 * asked for; `restored`, its bytes can be read until then (null: the store does not say).
 */
export type ArchiveState =
  | { readonly kind: 'archived' | 'restoring' }
  | { readonly kind: 'restored'; readonly until: Instant | null }

export interface StoredObjectWithBody extends StoredObject {
  /** Bytes in `body`: the whole size, or the length of the range. */
  readonly bodySize: Bytes
  readonly body: AsyncIterable<Uint8Array> & { destroy(error?: Error): void }
}

/** What went wrong, closed: the gateway maps each kind to an S3 error, the engine to what to do next. */
export type StoreErrorKind =
  | 'not-found'
  | 'container-not-found'
  | 'precondition-failed'
  | 'range-not-satisfiable'
  | 'truncated'
  | 'digest-mismatch'
  | 'access-denied'
  /** It compares clocks, and ours or its own is wrong: the credentials may well be good. */
  | 'clock-skewed'
  /** It is held by a retention, a legal hold or immutability: no right could change that now. */
  | 'locked'
  /** It lies in an archive, and must be restored before it can be read or copied. */
  | 'archived'
  | 'invalid-key'
  | 'too-large'
  | 'metadata-too-large'
  | 'upload-not-found'
  | 'invalid-part'
  | 'store-full'
  | 'throttled'
  | 'unreachable'
  | 'timeout'
  | 'unsupported'
  | 'aborted'
  | 'unexpected'

/**
 * A store could not do what was asked. `retry` says whether asking again can help: `yes` (it did not
 * happen), `unknown-outcome` (it may have happened: look before asking again), `no`.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly kind: StoreErrorKind
  readonly retry: 'yes' | 'no' | 'unknown-outcome'
  readonly store: string
  readonly operation: string
  readonly key: string | null

  constructor(facts: {
    kind: StoreErrorKind
    retry: 'yes' | 'no' | 'unknown-outcome'
    store: string
    operation: string
    key?: string | null
    message: string
    cause?: unknown
  }) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.kind = facts.kind
    this.retry = facts.retry
    this.store = facts.store
    this.operation = facts.operation
    this.key = facts.key ?? null
  }
}

/** Whether a store answered that it left bytes as they are, so that what was asked will not be done later. */
export function isRefusal({ kind }: StoreError): boolean {
  return kind === 'precondition-failed' || kind === 'locked' || kind === 'access-denied'
}

/**
 * Whether what was sent to this store may still be done there although it failed like this: not when the store
 * answered clearly.
 */
export function mayStillBeDone(store: Pick<ObjectStore, 'name'>, error: unknown): boolean {
  return !(error instanceof StoreError) || error.store !== store.name || error.retry === 'unknown-outcome'
}
