import type { MigrationKind, WorkingState } from '../../domain/migration.ts'
import { awaitRestoreStep } from './await-restore-step.ts'
import { copyStep } from './copy-step.ts'
import { deleteSourceStep, graceStep } from './delete-source-step.ts'
import { proveOthersStep } from './drop-copy-step.ts'
import type { MigrationJob, StepOutcome } from './migration-job.ts'
import { reclassifyStep, verifyClassStep } from './reclassify-step.ts'
import { switchStep, verifyStep } from './verify-step.ts'

/** What a worker does for a migration in a state; throws or rejects with what stopped it. */
export type Step = (job: MigrationJob) => StepOutcome | Promise<StepOutcome>

/** What a worker does in each state in which a kind of migration can be found. */
export type Life = Readonly<Partial<Record<WorkingState, Step>>>

const beginGrace: Step = () => ({ kind: 'happened', events: ['grace-began'] })

const ending: Life = { switched: beginGrace, grace: graceStep, 'deleting-source': deleteSourceStep }
const restoring: Life = { 'waiting-restore': awaitRestoreStep }
const writing: Life = { ...restoring, copying: copyStep, verifying: verifyStep, verified: switchStep }

/** What a worker does for every kind, state by state; where it leads is in migration/transitions. */
export const LIVES: Readonly<Record<MigrationKind, Life>> = {
  move: { ...writing, ...ending },
  'add-copy': writing,
  'drop-copy': { verifying: proveOthersStep, ...ending },
  reclassify: { ...restoring, copying: reclassifyStep, verifying: verifyClassStep },
  repair: writing,
}
