import type { CopyToSweep, PlacedCopy } from '../../database/catalog/copies.ts'
import { isSamePlace } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import { judgeLeftover, type LeftoverFinding, type PrimaryFinding } from '../../migration/last-copy.ts'
import { isDoubted, judgeReadBack, judgeReport, type ReadContent } from '../../migration/verification.ts'
import { type StoredObject, type StoredObjectWithBody, StoreError } from '../../stores/object-store.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { digestBody } from '../migrations/content-digests.ts'
import { describesAnother, wasPublishedBy } from '../migrations/copy-metadata.ts'
import { lookAt, type OpenPlace } from '../migrations/same-bytes.ts'
import type { LockedSweep } from './sweep-ledger.ts'

/** A copy of present content that is to be deleted, and what says whether it may be. */
export interface Leftover {
  readonly ledger: LockedSweep
  readonly found: CopyToSweep
  /** All copies of the object, as the catalog says while the object is locked. */
  readonly placed: readonly PlacedCopy[]
  readonly openPlace: (place: PlacedCopy['place']) => Promise<OpenPlace>
  /** A fresh signal for a request that carries so many bytes. */
  readonly signalFor: (bytes: number) => AbortSignal
  readonly log: Logger
}

/**
 * What became of a copy of present content. `deletable`: the primary copy was just seen to be sound.
 * `kept`: it was promoted, or waits for a person. `forgotten`: there were no bytes of it. `waiting`: look
 * again later.
 */
export type LeftoverOutcome = 'deletable' | 'kept' | 'forgotten' | 'waiting'

/**
 * Looks at the primary copy before a copy of the same content is deleted, and keeps what may be the last good
 * one: proven, it becomes the primary copy; otherwise a person has to look. Call it under the object's lock.
 * Rejects with a `StoreError` when a store could not be asked.
 */
export async function keepLastCopy(leftover: Leftover): Promise<LeftoverOutcome> {
  const { ledger, found, log } = leftover
  const { copy, bucket, key } = found
  // Asked before anything is looked at: what is announced no longer has landed, and is seen then.
  const mayStillLand = await ledger.isPublicationInFlight()
  const primary = await findPrimary(leftover)
  if (primary === 'sound' || bucket.mode === 'observed') return 'deletable'
  // Other bytes may be its own, in another class: the migration that changes it finds that out.
  if (primary === 'other' && found.isClassChanging) return 'waiting'
  // What is not there yet, or is something else, may be what is looked for when that has landed.
  if (mayStillLand) return 'waiting'
  const place = await leftover.openPlace(found.place)
  const bytes = await lookAt(place, leftover.signalFor(0))
  // Another leftover of the object may lie in the same place: those bytes say so.
  const described = { bucketName: bucket.name, key, generation: copy.generation }
  const isThere = bytes !== null && !describesAnother(bytes.metadata, described)
  // Whatever bytes these are, the catalog has to follow others first: nothing is read for it.
  if (isThere && judgeLeftover({ mode: bucket.mode, primary, leftover: 'unproven' }) === 'wait')
    return 'waiting'
  const finding = isThere ? await examine(leftover, place, bytes) : 'gone'
  const facts = { copyId: copy.id, objectId: copy.objectId, key, primary, finding }
  const verdict = judgeLeftover({ mode: bucket.mode, primary, leftover: finding })
  switch (verdict) {
    case 'delete':
      log.error(facts, 'an object lost its primary copy, and a copy that was to be deleted is gone too')
      await ledger.deleteCopyRow(copy.id, { isAnswered: false })
      return 'forgotten'
    case 'wait':
      return 'waiting'
    case 'promote':
      // What was sent before may still land here.
      if (found.deletionLandsInMs > 0) return 'waiting'
      if (!(await ledger.promoteLeftover(copy, bytes!.identity))) return 'waiting'
      log.error(facts, 'an object lost its primary copy; a copy that was to be deleted took its place')
      return 'kept'
    case 'keep':
      await ledger.suspectCopy(copy.id, isPublishedForIt(found, bytes!) ? bytes!.identity : null)
      await ledger.quarantineObject(WORDS[primary])
      log.error(facts, 'an object lost its primary copy, and another copy of it cannot be proven')
      return 'kept'
    default:
      return verdict satisfies never
  }
}

