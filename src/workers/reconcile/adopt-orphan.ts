import { holdBucketOf } from '../../database/catalog/buckets.ts'
import { listPlacedCopies } from '../../database/catalog/copies.ts'
import { promoteLeftover, readContentDigests } from '../../database/catalog/last-copies.ts'
import { lookAtObject } from '../../database/catalog/objects.ts'
import type { Connection } from '../../database/postgres.ts'
import { adoptAsCopy, decideOrphan, type OrphanRow } from '../../database/upkeep/orphans.ts'
import { matchCatalog } from '../../database/upkeep/reconcile-matches.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import type { BucketMode } from '../../domain/bucket.ts'
import { decodeCopyDescription } from '../../domain/copy-description.ts'
import { SECOND } from '../../domain/duration.ts'
import { isSameBytes } from '../../domain/foreign-change.ts'
import { newId } from '../../domain/identifiers.ts'
import { isSamePlace } from '../../domain/migration-record.ts'
import { deadlineMs } from '../../migration/backoff.ts'
import { judgeLeftover, type PrimaryFinding } from '../../migration/last-copy.ts'
import { judgeReadBack } from '../../migration/verification.ts'
import type { ObjectStore, StoredObject } from '../../stores/object-store.ts'
import { boundedSignal } from '../bounded-request.ts'
import { digestBody } from '../migrations/content-digests.ts'
import { lookAt } from '../migrations/same-bytes.ts'
import { findPrimary, type OrphanDeletion } from './delete-orphan.ts'
import type { ReconcileParts } from './reconcile-parts.ts'

const LOCK_WAIT_MS_MAX = 5 * SECOND

/**
 * Makes bytes that say they are an object's present content a copy of it again, after reading all of them and
 * comparing with the catalog's digest. Where the primary copy is not sound they become the primary one, unless
 * others write there, too, and it is they who changed it; otherwise they are a `retained` copy. Rejects with a
 * `StoreError` when a store could not be asked.
 */
export async function adoptOrphan(
  parts: ReconcileParts,
  orphan: OrphanRow,
  signal: AbortSignal,
): Promise<OrphanDeletion> {
  const { objectId } = orphan
  const store = await parts.openStore(orphan.storeId)
  const conclude = async (connection: Connection | null, adoption: OrphanDeletion) => {
    await decideOrphan(connection ?? parts.database, orphan.id, {
      from: ['adopting'],
      to: adoption.state,
      outcome: adoption.outcome,
      decidedBy: null,
    })
    return adoption
  }
  if (objectId === null) return conclude(null, refused('they do not say which object they are of'))
  return withObjectLock(parts.lockDatabase, objectId, LOCK_WAIT_MS_MAX, async connection => {
    const look = () => boundedSignal(signal, deadlineMs(orphan.bytes), parts.timers)
    const found = await lookAt({ ...orphan, store }, look())
    const refusal =
      found === null ? 'they are gone' : await refusalOf(connection, orphan, { store, found, look })
    if (refusal !== null) return conclude(connection, refused(refusal))
    const copies = await listPlacedCopies(connection, [objectId])
    const primary = await findPrimary(
      parts,
      copies.find(({ copy }) => copy.isPrimary),
      look,
    )
    const mode = (await holdBucketOf(connection, objectId)) ?? 'observed'
    const theirs = whyTheirs(mode, primary)
    if (theirs !== null) return conclude(connection, refused(theirs))
    const copy = await adoptAsCopy(connection, {
      id: newId(),
      orphan,
      identity: found!.identity,
      modelNowMs: Math.trunc(parts.modelClock.now()),
    })
    if (primary === 'sound') return conclude(connection, adopted('they are a retained copy of their object'))
    await promoteLeftover(connection, copy, found!.identity)
    parts.log.warn({ objectId, orphanId: orphan.id, primary }, 'an adopted orphan became the primary copy')
    return conclude(
      connection,
      adopted('they are the primary copy of their object: the former one is not sound'),
    )
  })
}

/**
 * Why what was seen of the primary copy is others' doing and no loss, or null. Bytes that became the primary copy
 * then would be shown instead of newer ones.
 */
function whyTheirs(mode: BucketMode, primary: PrimaryFinding): string | null {
  if (primary === 'sound') return null
  if (mode === 'observed') return 'its bucket is only observed, and its primary copy is not what it was'
  const verdict = judgeLeftover({ mode, primary, leftover: 'proven' })
  return verdict === 'wait'
    ? 'others changed the object where its primary copy lies: once the catalog has followed them, these bytes are a former content'
    : null
}

/** Why bytes cannot become a copy, or null when they were proven to be the object's present content. */
async function refusalOf(
  connection: Connection,
  orphan: OrphanRow,
  { store, found, look }: { store: ObjectStore; found: StoredObject; look: () => AbortSignal },
): Promise<string | null> {
  const objectId = orphan.objectId!
  const object = await lookAtObject(connection, objectId)
  const description = decodeCopyDescription(found.metadata)
  if (description === null) return 'they do not say what they are'
  if (!object.isPresent) return 'the catalog does not know their object'
  if (description.generation !== object.generation)
    return `they are generation ${description.generation}, the object has ${object.generation}`
  const copies = await listPlacedCopies(connection, [objectId])
  const { underWay } = await matchCatalog(connection, orphan, [objectId])
  if (underWay.size > 0 || copies.some(({ place }) => isSamePlace(place, orphan)))
    return 'the catalog uses what lies there, or is about to'
  const digests = await readContentDigests(connection, objectId, object.generation)
  if (digests.sha256 === null) return 'the catalog has no SHA-256 by which they could be proven'
  const onlyIf = store.capabilities.conditionalRead ? { onlyIf: found.identity } : {}
  const stored = await store.get(orphan.container, orphan.nativeKey, {
    ...onlyIf,
    signal: look(),
    areChunksLent: true,
  })
  if (!isSameBytes(found, stored)) {
    stored.body.destroy()
    return 'other bytes lie there now'
  }
  const read = judgeReadBack({ size: object.size!, digests }, await digestBody(stored.body))
  return read.verdict === 'verified' ? null : 'their bytes are not what the catalog says of the object'
}

function adopted(outcome: string): OrphanDeletion {
  return { state: 'adopted', outcome }
}

function refused(because: string): OrphanDeletion {
  return { state: 'kept', outcome: `not adopted: ${because}` }
}
