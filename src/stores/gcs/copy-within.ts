import { z } from 'zod'
import { checkConditions, checkStorageClass } from '../call-rules.ts'
import {
  type ChangeStorageClassOptions,
  type CopySource,
  type CopyTarget,
  type CopyWithinOptions,
  type ObjectStore,
  type PutFacts,
  type PutResult,
  type StoredObject,
  StoreError,
} from '../object-store.ts'
import { type StoreOperation, storeFailure, throwIfAborted } from '../store-operation.ts'
import { type GcsConnection, resourceFrom } from './gcs-connection.ts'
import { objectPath } from './gcs-wire.ts'
import {
  digestsOf,
  encryptionKeyOf,
  identityOf,
  type ObjectResource,
  uploadedResourceOf,
} from './object-fields.ts'

/**
 * Calls one rewrite may need: Google goes on for half a minute in each, with hundreds of megabytes at least.
 */
const REWRITE_CALLS_MAX = 10_000

const rewriteAnswer = z.object({
  done: z.boolean(),
  rewriteToken: z.string().optional(),
  resource: z.unknown().optional(),
})

interface Rewrite {
  readonly from: CopySource
  readonly to: CopyTarget
  readonly facts: PutFacts
  /** The generation that must be at the target: `0` for nothing, undefined for anything. */
  readonly ifGenerationMatch: string | undefined
  readonly signal: AbortSignal | undefined
}

/** Copies an object inside Google Cloud Storage, by as many calls as its rewrite takes. */
export async function copyWithinGcs(
  connection: GcsConnection,
  from: CopySource,
  to: CopyTarget,
  { signal, size, condition, ...facts }: CopyWithinOptions,
): Promise<PutResult> {
  const operation = connection.operation('copyWithin', to.key)
  throwIfAborted(operation, signal)
  connection.checkKey(connection.operation('copyWithin', from.key))
  connection.checkFacts(operation, facts)
  checkConditions(operation, connection.capabilities, { write: condition })
  const ifGenerationMatch = await connection.writeGenerationOf(operation, to.container, condition, signal)
  const resource = await rewrite(connection, operation, { from, to, facts, ifGenerationMatch, signal })
  if (Number(resource.size) !== size) {
    const message = `the copy has ${resource.size} bytes, not ${size}`
    throw storeFailure(operation, 'truncated', message, { retry: 'unknown-outcome' })
  }
  return { identity: identityOf(resource), digests: digestsOf(resource) }
}

/** Puts an object into another storage class by rewriting it onto itself, if it is still the same then. */
export async function changeGcsStorageClass(
  connection: GcsConnection,
  head: ObjectStore['head'],
  place: CopyTarget,
  storageClass: string,
  { signal, onlyIf }: ChangeStorageClassOptions,
): Promise<StoredObject> {
  const operation = connection.operation('changeStorageClass', place.key)
  throwIfAborted(operation, signal)
  checkStorageClass(operation, connection.capabilities, storageClass)
  const call = signal === undefined ? {} : { signal }
  const found = await head(place.container, place.key, { onlyIf, ...call })
  if (found.lock !== null) throw storeFailure(operation, 'locked', 'a retention or hold keeps the object')
  const { headers, metadata, encryption } = found
  const facts = { headers, metadata, storageClass, ...(encryption?.kind === 'kms' ? { encryption } : {}) }
  const resource = await rewrite(connection, operation, {
    from: { ...place, identity: found.identity },
    to: place,
    facts,
    ifGenerationMatch: found.identity.versionId ?? undefined,
    signal,
  })
  return head(place.container, place.key, { onlyIf: identityOf(resource), ...call })
}

async function rewrite(
  connection: GcsConnection,
  operation: StoreOperation,
  { from, to, facts, ifGenerationMatch, signal }: Rewrite,
): Promise<ObjectResource> {
  const source = connection.operation(operation.operation, from.key)
  const generation = await connection.generationOf(source, from.container, from.identity, signal)
  const body = Buffer.from(JSON.stringify(uploadedResourceOf(operation, facts, {})))
  let rewriteToken: string | undefined
  try {
    for (let calls = 0; calls < REWRITE_CALLS_MAX; calls++) {
      const answer = await connection.wire.ask(operation, {
        method: 'POST',
        path: `${objectPath(from.container, from.key)}/rewriteTo${pathFromBucket(to)}`,
        query: {
          sourceGeneration: generation,
          ifSourceGenerationMatch: generation,
          ifGenerationMatch,
          destinationKmsKeyName: encryptionKeyOf(facts),
          rewriteToken,
        },
        headers: { 'content-type': 'application/json', 'content-length': String(body.byteLength) },
        body,
        as: 'upload',
        signal,
      })
      const progress = rewriteAnswer.safeParse(answer)
      if (!progress.success) break
      if (progress.data.done) return resourceFrom(operation, progress.data.resource, 'unknown-outcome')
      rewriteToken = progress.data.rewriteToken
    }
  } catch (error) {
    throw await explained(connection, source, operation, { from, to, signal, error })
  }
  throw storeFailure(operation, 'unexpected', 'the copy does not come to its end', {
    retry: 'unknown-outcome',
  })
}

/** The path of an object behind that of another one. */
function pathFromBucket({ container, key }: CopyTarget): string {
  return `/b/${encodeURIComponent(container)}/o/${encodeURIComponent(key)}`
}

/** Says which of the two ends is missing, and that a source whose generation is gone is not the one meant. */
async function explained(
  connection: GcsConnection,
  source: StoreOperation,
  operation: StoreOperation,
  failed: { from: CopySource; to: CopyTarget; signal: AbortSignal | undefined; error: unknown },
): Promise<unknown> {
  const { from, to, signal, error } = failed
  if (!(error instanceof StoreError) || error.kind !== 'not-found') return error
  for (const container of new Set([from.container, to.container])) {
    if (await connection.hasContainer(operation, container, signal)) continue
    return storeFailure(operation, 'container-not-found', `there is no bucket "${container}"`)
  }
  const found = await connection.findResource(source, from.container, signal)
  if (found === null || from.identity.versionId === null) return error
  return storeFailure(source, 'precondition-failed', 'other bytes are there than the ones that are meant')
}
