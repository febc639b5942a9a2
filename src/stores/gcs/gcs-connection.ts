import type { StoreIdentity } from '../../domain/object.ts'
import { checkExtras, checkFacts } from '../call-rules.ts'
import type { PutFacts, StoreCapabilities, WriteCondition } from '../object-store.ts'
import { StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { gcsCapabilitiesOf } from './capabilities.ts'
import type { GcsCredentials, GcsSettings } from './config.ts'
import { bucketPath, GcsWire, objectPath } from './gcs-wire.ts'
import {
  checkMetadataNames,
  encodedMetadata,
  OBJECT_FIELDS,
  type ObjectResource,
  objectResource,
} from './object-fields.ts'
import { checkObjectName } from './object-names.ts'

/** What every method of one Google Cloud Storage store needs: the wire, and looks at objects and buckets. */
export class GcsConnection {
  readonly capabilities: StoreCapabilities
  readonly settings: GcsSettings
  readonly projectId: string | null
  readonly wire: GcsWire
  readonly #name: string

  constructor(options: { name: string; settings: GcsSettings; credentials: GcsCredentials }) {
    this.#name = options.name
    this.settings = options.settings
    this.projectId = options.settings.projectId ?? options.credentials?.projectId ?? null
    this.capabilities = gcsCapabilitiesOf(options.settings)
    this.wire = new GcsWire(options)
  }

  operation(operation: string, key: string | null): StoreOperation {
    return { store: this.#name, operation, key }
  }

  /** Throws kind `invalid-key` for a key the server would not keep exactly. */
  checkKey(operation: StoreOperation): void {
    checkObjectName(operation, this.capabilities.keyBytesMax)
  }

  /** Throws for a key or facts the server would not keep exactly. */
  checkFacts(operation: StoreOperation, facts: PutFacts): void {
    this.checkKey(operation)
    checkFacts(operation, facts, Number.POSITIVE_INFINITY)
    checkExtras(operation, this.capabilities, facts)
    checkFacts(operation, { metadata: encodedMetadata(facts) }, this.capabilities.metadataBytesMax)
    checkMetadataNames(operation, facts)
  }

  /** What lies under the key now. Kinds `not-found` and `container-not-found`. */
  async readResource(
    operation: StoreOperation,
    container: string,
    signal: AbortSignal | undefined,
  ): Promise<ObjectResource> {
    const path = objectPath(container, operation.key!)
    try {
      const query = { fields: OBJECT_FIELDS }
      const answer = await this.wire.ask(operation, { method: 'GET', path, query, as: 'read', signal })
      return resourceFrom(operation, answer)
    } catch (error) {
      throw await this.refine(operation, container, error, signal)
    }
  }

  /** What lies under the key now, or null. */
  async findResource(
    operation: StoreOperation,
    container: string,
    signal: AbortSignal | undefined,
  ): Promise<ObjectResource | null> {
    return this.readResource(operation, container, signal).catch((error: StoreError) => {
      if (error.kind === 'not-found') return null
      throw error
    })
  }

  /**
   * The generation a condition speaks of. An identity without one, as from a listing, is looked for by its
   * ETag first. Throws kind `precondition-failed` when other bytes or none are there.
   */
  async generationOf(
    operation: StoreOperation,
    container: string,
    identity: StoreIdentity,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    if (identity.versionId !== null) return identity.versionId
    const found = await this.findResource(operation, container, signal)
    if (found !== null && isSame(found, identity)) return found.generation
    throw storeFailure(operation, 'precondition-failed', 'the bytes that are meant are not there')
  }

  /** The generation a write is to find: `0` where nothing may be, undefined where anything may. */
  async writeGenerationOf(
    operation: StoreOperation,
    container: string,
    condition: WriteCondition | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    if (condition === undefined) return undefined
    if (condition.kind === 'absent') return '0'
    return this.generationOf(operation, container, condition.identity, signal)
  }

  /** Makes `container-not-found` of a `not-found` whose answer did not say what is missing. */
  async refine(
    operation: StoreOperation,
    container: string,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    if (!(error instanceof StoreError) || error.kind !== 'not-found') return error
    if (/No such object/.test(error.message)) return error
    return (await this.hasContainer(operation, container, signal))
      ? error
      : storeFailure(operation, 'container-not-found', `there is no bucket "${container}"`)
  }

  /** Whether there is such a bucket. Listing one key needs fewer rights than looking at the bucket. */
  async hasContainer(
    operation: StoreOperation,
    container: string,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const path = `${bucketPath(container)}/o`
    const query = { maxResults: '1', fields: 'nextPageToken' }
    const asked = this.wire.ask(operation, { method: 'GET', path, query, as: 'read', signal })
    return asked.then(
      () => true,
      (error: StoreError) => {
        if (error.kind === 'not-found') return false
        throw error
      },
    )
  }
}

/** Whether a resource has this identity: by its generation, else by its ETag. */
export function isSame(resource: ObjectResource, identity: StoreIdentity): boolean {
  if (identity.versionId !== null) return resource.generation === identity.versionId
  return identity.etag !== null && resource.etag === identity.etag
}

/** An object from an answer. Throws kind `unexpected` for anything else, such as a proxy's page. */
export function resourceFrom(
  operation: StoreOperation,
  answer: unknown,
  retry: StoreError['retry'] = 'no',
): ObjectResource {
  const found = objectResource.safeParse(answer)
  if (found.success) return found.data
  throw storeFailure(operation, 'unexpected', 'the answer does not describe an object', { retry })
}
