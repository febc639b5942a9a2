import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import {
  judgeReadBack,
  judgeReport,
  type ReadContent,
  type TargetVerdict,
} from '../../migration/verification.ts'
import type { StoredObject } from '../../stores/object-store.ts'
import { digestBody } from './content-digests.ts'
import { type MigrationJob, mustReadBack, requestSignal, StepFailure } from './migration-job.ts'

/** Whether a copy cannot be read any more once it has the class that is asked for. */
function leadsToArchive({ target }: MigrationJob): boolean {
  const { storageClass } = target.location
  return storageClass !== null && target.store.capabilities.archiveClasses.includes(storageClass)
}

/** Whether a copy has yet to be proven because it goes where it cannot be read. */
export function mustProveBefore(job: MigrationJob): boolean {
  return leadsToArchive(job) && job.migration.evidence.provenBefore === undefined
}

/**
 * Judges a copy by what its store reports, or by its bytes. Of a copy that lies in an archive by now and was
 * proven before, what can be seen has to do: its length and its class, as the change was made on condition of
 * the bytes that were proven.
 */
export async function judgeCopy(job: MigrationJob, copy: Copy, found: StoredObject): Promise<TargetVerdict> {
  const { store, location } = job.target
  const content = await contentOf(job, copy)
  const trusted = mustReadBack(job) ? [] : store.capabilities.reportedDigests
  const report = judgeReport(content, found, trusted)
  if (report.verdict !== 'must-read-back') return report
  const { provenBefore } = job.migration.evidence
  if (provenBefore !== undefined && leadsToArchive(job) && found.storageClass === location.storageClass)
    return { verdict: 'verified', by: provenBefore }
  return judgeBytes(job, copy, content)
}

/**
 * Proves a copy before it goes into an archive, where it could not be read: by what its store reports, or by its
 * bytes. Throws {@link StepFailure} `copy-refused`, with nothing changed, when it is not what the catalog says.
 */
export async function proveBeforeArchive(job: MigrationJob, copy: Copy, found: StoredObject): Promise<void> {
  // It lies there already: nothing is going to change.
  if (found.storageClass === job.target.location.storageClass) return
  const verdict = await judgeCopy(job, copy, found)
  if (verdict.verdict === 'verified') {
    job.migration = await job.parts.ledger.reportProgress(job.lease, { provenBefore: verdict.by })
    return
  }
  if (verdict.verdict === 'must-read-back')
    throw new StepFailure(
      'copy-refused',
      'no-digest',
      'nothing is known that the copy could be compared with',
    )
  job.parts.metrics.verificationFailed('source')
  // Read once more: the network lies more often than a disk.
  const again = await judgeBytes(job, copy, await contentOf(job, copy))
  const { what, expected, found: has } = verdict.difference
  throw new StepFailure(
    again.verdict === 'mismatch' ? 'copy-refused' : 'copy-failed',
    `source-${what}`,
    `${job.source.store.name}: the copy's ${what} is ${has}, not ${expected}: it would not be readable afterwards`,
  )
}

async function contentOf(job: MigrationJob, { size }: Copy): Promise<ReadContent> {
  const { evidence } = job.migration
  const { version } = await job.parts.ledger.readSubject(job.migration.id)
  return {
    size,
    digests: {
      sha256: version?.digests.sha256 ?? evidence.sha256 ?? null,
      crc64nvme: version?.digests.crc64nvme ?? evidence.crc64nvme ?? null,
      crc32c: evidence.crc32c ?? null,
      md5: evidence.md5 ?? null,
    },
  }
}

async function judgeBytes(job: MigrationJob, copy: Copy, content: ReadContent): Promise<TargetVerdict> {
  const { store, location } = job.target
  const onlyIf = store.capabilities.conditionalRead ? { onlyIf: copy.identity } : {}
  const signal = requestSignal(job, copy.size)
  const stored = await store.get(location.container, copy.nativeKey, {
    ...onlyIf,
    signal,
    areChunksLent: true,
  })
  if (isSameCopy(copy, stored)) return judgeReadBack(content, await digestBody(stored.body))
  stored.body.destroy()
  throw new StepFailure(failureIn(job), 'target-other', `${store.name} shows other bytes than a moment ago`)
}

function failureIn({ migration }: MigrationJob): 'copy-failed' | 'verification-failed' {
  return migration.state === 'copying' ? 'copy-failed' : 'verification-failed'
}
