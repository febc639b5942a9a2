import { DAY } from '../../domain/duration.ts'
import type { MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import { isDoubted, judgeReadBack, judgeReport, type ReadContent } from '../../migration/verification.ts'
import { StoreError, type StoreErrorKind } from '../../stores/object-store.ts'
import { digestBody } from './content-digests.ts'
import { type MigrationEnd, type MigrationJob, openEnd, requestSignal } from './migration-job.ts'
import { lookAt } from './same-bytes.ts'

/** Copies that were proven, by id: the identity of the bytes each had then, and how often they had been doubted. */
export type ProvenCopies = Readonly<Record<string, string>>

/** What a round of proofs found: how many copies are proven, and in how many regions they lie. */
export interface ProofOfCopies {
  readonly copies: number
  readonly regions: number
  readonly proven: ProvenCopies
}

/** For how long a proof of a copy's bytes is believed, in model milliseconds: disks rot meanwhile. */
const PROOF_MS_MAX = 7 * DAY

/**
 * Proves the object's complete copies other than the source: the store has them, and they are right by a
 * digest the store reports now, by a proof of these very bytes that is younger than a week or of this
 * migration, or by reading them where `readsBytes`. A copy that cannot be proven does not count, nor does one that
 * gave a reader wrong bytes since it was proven: what its store reports is not what it gives. Rejects with a
 * `StoreError` when a store could not be asked.
 */
export async function proveOtherCopies(
  job: MigrationJob,
  subject: MigrationSubject,
  options: { readonly readsBytes: boolean },
): Promise<ProofOfCopies> {
  const others = subject.copies.filter(
    copy =>
      copy.id !== job.migration.sourceCopyId &&
      copy.state === 'complete' &&
      copy.generation === job.migration.generation,
  )
  const regions = new Set<string>()
  const proven: Record<string, string> = {}
  for (const copy of others) {
    const end = await openEnd(job.parts, copy.locationId)
    if (!(await isProven(job, subject, end, copy, options.readsBytes))) continue
    proven[copy.id] = provenAs(copy)
    regions.add(end.location.region)
  }
  return { copies: Object.keys(proven).length, regions: regions.size, proven }
}

async function isProven(
  job: MigrationJob,
  { version }: MigrationSubject,
  end: MigrationEnd,
  copy: Copy,
  readsBytes: boolean,
): Promise<boolean> {
  const { location, store } = end
  const place = { store, container: location.container, nativeKey: copy.nativeKey }
  const found = await lookAt(place, requestSignal(job, 0))
  if (found === null || !isSameCopy(copy, found)) return false
  const content: ReadContent = { size: copy.size, digests: version?.digests ?? {} }
  const report = judgeReport(content, found, store.capabilities.reportedDigests)
  if (report.verdict === 'mismatch') return false
  if (report.verdict === 'verified' && !isDoubted(copy)) return true
  if (wasProvenBefore(job, copy) || wasProvenLately(job, copy)) return true
  return readsBytes && (await areBytesRight(job, end, copy, content))
}

/** Whether a copy's bytes, read to their end now, are the content. Rejects when its store could not be asked. */
export async function areBytesRight(
  job: MigrationJob,
  { location, store }: MigrationEnd,
  copy: Copy,
  content: ReadContent,
): Promise<boolean> {
  try {
    const onlyIf = store.capabilities.conditionalRead ? { onlyIf: copy.identity } : {}
    const signal = requestSignal(job, copy.size)
    const stored = await store.get(location.container, copy.nativeKey, {
      ...onlyIf,
      signal,
      areChunksLent: true,
    })
    if (isSameCopy(copy, stored))
      return judgeReadBack(content, await digestBody(stored.body)).verdict === 'verified'
    stored.body.destroy()
  } catch (error) {
    if (!(error instanceof StoreError) || !PROVES_NOTHING.has(error.kind)) throw error
  }
  return false
}

/** What a later try would meet again: the bytes are not there to be read, or are not what was written. */
const PROVES_NOTHING: ReadonlySet<StoreErrorKind> = new Set([
  'digest-mismatch',
  'archived',
  'not-found',
  'container-not-found',
  'precondition-failed',
])

function wasProvenLately({ parts }: MigrationJob, { verifiedAt }: Copy): boolean {
  return verifiedAt !== null && parts.modelClock.now() - verifiedAt <= PROOF_MS_MAX
}

function wasProvenBefore(job: MigrationJob, copy: Copy): boolean {
  return job.migration.evidence.provenCopies?.[copy.id] === provenAs(copy)
}

/** Another text after every doubt. */
function provenAs({ doubts = 0, identity }: Copy): string {
  const bytes = `${identity.etag ?? ''} ${identity.versionId ?? ''}`
  return doubts === 0 ? bytes : `${bytes} ${doubts}`
}
