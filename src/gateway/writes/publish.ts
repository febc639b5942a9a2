import { holdBucket } from '../../database/catalog/buckets.ts'
import { lookAtObject, type ObjectState } from '../../database/catalog/objects.ts'
import type { Connection } from '../../database/postgres.ts'
import { confirmLock, withObjectLock } from '../../database/writes/object-lock.ts'
import {
  commitGeneration,
  findCopyAt,
  type Publication,
  retireFormerCopies,
  type VersionFacts,
} from '../../database/writes/object-publication.ts'
import { PublicationInFlight } from '../../database/writes/publications-in-flight.ts'
import { publishAnnounced } from '../../database/writes/publish-announced.ts'
import { saveWriteIntent, type WriteIntent } from '../../database/writes/write-intents.ts'
import { mayStillBeDone, type PutResult, StoreError, type WriteCondition } from '../../stores/object-store.ts'
import { GatewayError, UnknownOutcome } from '../error-table.ts'
import type { GatewayServices } from '../services.ts'
import { checkReplaceable } from './replaceable-bytes.ts'
import { checkWriteConditions, type WriteConditions } from './write-conditions.ts'
import { isOpenStill, type OpenWriteTarget } from './write-target.ts'

/** Content that is staged and verified, and waits to become visible. */
export interface StagedContent {
  readonly intent: Omit<WriteIntent, 'baseGeneration'> & { readonly version: VersionFacts }
  readonly conditions: WriteConditions
  /** Asked under the object's lock: false when there is nothing to publish any more. */
  isStillWanted?(connection: Connection): Promise<boolean>
  /** Makes the bytes visible under the native key: the store's put or complete. */
  putBytes(facts: {
    generation: number
    condition: WriteCondition | null
    /** Aborts when the bytes must not be sent any more. */
    signal?: AbortSignal
  }): Promise<PutResult>
  /** Runs in the transaction that commits the generation. */
  alsoCommit?(connection: Connection): Promise<void>
  /** Runs under the object's lock when the store refused, so that nothing was published under the intent. */
  whenRefused?(): Promise<void>
}

const DELETION_CUT_OFF = 'A deletion of this key was cut off and may still land. Try again in half a minute.'
const PUBLICATION_CUT_OFF = 'A write of this key was cut off and may still land. Try again in half a minute.'

/** How often a conditional put is tried again over bytes that the catalog did not know. */
const PUT_ATTEMPTS_MAX = 3

/**
 * Makes staged content the object's: under the object's lock it looks at the catalog again, decides the
 * client's conditions, writes the intent down, puts the bytes in place and commits the next generation. Between
 * the store's answer and the commit the intent says what the bytes are and which generation they come after,
 * so that a crash there is rolled forward, unless the object has changed since.
 *
 * Rejects with the S3 error when nothing was published; a caller whose intent is nobody else's then drops it.
 * When the outcome is not known it rejects with {@link UnknownOutcome}; the intent stays and is settled later.
 */
export async function publish(
  services: GatewayServices,
  target: OpenWriteTarget,
  staged: StagedContent,
): Promise<void> {
  const { options, publications, unsettledIntents } = services
  const { intent } = staged
  let mayBePublished = false
  try {
    await publications.run(target.objectId, options.limits.lockWaitMs, () =>
      withObjectLock(options.database, target.objectId, options.limits.lockWaitMs, async connection => {
        if ((await holdBucket(connection, target.bucket.id)) === null) throw new GatewayError('NoSuchBucket')
        if ((await staged.isStillWanted?.(connection)) === false) return
        const state = await lookAtObject(connection, target.objectId)
        checkWriteConditions(staged.conditions, state)
        if (state.deletionLandsInMs > 0) throw new GatewayError('SlowDown', DELETION_CUT_OFF)
        await saveIntent(services, target, { ...intent, baseGeneration: state.generation })
        mayBePublished = true
        const { identity } = await putInPlace(services, connection, target, staged, state).catch(
          async error => {
            // An upload that is not there may be one whose completion was sent twice on its way.
            const isRefused =
              error instanceof StoreError &&
              error.retry !== 'unknown-outcome' &&
              error.kind !== 'upload-not-found'
            mayBePublished = !isRefused && !(error instanceof GatewayError)
            if (!mayBePublished) await staged.whenRefused?.()
            throw error
          },
        )
        const publication: Publication = {
          objectId: target.objectId,
          bucketId: target.bucket.id,
          key: target.key,
          generation: state.generation + 1,
          version: intent.version,
          copyId: intent.copyId,
          locationId: target.locationId,
          nativeKey: target.nativeKey,
          identity,
          enteredMs: options.modelClock.now(),
          principal: intent.principal,
        }
        await retireFormerCopies(connection, publication)
        if (!(await commitGeneration(connection, publication, intent.id))) {
          // Only a writer that takes no lock, an import, can have entered the object meanwhile.
          throw new GatewayError('SlowDown', 'The object was entered into the catalog at the same time.')
        }
        await staged.alsoCommit?.(connection)
      }),
    )
  } catch (error) {
    if (mayBePublished) unsettledIntents.add(intent.id)
    throw mayBePublished ? new UnknownOutcome(error) : error
  }
}

