import { copyDescriptionMetadata, withoutCopyDescription } from '../../domain/copy-description.ts'
import type { MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import {
  areUnread,
  FIDELITY_REASONS,
  judgeFidelity,
  metadataBytes,
  refusalOf,
} from '../../migration/fidelity.ts'
import type { StoredObject } from '../../stores/object-store.ts'
import { copyDescriptionOf } from './copy-metadata.ts'
import { type MigrationJob, mustEncrypt, requestSignal, StepFailure } from './migration-job.ts'
import { lookAt } from './same-bytes.ts'

/**
 * The subject of a migration with everything that is to travel with its bytes. Of an object that was only
 * listed nothing is known, and where others write, its tags and locks are theirs: then the source is asked
 * before anything is written, and what it says is kept in the catalog. Throws {@link StepFailure}
 * `copy-refused` when something that must be kept cannot be.
 */
export async function carryFacts(
  job: MigrationJob,
  subject: MigrationSubject,
  copy: Copy,
): Promise<MigrationSubject> {
  const { version } = subject
  if (version === null) return subject
  const { capabilities } = job.source.store
  const isUnread = areUnread(version)
  const mustLook = isUnread || subject.bucket.mode !== 'exclusive' || capabilities.objectLock
  const found = mustLook ? await lookAtSource(job, copy) : null
  // Bytes that are not the copy's say nothing of it; who reads them next finds out.
  const stored = found !== null && isSameCopy(copy, found) ? found : null
  const carried = stored === null ? version : { ...version, ...factsOf(version, stored, isUnread) }
  refuseWhatCannotBeKept(job, { ...subject, version: carried }, stored)
  if (carried !== version && isUnread) {
    const { headers, metadata, tags } = carried
    const { generation, objectId } = job.migration
    await job.parts.keepFacts?.({ objectId, generation }, { headers, metadata, tags })
  }
  return { ...subject, version: carried }
}

function lookAtSource(job: MigrationJob, copy: Copy): Promise<StoredObject | null> {
  const { location, store } = job.source
  return lookAt({ store, container: location.container, nativeKey: copy.nativeKey }, requestSignal(job, 0), {
    withTags: store.capabilities.tags,
  })
}

function factsOf(
  version: NonNullable<MigrationSubject['version']>,
  stored: StoredObject,
  isUnread: boolean,
): Pick<NonNullable<MigrationSubject['version']>, 'headers' | 'metadata' | 'tags'> {
  const hasTags = Object.keys(version.tags).length > 0
  return {
    headers: isUnread ? stored.headers : version.headers,
    metadata: isUnread ? withoutCopyDescription(stored.metadata) : version.metadata,
    tags: hasTags ? version.tags : (stored.tags ?? {}),
  }
}

function refuseWhatCannotBeKept(
  job: MigrationJob,
  subject: MigrationSubject,
  stored: StoredObject | null,
): void {
  const { migration, source, target } = job
  const { headers, metadata, tags } = subject.version!
  const description = copyDescriptionMetadata(copyDescriptionOf(migration, subject, null))
  const reasons = judgeFidelity(
    {
      headers,
      metadata,
      tags,
      // A copy beside it takes nothing away from what is locked.
      isLocked: migration.kind === 'move' && isHeld(stored, job.parts.wallClock.now()),
      requiresEncryption: mustEncrypt(job, subject),
      descriptionBytes: metadataBytes(description),
    },
    { source: source.store.capabilities, target: target.store.capabilities },
  )
  const refusal = refusalOf(reasons)
  if (refusal === null) return
  const message = `${target.location.name}: ${FIDELITY_REASONS[refusal].text}`
  throw new StepFailure('copy-refused', refusal, message)
}

function isHeld(stored: StoredObject | null, now: number): boolean {
  const lock = stored?.lock ?? null
  return lock !== null && (lock.legalHold || (lock.retention !== null && lock.retention.until > now))
}
