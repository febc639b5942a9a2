import type { MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import type { StoredObject, WriteCondition } from '../../stores/object-store.ts'
import { describesNewer, describesObject, wasPublishedBy } from './copy-metadata.ts'
import { type MigrationJob, requestSignal, StepFailure, targetKeyOf } from './migration-job.ts'
import { lookAt } from './same-bytes.ts'

/** The first try at a store that compares: publication is refused when anything lies at the target. */
export function isGuardedFirstTry(job: MigrationJob): boolean {
  // A try that ended in an outage is not counted, and may have published all the same.
  const { attempt, evidence, kind } = job.migration
  const isFree = kind !== 'repair'
  return (
    isFree && job.target.store.capabilities.conditionalPut && attempt <= 1 && evidence.outage === undefined
  )
}

/**
 * What must hold at the target's key in the moment of publication. Throws {@link StepFailure} `copy-refused`
 * when it holds bytes that are not ours to replace.
 */
export async function conditionOf(
  job: MigrationJob,
  subject: MigrationSubject,
  others: readonly Copy[],
  all: readonly Copy[],
): Promise<WriteCondition | undefined> {
  const { conditionalPut } = job.target.store.capabilities
  if (isGuardedFirstTry(job) && others.length === 0) return { kind: 'absent' }
  const found = await headTarget(job)
  if (found === null) return conditionalPut ? { kind: 'absent' } : undefined
  if (describesNewer(found.metadata, subject.bucket.name, job.migration.key, job.migration.generation)) {
    // A gateway died between publishing and committing; its recovery decides what becomes of these bytes.
    throw new StepFailure(
      'copy-failed',
      'newer-bytes',
      'the target holds a newer version that is not committed',
    )
  }
  if (!isReplaceable(job, subject, others, all, found)) {
    checkNotLeftToSweeper(job, subject, others, found)
    const message = `${job.target.store.name}: bytes that are not ours lie under the target's key`
    throw new StepFailure('copy-refused', 'target-occupied', message)
  }
  return conditionalPut ? { kind: 'identity', identity: found.identity } : undefined
}

/**
 * Whether bytes at the target may be replaced: they are a leftover of this very migration, or a copy of this
 * object that its row calls superseded, and no copy that is still needed lies there. That bytes describe this
 * object is not enough: so does the source, which a second store may show us.
 */
function isReplaceable(
  job: MigrationJob,
  subject: MigrationSubject,
  others: readonly Copy[],
  all: readonly Copy[],
  found: StoredObject,
): boolean {
  const isRepair = job.migration.kind === 'repair'
  const isRelied = (copy: Copy) => !isSuperseded(copy) && !(isRepair && copy.state === 'suspect')
  if (others.some(copy => isRelied(copy) && isSameCopy(copy, found))) return false
  if (wasPublishedBy(found.metadata, job.migration.id)) return true
  if (others.some(copy => copy.isPrimary || copy.state === 'complete' || copy.state === 'grace')) return false
  // Stores give equal content equal identities: that it is not the source itself was looked at before.
  if (isBrokenCopy(job, subject, others, found)) return true
  if (all.some(copy => isRelied(copy) && isSameCopy(copy, found))) return false
  return others.some(copy => isSuperseded(copy) && isSameCopy(copy, found))
}

/**
 * Whether bytes are the bad copy that is to be repaired. Where others write, bytes with another identity may be
 * what they wrote; where only we do, they are damage.
 */
function isBrokenCopy(
  job: MigrationJob,
  { bucket }: MigrationSubject,
  others: readonly Copy[],
  found: StoredObject,
): boolean {
  const broken = others.filter(copy => copy.state === 'suspect')
  if (job.migration.kind !== 'repair' || broken.length === 0) return false
  return bucket.mode === 'exclusive' || broken.some(copy => isSameCopy(copy, found))
}

function isSuperseded(copy: Copy): boolean {
  return copy.state === 'deleting' || copy.state === 'staging'
}

/** Throws a passing failure while the sweeper still has to look at what a migration before this one left. */
function checkNotLeftToSweeper(
  job: MigrationJob,
  subject: MigrationSubject,
  others: readonly Copy[],
  found: StoredObject,
): void {
  const isLeftover = others.some(
    copy => isSuperseded(copy) && (copy.identity.etag === null || isSameCopy(copy, found)),
  )
  if (!isLeftover || !describesObject(found.metadata, subject.bucket.name, job.migration.key)) return
  throw new StepFailure('copy-failed', 'leftover', 'a leftover at the target has not been swept away yet')
}

/** What lies under the target's key now; null when nothing does. */
export function headTarget(job: MigrationJob): Promise<StoredObject | null> {
  const { store, location } = job.target
  const place = { store, container: location.container, nativeKey: targetKeyOf(job.migration) }
  return lookAt(place, requestSignal(job, 0))
}
