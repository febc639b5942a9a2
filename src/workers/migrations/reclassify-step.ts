import type { MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import type { LockedLedger } from '../../migration/ledger.ts'
import { type ObjectStore, type StoredObject, StoreError } from '../../stores/object-store.ts'
import { needsRestore, RESTORE_NEEDED } from './await-restore-step.ts'
import { judgeCopy, mustProveBefore, proveBeforeArchive } from './class-proof.ts'
import { digestBody } from './content-digests.ts'
import { deletionCutOff } from './copy-step.ts'
import { deleteFormerVersion, formerIdentityOf } from './former-version.ts'
import {
  checkStillCurrent,
  type MigrationJob,
  mustReadBack,
  publicationSignal,
  reach,
  recordOf,
  requestSignal,
  StepFailure,
  type StepOutcome,
  underObjectLock,
} from './migration-job.ts'
import { publishAtTarget } from './publish-at-target.ts'
import { lookAt } from './same-bytes.ts'

/** Puts the copy into the target's storage class where it lies, while the object is locked. */
export async function reclassifyStep(job: MigrationJob): Promise<StepOutcome> {
  const before = await job.parts.ledger.readSubject(job.migration.id)
  const copy = checkReclassifiable(job, before)
  // Once a change may have been asked for, what it did is seen through first.
  const isBegun = job.migration.evidence.classChangeBegun === true
  if (!isBegun && (await needsRestore(job, copy))) return RESTORE_NEEDED
  await proveBefore(job, before, copy)
  const mayBeChanged = await intendChange(job, copy)
  await reach(job, 'before-publication')
  await underObjectLock(job, { isBrief: false }, locked => changeClass(job, locked, mayBeChanged))
  await reach(job, 'copied')
  return { kind: 'recorded' }
}

/**
 * Makes the intent durable, before the migration's row is held: a try that was interrupted is given back, and
 * may have changed the class all the same. Resolves to whether a try before this one may have.
 */
async function intendChange(job: MigrationJob, copy: Copy): Promise<boolean> {
  const { attempt, evidence } = job.migration
  const isBegun = evidence.classChangeBegun === true
  const begun = { classChangeBegun: true, ...formerIdentityOf(job, copy) }
  if (!isBegun) job.migration = await job.parts.ledger.reportProgress(job.lease, begun)
  return isBegun || attempt > 1 || evidence.outage !== undefined
}

/** Proves that the copy still holds the object's content, now that it lies in another class. */
export async function verifyClassStep(job: MigrationJob): Promise<StepOutcome> {
  const subject = await job.parts.ledger.readSubject(job.migration.id)
  checkStillCurrent(job, subject)
  const copy = subject.target
  if (copy === null) throw new StepFailure('superseded', 'target-replaced', 'the copy is no longer there')
  const { store, location } = job.target
  const found = await lookAt(
    { store, container: location.container, nativeKey: copy.nativeKey },
    requestSignal(job, 0),
  )
  if (found === null || !isSameCopy(copy, found))
    throw unproven(job, 'target-changed', 'the copy is not the one that was reclassified')
  const verdict = await judgeCopy(job, copy, found)
  await reach(job, 'proven')
  if (verdict.verdict === 'verified') {
    const former = await deleteFormerVersion(job, copy)
    return { kind: 'happened', events: ['verified'], evidence: { verifiedBy: verdict.by, ...former } }
  }
  if (verdict.verdict === 'must-read-back')
    throw unproven(job, 'no-digest', 'nothing is known that the copy could be compared with')
  const { what, expected: wanted, found: has } = verdict.difference
  throw unproven(job, `target-${what}`, `${store.name}: the copy's ${what} is ${has}, not ${wanted}`)
}

/** It may be the only copy that would be called bad: it is looked at in every try before it is. */
function unproven({ migration }: MigrationJob, kind: string, message: string): StepFailure {
  const isLastTry = migration.attempt >= migration.attemptsMax
  return new StepFailure(isLastTry ? 'mismatched' : 'verification-failed', kind, message)
}

/**
 * Sees to it that the content is known before anything changes, and proven where it could not be read
 * afterwards.
 */
async function proveBefore(job: MigrationJob, subject: MigrationSubject, copy: Copy): Promise<void> {
  const { attempt, attemptsMax, evidence } = job.migration
  const known = { ...subject.version?.digests, ...evidence }
  const isKnown = known.sha256 != null || known.crc64nvme != null
  const isBegun = evidence.classChangeBegun === true
  if (attempt > attemptsMax && !isBegun) throw triedTooOften(job)
  if (attempt > attemptsMax || (isKnown && !mustProveBefore(job))) return
  const { store } = job.source
  const place = { store, container: job.source.location.container, nativeKey: copy.nativeKey }
  const found = await lookAt(place, requestSignal(job, 0))
  // A change that was sent before its intent was written down is for the look under the lock to find out.
  if (found === null || !isSameCopy(copy, found)) return
  if (!isKnown) await noteContent(job, copy, found)
  if (mustProveBefore(job)) await proveBeforeArchive(job, copy, found)
}

/**
 * Notes a digest of content that nobody knows one of: one that the store reports and can be trusted with, or that of
 * the bytes, read to their end.
 */
async function noteContent(job: MigrationJob, copy: Copy, found: StoredObject): Promise<void> {
  const { store } = job.source
  const trusted = store.capabilities.reportedDigests.filter(name => found.digests[name] !== undefined)
  const reported = Object.fromEntries(trusted.map(name => [name, found.digests[name]]))
  const isEnough = trusted.length > 0 && !mustReadBack(job)
  job.migration = await job.parts.ledger.reportProgress(
    job.lease,
    isEnough ? reported : await readDigests(job, store, copy),
  )
}

async function readDigests(job: MigrationJob, store: ObjectStore, copy: Copy) {
  const onlyIf = store.capabilities.conditionalRead ? { onlyIf: copy.identity } : {}
  const signal = requestSignal(job, copy.size)
  const stored = await store.get(job.source.location.container, copy.nativeKey, {
    ...onlyIf,
    signal,
    areChunksLent: true,
  })
  if (!isSameCopy(copy, stored)) {
    stored.body.destroy()
    throw new StepFailure('copy-failed', 'source-other', `${store.name} shows other bytes than a moment ago`)
  }
  const { digests, size } = await digestBody(stored.body)
  if (size !== copy.size)
    throw new StepFailure('copy-failed', 'source-size', `${store.name}: ${size} bytes came, not ${copy.size}`)
  return digests
}

async function changeClass(job: MigrationJob, locked: LockedLedger, mayBeChanged: boolean): Promise<void> {
  const subject = await locked.readSubject()
  const copy = checkReclassifiable(job, subject)
  if (subject.deletionLandsInMs > 0) throw deletionCutOff(job)
  const { container } = job.source.location
  const { store } = job.target
  const wanted = classOf(job, store)
  const place = { store, container, nativeKey: copy.nativeKey }
  const found = await lookAt(place, requestSignal(job, 0))
  if (found === null) throw sourceChanged(found)
  const isOurs = isSameCopy(copy, found)
  if (isOurs) checkCurrentPlacement(job, subject)
  // An answer that was lost, or a worker that died before it could be written down: the store says what it did.
  const isMade = !isOurs && mayBeChanged && (await isWhatWeMade(job, subject, copy, found))
  if (!isOurs && !isMade) throw sourceChanged(found)
  const isThere = !isOurs || found.storageClass === wanted
  if (!isThere && mustProveBefore(job))
    throw new StepFailure(
      'copy-failed',
      'not-proven',
      'the copy was not proven before it goes into an archive',
    )
  if (!isThere && job.migration.attempt > job.migration.attemptsMax) throw triedTooOften(job)
  const changed = isThere ? found : await change(job, locked, copy, wanted)
  await reach(job, 'published')
  if (changed.size !== copy.size)
    throw new StepFailure('copy-failed', 'target-size', `${store.name}: ${changed.size} bytes are there`)
  job.migration = await locked.record(
    recordOf(job, { events: ['copied', 'taken-up'], evidence: { targetIdentity: changed.identity } }),
  )
}

async function change(
  job: MigrationJob,
  locked: LockedLedger,
  copy: Copy,
  storageClass: string,
): Promise<StoredObject> {
  const { store, location } = job.target
  try {
    return await publishAtTarget(job, locked, announced =>
      store.changeStorageClass!(location.container, copy.nativeKey, storageClass, {
        onlyIf: copy.identity,
        signal: publicationSignal(job, copy.size, announced),
      }),
    )
  } catch (error) {
    const isOther = error instanceof StoreError && ['precondition-failed', 'not-found'].includes(error.kind)
    if (!isOther) throw error
    throw new StepFailure('copy-failed', 'source-other', error.message)
  }
}

/**
 * Whether bytes that have another identity than the copy are the copy, changed by a try before this one: they
 * have the class that was asked for, and the same content. Where only we write, and of bytes that cannot be read
 * in that class, the length has to do: an identity nobody wrote down would be unreadable for ever. What they
 * hold is for the verification to say, which fails where it cannot.
 */
async function isWhatWeMade(
  job: MigrationJob,
  { bucket }: MigrationSubject,
  copy: Copy,
  found: StoredObject,
): Promise<boolean> {
  if (found.size !== copy.size || found.storageClass !== classOf(job, job.target.store)) return false
  if (bucket.mode === 'exclusive') return true
  const made = { ...copy, identity: found.identity }
  try {
    if ((await judgeCopy(job, made, found)).verdict === 'verified') return true
    // Read once more before others are said to have written it: the network lies more often than a disk.
    return (await judgeCopy(job, made, found)).verdict === 'verified'
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'archived') return true
    throw error
  }
}

