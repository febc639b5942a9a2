import type { Agent } from 'node:http'
import {
  AnonymousCredential,
  BlobServiceClient,
  type BlockBlobClient,
  type ContainerClient,
  newPipeline,
  type RequestPolicyFactory,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'
import { checkExtras, checkFacts } from '../call-rules.ts'
import type { PutFacts, StoreCapabilities } from '../object-store.ts'
import { abortFailure, type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { checkBlobName } from './blob-names.ts'
import { azureBlobCapabilitiesOf } from './capabilities.ts'
import { type AzureBlobCredentials, type AzureBlobSettings, endpointOf } from './config.ts'
import { createConnectionPool } from './connection-pool.ts'
import { type BlobFacts, blobFactsOf } from './object-fields.ts'
import { translateAzureError } from './translate-error.ts'

/** How one request is sent. */
export interface CallHow {
  /** `read`: may be repeated. `write`: sent once. `upload`: sent once, and takes as long as it takes. */
  readonly as: 'read' | 'write' | 'upload'
  readonly signal?: AbortSignal | undefined
}

/** Waits between the tries of a read. */
const RETRY_MS = 200
const RETRY_MS_MAX = 2_000

/** The connection of one Azure Blob store: two clients that differ in how often they try, over one pool. */
export class AzureConnection {
  readonly capabilities: StoreCapabilities
  readonly settings: AzureBlobSettings
  readonly #name: string
  readonly #pool: Agent
  readonly #reader: BlobServiceClient
  readonly #writer: BlobServiceClient

  constructor(options: { name: string; settings: AzureBlobSettings; credentials: AzureBlobCredentials }) {
    const { settings } = options
    this.#name = options.name
    this.settings = settings
    this.capabilities = azureBlobCapabilitiesOf(settings)
    this.#pool = createConnectionPool(endpointOf(settings).startsWith('https:'), settings)
    this.#reader = clientOf(options, this.#pool, settings.readAttemptsMax)
    this.#writer = clientOf(options, this.#pool, 1)
  }

  operation(operation: string, key: string | null): StoreOperation {
    return { store: this.#name, operation, key }
  }

  /** Throws kind `invalid-key` for a key the service would not keep exactly. */
  checkKey(operation: StoreOperation): void {
    checkBlobName(operation, this.capabilities.keyBytesMax)
  }

  /** What travels with the bytes as the SDK takes it. Throws for what would not come back. */
  factsOf(operation: StoreOperation, facts: PutFacts): BlobFacts {
    checkFacts(operation, facts, Number.POSITIVE_INFINITY)
    checkExtras(operation, this.capabilities, facts)
    const found = blobFactsOf(operation, facts)
    checkFacts(operation, { metadata: found.metadata }, this.capabilities.metadataBytesMax)
    return found
  }

  container(how: CallHow, container: string): ContainerClient {
    return (how.as === 'read' ? this.#reader : this.#writer).getContainerClient(container)
  }

  blob(how: CallHow, container: string, key: string): BlockBlobClient {
    return this.container(how, container).getBlockBlobClient(key)
  }

  /**
   * Sends a request and waits for its answer to begin. Every error becomes a {@link StoreError}. The signal
   * `send` is given aborts with the caller's until then, and, unless it is an upload, when the time is over.
   */
  async call<Answer>(
    operation: StoreOperation,
    how: CallHow,
    send: (abortSignal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const { signal, as } = how
    throwIfAborted(operation, signal)
    const cut = new AbortController()
    const onAbort = () => cut.abort()
    signal?.addEventListener('abort', onAbort, { once: true })
    const timer = as === 'upload' ? undefined : setTimeout(onAbort, this.settings.requestTimeoutMs)
    try {
      return await send(cut.signal)
    } catch (error) {
      const mayHaveHappened = as !== 'read'
      const retry = mayHaveHappened ? 'unknown-outcome' : undefined
      const isLate = cut.signal.aborted
      // A refusal may come before the body is over: then nobody waits for the rest, nor keeps the connection.
      cut.abort()
      if (signal?.aborted) throw abortFailure(operation, signal, retry)
      if (isLate) {
        const message = `no answer within ${this.settings.requestTimeoutMs} ms`
        throw storeFailure(operation, 'timeout', message, retry === undefined ? {} : { retry })
      }
      throw translateAzureError(operation, error, { mayHaveHappened })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  close(): void {
    this.#pool.destroy()
  }
}

function clientOf(
  { settings, credentials }: { settings: AzureBlobSettings; credentials: AzureBlobCredentials },
  pool: Agent,
  maxTries: number,
): BlobServiceClient {
  const endpoint = endpointOf(settings)
  const [url, credential] =
    'accountKey' in credentials
      ? [endpoint, new StorageSharedKeyCredential(settings.account, credentials.accountKey.reveal())]
      : [`${endpoint}?${credentials.sasToken.reveal().replace(/^\?/, '')}`, new AnonymousCredential()]
  const retryOptions = { maxTries, retryDelayInMs: RETRY_MS, maxRetryDelayInMs: RETRY_MS_MAX }
  const pipeline = newPipeline(credential, { retryOptions })
  pipeline.factories.push(sentOver(pool))
  return new BlobServiceClient(url, pipeline)
}

/** Makes every request use this pool instead of the SDK's own, which has no limits. */
function sentOver(pool: Agent): RequestPolicyFactory {
  return {
    create: next => ({
      sendRequest(request) {
        // The SDK knows less of an agent than Node does.
        request.agent = pool as unknown as NonNullable<typeof request.agent>
        return next.sendRequest(request)
      },
    }),
  }
}
