import { findBucket, holdBucket } from '../../database/catalog/buckets.ts'
import { deleteCopyRow, listPlacedCopies, type PlacedCopy } from '../../database/catalog/copies.ts'
import { lookAtObject } from '../../database/catalog/objects.ts'
import { readMigrationHolds } from '../../database/migrations/migration-holds.ts'
import type { Connection } from '../../database/postgres.ts'
import { decideOrphan, findOrphan, type OrphanRow } from '../../database/upkeep/orphans.ts'
import { findPublishingMigrations, matchCatalog } from '../../database/upkeep/reconcile-matches.ts'
import { type AnnouncedDeletion, afterAnnouncement } from '../../database/writes/deletions-in-flight.ts'
import { confirmLock, withObjectLock } from '../../database/writes/object-lock.ts'
import { PublicationInFlight } from '../../database/writes/publications-in-flight.ts'
import { decodeCopyDescription } from '../../domain/copy-description.ts'
import { SECOND } from '../../domain/duration.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { isSamePlace } from '../../domain/migration-record.ts'
import type { OrphanState } from '../../domain/orphan.ts'
import { deletionConditionOf, isSameCopy } from '../../migration/deletion.ts'
import type { PrimaryFinding } from '../../migration/last-copy.ts'
import { judgeOrphan, type OrphanFacts, type OrphanVerdict } from '../../migration/orphan-deletion.ts'
import { isRefusal, type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'
import { urgentSignal } from '../bounded-request.ts'
import { areSameBytes, lookAt } from '../migrations/same-bytes.ts'
import { systemTimers } from '../timers.ts'
import { broughtHere } from './examine-unknown.ts'
import type { ReconcileParts } from './reconcile-parts.ts'

const LOCK_WAIT_MS_MAX = 5 * SECOND
const LOOK_MS_MAX = 20 * SECOND

/** What became of an orphan that was to be deleted. */
export type OrphanDeletion = { readonly state: OrphanState; readonly outcome: string }

/**
 * Deletes the bytes of an orphan if everything proves that they are ours and needed by nobody: under the
 * object's lock, announced, and on condition of their identity where the store can compare. What it came to is
 * written into the ledger; while people hold the store, it stays as it is. Rejects with a `StoreError` when a
 * store could not be asked, and when the lock was lost.
 */
export async function deleteOrphan(
  parts: ReconcileParts,
  orphan: OrphanRow,
  from: readonly OrphanState[],
  signal: AbortSignal,
): Promise<OrphanDeletion> {
  const { objectId } = orphan
  if (objectId === null || orphan.kind !== 'forgotten') {
    return conclude(parts, orphan, from, { kind: 'keep', because: 'they do not say that they are ours' })
  }
  const store = await parts.openStore(orphan.storeId)
  return withObjectLock(parts.lockDatabase, objectId, LOCK_WAIT_MS_MAX, async connection => {
    const current = await findOrphan(connection, orphan.id)
    if (current === null || !from.includes(current.state))
      return { state: current?.state ?? 'gone', outcome: 'somebody else decided meanwhile' }
    if (await isHeld(parts, current)) return { state: current.state, outcome: HELD }
    const look = () => urgentSignal(signal, LOOK_MS_MAX, parts.timers)
    const found = await lookAt({ ...current, store }, look())
    const facts = await gatherFacts(parts, connection, { orphan: current, objectId, store, found, look })
    let verdict = judgeOrphan(facts)
    if (verdict.kind === 'delete') {
      const judged = { store, found: found!, verdict, look }
      const now = await deleteNow(parts, connection, current, judged).catch(unlessInFlight)
      if (now === null)
        return { state: current.state, outcome: 'not yet: bytes of the object may still land' }
      verdict = now
    }
    return conclude(parts, current, from, verdict, connection)
  })
}

/** A publication that was cut off may still land: what was judged may be another thing a moment later. */
function unlessInFlight(error: unknown): null {
  if (error instanceof PublicationInFlight) return null
  throw error
}

const HELD = 'not yet: everything is stopped, or the store is paused'

/** People stopped everything, or paused the store: what they hold still is not deleted from. */
async function isHeld(parts: ReconcileParts, { locationId }: OrphanRow): Promise<boolean> {
  const { isStopped, locationIds } = await readMigrationHolds(parts.database)
  return isStopped || (locationId !== null && locationIds.includes(locationId))
}

interface Gathering {
  readonly orphan: OrphanRow
  readonly objectId: string
  readonly store: ObjectStore
  readonly found: StoredObject | null
  readonly look: () => AbortSignal
}

async function gatherFacts(
  parts: ReconcileParts,
  connection: Connection,
  { orphan, objectId, store, found, look }: Gathering,
): Promise<OrphanFacts> {
  const object = await lookAtObject(connection, objectId)
  const copies = await listPlacedCopies(connection, [objectId])
  const description = found === null ? null : decodeCopyDescription(found.metadata)
  const publishers = await findPublishingMigrations(
    connection,
    orphan.migrationId === null || description?.intentId !== orphan.migrationId ? [] : [orphan.migrationId],
  )
  const publisher = publishers.get(orphan.migrationId ?? '') ?? null
  const isPublisher =
    publisher !== null && broughtHere({ place: orphan }, publisher, orphan.nativeKey, objectId)
  const bucket = publisher === null ? null : await findBucket(connection, publisher.bucketId)
  const { underWay } = await matchCatalog(connection, orphan, [objectId])
  const primary = copies.find(({ copy }) => copy.isPrimary)
  return {
    seen: { size: orphan.bytes, identity: { etag: orphan.etag, versionId: orphan.versionId } },
    found,
    described:
      description === null
        ? null
        : {
            generation: description.generation,
            isThisObject:
              bucket !== null &&
              bucket.name === description.bucket &&
              objectIdOf(bucket.id, description.key ?? publisher!.key) === objectId,
          },
    publisher: isPublisher ? publisher : null,
    object: object.generation === 0 ? null : object,
    isInUse: underWay.size > 0 || copies.some(({ place }) => isSamePlace(place, orphan)),
    primary: await findPrimary(parts, primary, look),
    isShared: found !== null && (await isShared(parts, copies, orphan, found, look)),
    mode: bucket === null ? null : await holdBucket(connection, bucket.id),
    capabilities: store.capabilities,
  }
}

/** What the store of an object's primary copy says of it now. Rejects with a `StoreError`. */
export async function findPrimary(
  parts: Pick<ReconcileParts, 'openStore'>,
  primary: PlacedCopy | undefined,
  look: () => AbortSignal,
): Promise<PrimaryFinding> {
  if (primary === undefined) return 'unknown'
  const bytes = await lookAt(
    { ...primary.place, store: await parts.openStore(primary.place.storeId) },
    look(),
  )
  if (bytes === null) return 'gone'
  if (!isSameCopy(primary.copy, bytes)) return 'other'
  return primary.copy.state === 'suspect' ? 'suspect' : 'sound'
}

/** Whether a copy turns out to be these very bytes, reached through another store. */
async function isShared(
  parts: ReconcileParts,
  copies: readonly PlacedCopy[],
  orphan: OrphanRow,
  found: StoredObject,
  look: () => AbortSignal,
): Promise<boolean> {
  for (const { copy, place } of copies) {
    if (copy.size !== found.size || isSamePlace(place, orphan)) continue
    const there = await lookAt({ ...place, store: await parts.openStore(place.storeId) }, look())
    if (there !== null && areSameBytes(found, there)) return true
  }
  return false
}

interface JudgedOrphan {
  readonly store: ObjectStore
  /** What was judged. */
  readonly found: StoredObject
  readonly verdict: OrphanVerdict & { readonly kind: 'delete' }
  readonly look: () => AbortSignal
}

/**
 * What was judged holds while the lock does and the same bytes lie there: judging asks several stores, which an
 * announcement does not wait for.
 */
function deleteNow(
  parts: ReconcileParts,
  connection: Connection,
  orphan: OrphanRow,
  judged: JudgedOrphan,
): Promise<OrphanVerdict> {
  const timers = parts.timers ?? systemTimers
  const announcement = {
    announce: parts.announceDeletion,
    copy: { id: orphan.id, objectId: orphan.objectId! },
    confirmLock: () => confirmLock(connection),
    signalInTime: (msMax: number) => timers.timeoutSignal(msMax),
  }
  return afterAnnouncement(announcement, async announced => {
    const found = await lookAt({ ...orphan, store: judged.store }, judged.look())
    if (found === null) return { kind: 'gone' }
    if (!areSameBytes(judged.found, found)) return { kind: 'changed' }
    const verdict = await send(orphan, judged, announced)
    if (verdict.kind === 'delete')
      await deleteCopyRow(connection, orphan.objectId!, orphan.id, { isAnswered: true })
    return verdict
  })
}

async function send(
  { container, nativeKey }: OrphanRow,
  { store, found, verdict }: JudgedOrphan,
  { beforeSending, withdraw }: AnnouncedDeletion,
): Promise<OrphanVerdict> {
  try {
    const way = verdict.conditionally ? 'conditionally' : 'plainly'
    const onlyIf = deletionConditionOf(way, store.capabilities, found.identity)
    const condition = onlyIf === null ? {} : { onlyIf }
    await store.delete(container, nativeKey, { ...condition, signal: beforeSending() })
    return verdict
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (isRefusal(error) || error.kind === 'not-found') await withdraw()
    if (error.kind === 'precondition-failed') return { kind: 'changed' }
    if (error.kind === 'locked') return { kind: 'keep', because: 'their store holds them locked' }
    if (error.kind !== 'not-found') throw error
    return { kind: 'gone' }
  }
}

async function conclude(
  parts: ReconcileParts,
  orphan: OrphanRow,
  from: readonly OrphanState[],
  verdict: OrphanVerdict,
  connection?: Connection,
): Promise<OrphanDeletion> {
  const deletion = deletionOf(verdict)
  await decideOrphan(connection ?? parts.database, orphan.id, {
    from,
    to: deletion.state,
    outcome: deletion.outcome,
    decidedBy: null,
  })
  const { container, id, nativeKey } = orphan
  parts.log.info({ orphanId: id, container, nativeKey, ...deletion }, 'an orphan was to be deleted')
  return deletion
}

function deletionOf(verdict: OrphanVerdict): OrphanDeletion {
  switch (verdict.kind) {
    case 'delete':
      return { state: 'deleted', outcome: 'deleted by us' }
    case 'gone':
      return { state: 'gone', outcome: 'they were gone already' }
    case 'changed':
      return { state: 'seen', outcome: 'other bytes lie there now: they have to be seen in two scans again' }
    case 'keep':
      return { state: 'kept', outcome: `not deleted: ${verdict.because}` }
    default:
      return verdict satisfies never
  }
}