const UNPROVEN = 'another copy was kept that could not be proven to hold the same content'
const WORDS: Readonly<Record<Exclude<PrimaryFinding, 'sound'>, string>> = {
  suspect: `The primary copy failed a check; ${UNPROVEN}.`,
  other: `Other bytes lie where the primary copy was; ${UNPROVEN}.`,
  gone: `The store no longer has the primary copy; ${UNPROVEN}.`,
  unknown: `The catalog knows no primary copy; ${UNPROVEN}.`,
}

async function findPrimary({ placed, openPlace, signalFor }: Leftover): Promise<PrimaryFinding> {
  const primary = placed.find(({ copy }) => copy.isPrimary)
  if (primary === undefined) return 'unknown'
  const bytes = await lookAt(await openPlace(primary.place), signalFor(0))
  if (bytes === null) return 'gone'
  if (!isSameCopy(primary.copy, bytes)) return 'other'
  return primary.copy.state === 'suspect' ? 'suspect' : 'sound'
}

/** Whether bytes are the object's present content. Reads them when nothing less can tell. */
async function examine(leftover: Leftover, place: OpenPlace, bytes: StoredObject): Promise<LeftoverFinding> {
  const { copy } = leftover.found
  const digests = await leftover.ledger.readContentDigests(copy.generation)
  let stored: StoredObjectWithBody | null = null
  try {
    stored = await openSeen(leftover, place, bytes)
    const isDoubted = isBadCopy(leftover, bytes)
    if (!isDoubted && wasProven(copy, bytes)) return 'proven'
    const content: ReadContent = { size: copy.size, digests }
    const reported = { size: bytes.size, digests: bytes.digests }
    const trusted = isDoubted ? [] : place.store.capabilities.reportedDigests
    const report = judgeReport(content, reported, trusted)
    if (report.verdict !== 'must-read-back') return report.verdict === 'verified' ? 'proven' : 'unproven'
    if (digests.sha256 === null || stored === null) return 'unproven'
    return judgeReadBack(content, await digestBody(stored.body)).verdict === 'verified'
      ? 'proven'
      : 'unproven'
  } catch (error) {
    // The store sealed other bytes than these are: no later reading is another one.
    if (error instanceof StoreError && error.kind === 'digest-mismatch') return 'unproven'
    throw error
  } finally {
    stored?.body.destroy()
  }
}

/**
 * Opens bytes as a reader would; null where they lie in an archive. A look may show the past, as the bytes of
 * an earlier try of the same migration: rejects with kind `precondition-failed` when others lie there.
 */
async function openSeen(
  { found, signalFor }: Leftover,
  { container, nativeKey, store }: OpenPlace,
  bytes: StoredObject,
): Promise<StoredObjectWithBody | null> {
  const onlyIf = store.capabilities.conditionalRead ? { onlyIf: bytes.identity } : {}
  const signal = signalFor(found.copy.size)
  const stored = await store.get(container, nativeKey, { ...onlyIf, signal }).catch((error: unknown) => {
    if (error instanceof StoreError && error.kind === 'archived') return null
    throw error
  })
  if (stored === null || isSameCopy(bytes, stored)) return stored
  stored.body.destroy()
  throw new StoreError({
    kind: 'precondition-failed',
    retry: 'no',
    store: store.name,
    operation: 'get',
    key: nativeKey,
    message: `${store.name} shows other bytes than a moment ago`,
  })
}

/**
 * Whether bytes are those of a copy that was found bad, this one or another in the same place: a repair that
 * was given up leaves them where it meant to write, and a store that keeps digests beside the bytes still
 * reports the right ones.
 */
function isBadCopy({ found, placed }: Leftover, bytes: StoredObject): boolean {
  // Its proof is older than what was found: a person let it go, or it was found while it was to go.
  if (found.wasFoundBad || isDoubted(found.copy)) return true
  return placed.some(
    ({ copy, place }) =>
      copy.state === 'suspect' && isSamePlace(place, found.place) && isSameCopy(copy, bytes),
  )
}

/** Whether a worker published bytes for the copy and may have died before it wrote their identity down. */
function isPublishedForIt({ migrationId }: CopyToSweep, bytes: StoredObject): boolean {
  return migrationId !== null && wasPublishedBy(bytes.metadata, migrationId)
}

/** Whether a migration, or somebody who read it since, proved these very bytes. */
function wasProven(copy: Copy, bytes: StoredObject): boolean {
  return copy.verifiedAt !== null && isSameCopy(copy, bytes)
}
