import { HeadBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { checkKey } from '../call-rules.ts'
import { guardedLookup } from '../forbidden-addresses.ts'
import type { StoreCapabilities, StoreError } from '../object-store.ts'
import { abortFailure, type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { s3CapabilitiesOf } from './capabilities.ts'
import type { S3Credentials, S3Settings } from './config.ts'
import { comparesBodies } from './payload-hash.ts'
import { translateS3Error } from './translate-error.ts'

/** How one request is sent. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined
  /** `read`: may be repeated. `write`: sent once. */
  readonly as: 'read' | 'write'
}

/**
 * A command of the SDK. Its own type ties it to one client's input and output in ways that cannot be passed
 * on.
 */
type Command = object

/** Characters XML 1.0 cannot hold, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const NOT_IN_LISTS = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/

/** Segments that file systems of other kinds than ours do not keep. */
const NOT_IN_NAMES = /[. ]$|\\/

/** The connection of one S3 store: two clients that differ in how often they try, over one pool. */
export class S3Connection {
  readonly capabilities: StoreCapabilities
  readonly #name: string
  readonly settings: S3Settings
  /** As {@link comparesBodies} says of this endpoint. */
  readonly comparesBodies: boolean
  readonly #reader: S3Client
  readonly #writer: S3Client

  constructor(options: { name: string; settings: S3Settings; credentials: S3Credentials }) {
    this.#name = options.name
    this.settings = options.settings
    this.capabilities = s3CapabilitiesOf(options.settings)
    this.comparesBodies = comparesBodies(this.settings, this.capabilities)
    this.#reader = new S3Client(clientConfigOf(options, options.settings.readAttemptsMax))
    const requestHandler = this.#reader.config.requestHandler
    this.#writer = new S3Client({ ...clientConfigOf(options, 1), requestHandler })
  }

  operation(operation: string, key: string | null): StoreOperation {
    return { store: this.#name, operation, key }
  }

  /** Throws kind `invalid-key` for a key the server would not keep exactly. */
  checkKey(operation: StoreOperation): void {
    checkKey(operation, this.capabilities.keyBytesMax)
    const reserved = this.settings.reservedPrefixes.find(prefix => operation.key!.startsWith(prefix))
    if (reserved !== undefined) {
      throw storeFailure(
        operation,
        'invalid-key',
        `the server keeps keys that begin with "${reserved}" for itself`,
      )
    }
    if (this.settings.keys === 'opaque') return
    const segments = operation.key!.split('/')
    if (segments.some(segment => segment === '' || segment === '.' || segment === '..')) {
      throw storeFailure(
        operation,
        'invalid-key',
        'the server rewrites keys with empty, `.` or `..` segments',
      )
    }
    if (NOT_IN_LISTS.test(operation.key!)) {
      throw storeFailure(operation, 'invalid-key', 'the server cannot list keys with control characters')
    }
    if (this.settings.keys === 'names' && segments.some(segment => NOT_IN_NAMES.test(segment))) {
      const message = 'the server trims dots and spaces from the ends of segments, or rewrites backslashes'
      throw storeFailure(operation, 'invalid-key', message)
    }
  }

  /** Sends a command. Every error becomes a {@link StoreError}. */
  async send<Output>(operation: StoreOperation, command: Command, options: SendOptions): Promise<Output> {
    throwIfAborted(operation, options.signal)
    const client = options.as === 'read' ? this.#reader : this.#writer
    try {
      const sent = client.send(command as never, {
        ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
      })
      return (await sent) as Output
    } catch (error) {
      const mayHaveHappened = options.as !== 'read'
      if (options.signal?.aborted) {
        throw abortFailure(operation, options.signal, mayHaveHappened ? 'unknown-outcome' : 'no')
      }
      throw translateS3Error(operation, error, { mayHaveHappened })
    }
  }

  /** Tells a missing container from a missing object, where the answer had no body that says which. */
  async refine(
    operation: StoreOperation,
    container: string,
    error: unknown,
    signal?: AbortSignal,
  ): Promise<StoreError> {
    const failure = translateS3Error(operation, error, { mayHaveHappened: false })
    if (failure.kind !== 'not-found') return failure
    const bucket = new HeadBucketCommand({ Bucket: container })
    return this.send(operation, bucket, { as: 'read', signal }).then(
      () => failure,
      (problem: StoreError) =>
        problem.kind === 'not-found'
          ? storeFailure(operation, 'container-not-found', `there is no bucket "${container}"`)
          : failure,
    )
  }

  close(): void {
    this.#reader.destroy()
    this.#writer.destroy()
  }
}

/** What the SDK would print is in the errors we throw. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): undefined {
  return undefined
}

function clientConfigOf(
  { settings, credentials }: { settings: S3Settings; credentials: S3Credentials },
  maxAttempts: number,
): S3ClientConfig {
  const lookup = guardedLookup(settings)
  const agent = { keepAlive: true, maxSockets: settings.socketsMax, lookup }
  return {
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    region: settings.region,
    forcePathStyle: settings.pathStyle,
    maxAttempts,
    // Trailing checksums are refused by many servers other than AWS, as aws-chunked bodies have no plain length.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK makes a new connection for every request that waits for "100 Continue".
    expectContinueHeader: false,
    followRegionRedirects: false,
    logger: SILENT,
    requestHandler: {
      connectionTimeout: settings.connectionTimeoutMs,
      requestTimeout: settings.requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: settings.socketIdleTimeoutMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey.reveal(),
      ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken.reveal() }),
    },
  }
}