/**
 * The copy, as long as it is the one of the decision, or has been changed for it already: then it is seen
 * through, as nobody but this migration knows the identity the store gave it. Throws {@link StepFailure} when it
 * is neither.
 */
function checkReclassifiable(job: MigrationJob, subject: MigrationSubject): Copy {
  checkStillCurrent(job, subject)
  const { object, source } = subject
  const { evidence, placementVersion, sourceLocationId } = job.migration
  const isCurrent = object.placementVersion === placementVersion && !object.isQuarantined
  const isBegun = evidence.classChangeBegun === true
  if ((isCurrent || isBegun) && source?.state === 'complete' && source.locationId === sourceLocationId)
    return source
  throw new StepFailure('superseded', 'placed-anew', 'the object was placed anew since this was planned')
}

/** Throws {@link StepFailure} when the object was placed anew: nothing was changed for this migration yet. */
function checkCurrentPlacement({ migration }: MigrationJob, { object }: MigrationSubject): void {
  if (object.placementVersion === migration.placementVersion && !object.isQuarantined) return
  throw new StepFailure('superseded', 'placed-anew', 'the object was placed anew since this was planned')
}

/** The class that is asked for, in the store's own words. Throws {@link StepFailure} when it cannot be had. */
function classOf(job: MigrationJob, store: ObjectStore): string {
  const { name, storageClass } = job.target.location
  if (storageClass === null)
    throw new StepFailure('copy-refused', 'no-class', `location ${name} names no storage class`)
  if (store.changeStorageClass === undefined)
    throw new StepFailure(
      'copy-refused',
      'no-classes',
      `${store.name} cannot change storage classes in place`,
    )
  return storageClass
}

/** The store was seen to have changed nothing, in any of its tries. */
function triedTooOften({ migration }: MigrationJob): StepFailure {
  const { error } = migration.evidence
  return new StepFailure(
    'copy-refused',
    error?.kind ?? 'interrupted',
    error?.message ?? 'no try was finished',
  )
}

function sourceChanged(found: StoredObject | null): StepFailure {
  const kind = found === null ? 'source-gone' : 'source-other'
  const message = found === null ? 'the copy is gone' : 'other bytes than our copy lie there'
  return new StepFailure('source-changed', kind, message)
}
