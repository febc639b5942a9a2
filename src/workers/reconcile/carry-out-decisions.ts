import {
  decideOrphan,
  findKeptCopyState,
  listDecidedOrphans,
  type OrphanRow,
  sumOrphans,
} from '../../database/upkeep/orphans.ts'
import { MINUTE, SECOND } from '../../domain/duration.ts'
import type { Loop } from '../loop.ts'
import { adoptOrphan } from './adopt-orphan.ts'
import { deleteOrphan } from './delete-orphan.ts'
import type { ReconcileParts } from './reconcile-parts.ts'

const ORPHANS_PER_STEP_MAX = 20
const IDLE_MS = SECOND
/** How long an orphan whose store failed is left alone, in wall milliseconds. */
const REST_MS = 30 * SECOND
/** How often the ledger is summed up, in wall milliseconds. */
const SUMMED_EVERY_MS = MINUTE

/** The loop that does what people decided about orphans, and sums their ledger up. */
export function orphanDecisionsLoop(parts: ReconcileParts): Loop {
  let restsUntil = 0
  let sumsAt = 0
  return {
    name: 'orphan-decisions',
    idleMs: IDLE_MS,
    async step(signal) {
      const now = parts.wallClock.now()
      if (parts.onSummed !== undefined && now >= sumsAt) {
        sumsAt = now + SUMMED_EVERY_MS
        parts.onSummed(await sumOrphans(parts.database))
      }
      if (now < restsUntil) return 0
      const orphans = await listDecidedOrphans(parts.database, ORPHANS_PER_STEP_MAX)
      let done = 0
      for (const orphan of orphans) {
        if (signal.aborted) return done
        try {
          if (await carryOut(parts, orphan, signal)) done++
        } catch (error) {
          if (signal.aborted) return done
          restsUntil = parts.wallClock.now() + REST_MS
          parts.log.warn(
            { error, orphanId: orphan.id },
            'what was decided about an orphan is tried again later',
          )
        }
      }
      return done
    },
  }
}

/** Resolves to whether it is over. */
async function carryOut(parts: ReconcileParts, orphan: OrphanRow, signal: AbortSignal): Promise<boolean> {
  if (orphan.copyId !== null) return followSweeper(parts, orphan)
  if (orphan.state === 'adopting') {
    await adoptOrphan(parts, orphan, signal)
    return true
  }
  const { state } = await deleteOrphan(parts, orphan, ['deleting'], signal)
  return state !== 'deleting'
}

/** A copy's row is deleted by the sweeper, with all its checks: this only notes what came of it. */
async function followSweeper(parts: ReconcileParts, orphan: OrphanRow): Promise<boolean> {
  const state = await findKeptCopyState(parts.database, orphan)
  if (state === 'deleting') return false
  await decideOrphan(parts.database, orphan.id, {
    from: ['deleting'],
    ...(state === null
      ? { to: 'deleted', outcome: 'deleted by us, or gone already' }
      : {
          to: 'kept',
          outcome: `not deleted: the copy is ${state}; its store holds it, or it may be needed`,
        }),
    decidedBy: null,
  })
  return true
}