/**
 * Writes an intent down. Throws `SlowDown` when its location is gone, and when its store was opened anew since the
 * target was, or moved a moment ago. Where an upload is staged nothing of that can happen any more.
 */
export async function saveIntent(
  services: GatewayServices,
  target: OpenWriteTarget,
  intent: WriteIntent,
): Promise<void> {
  const { intentDatabase, options, unsettledIntents } = services
  const isStaged = intent.version !== null && intent.nativeUploadId !== null
  if (!isStaged && !(await isOpenStill(services, target))) throw placeIsGone(services, target.bucket)
  const isSaved = await saveWriteIntent(intentDatabase, intent, options.bootId).catch(error => {
    // It may be there all the same; recovery looks.
    unsettledIntents.add(intent.id)
    throw error
  })
  if (!isSaved) throw placeIsGone(services, target.bucket)
}

/** The location that takes a bucket's writes, as it was remembered, is gone: the bucket is looked up anew. */
export function placeIsGone(services: GatewayServices, bucket: { readonly name: string }): GatewayError {
  services.buckets.forget(bucket.name)
  return new GatewayError('SlowDown', 'The bucket is written to another place now; try again.')
}

/**
 * Puts the bytes under the native key. Where the store can, only over what the catalog knows to be there, so
 * that a writer that slept through the loss of its lock does no harm; where it cannot, it is announced. What the
 * catalog does not know is looked at, and replaced unless it is another object's.
 */
async function putInPlace(
  services: GatewayServices,
  connection: Connection,
  target: OpenWriteTarget,
  staged: StagedContent,
  state: ObjectState,
): Promise<PutResult> {
  const generation = state.generation + 1
  const known = await findCopyAt(connection, target.objectId, target)
  if (!target.store.capabilities.conditionalPut) {
    if (known === null) await lookBeforeReplacing(services, connection, target)
    return putAnnounced(services, connection, target, signal =>
      staged.putBytes({ generation, condition: null, signal }),
    )
  }
  let condition: WriteCondition = known === null ? { kind: 'absent' } : { kind: 'identity', identity: known }
  for (let attempt = 1; ; attempt++) {
    try {
      return await staged.putBytes({ generation, condition })
    } catch (error) {
      const isTaken = error instanceof StoreError && /^(precondition-failed|not-found)$/.test(error.kind)
      if (!isTaken || attempt >= PUT_ATTEMPTS_MAX) throw error
      condition = await lookBeforeReplacing(services, connection, target)
    }
  }
}

/** Sends bytes to a store that cannot compare. Throws `SlowDown` while others may land there. */
async function putAnnounced(
  { announcePublication, options }: GatewayServices,
  connection: Connection,
  { container, objectId, store, storeId }: OpenWriteTarget,
  send: (announced: AbortSignal) => Promise<PutResult>,
): Promise<PutResult> {
  const publication = {
    announce: announcePublication,
    place: { objectId, storeId, container },
    confirmLock: () => confirmLock(connection),
    now: () => options.wallClock.now(),
    timeoutSignal: (ms: number) => AbortSignal.timeout(ms),
    mayStillLand: (error: unknown) => mayStillBeDone(store, error),
  }
  try {
    return await publishAnnounced(publication, send)
  } catch (error) {
    throw error instanceof PublicationInFlight ? new GatewayError('SlowDown', PUBLICATION_CUT_OFF) : error
  }
}

/**
 * What a put over the bytes that lie there now must ask for. Throws `OperationAborted` over another object's.
 */
async function lookBeforeReplacing(
  services: GatewayServices,
  connection: Connection,
  target: OpenWriteTarget,
): Promise<WriteCondition> {
  try {
    const found = await target.store.head(target.container, target.nativeKey)
    await checkReplaceable(services, connection, target, found)
    return { kind: 'identity', identity: found.identity }
  } catch (error) {
    if (error instanceof StoreError && /^(not-found|container-not-found)$/.test(error.kind)) {
      return { kind: 'absent' }
    }
    throw error
  }
}
