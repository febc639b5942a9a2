import type { MigrationSubject } from '../../domain/migration-record.ts'
import { checkStillCurrent, type MigrationJob, StepFailure, type StepOutcome } from './migration-job.ts'
import { type ProofOfCopies, proveOtherCopies } from './prove-copies.ts'
import { switchOutcome } from './switch-outcome.ts'

/** Proves that enough other copies are right before one is given its last day. */
export async function proveOthersStep(job: MigrationJob): Promise<StepOutcome> {
  const subject = await job.parts.ledger.readSubject(job.migration.id)
  checkStillCurrent(job, subject)
  checkDroppable(job, subject)
  const proof = await proveOtherCopies(job, subject, { readsBytes: true })
  const detail = { copies: proof.copies, regions: proof.regions }
  const missing = whatIsMissing(job, proof)
  if (missing !== null) throw new StepFailure('too-few-copies', 'too-few-copies', missing)
  const evidence = { provenCopies: proof.proven }
  return { kind: 'happened', ...switchOutcome(job, []), evidence, detail }
}

/** In words, which copies would be missing if the source went; null when enough would be left. */
export function whatIsMissing({ migration }: MigrationJob, proof: ProofOfCopies): string | null {
  const { copiesRequired, regionsRequired, targetCopyId } = migration
  if (proof.proven[targetCopyId] === undefined) return 'the copy that would be primary cannot be proven'
  if (proof.copies < copiesRequired)
    return `${proof.copies} proven copies would be left, ${copiesRequired} are required`
  if (proof.regions < regionsRequired)
    return `proven copies would be left in ${proof.regions} regions, ${regionsRequired} are required`
  return null
}

/** Throws {@link StepFailure} when the copies are no longer those of the decision. */
function checkDroppable({ migration }: MigrationJob, { object, source, target }: MigrationSubject): void {
  const isWhole = source?.state === 'complete' && target?.state === 'complete'
  const isCurrent = object.placementVersion === migration.placementVersion && !object.isQuarantined
  if (isWhole && isCurrent) return
  throw new StepFailure('superseded', 'placed-anew', 'the object was placed anew since this was planned')
}
