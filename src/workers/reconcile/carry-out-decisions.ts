import {
  decideOrphan,
  findKeptCopyState,
  listDecidedOrphans,
  type OrphanRow,
  sumOrphans,
} from '../../database/upkeep/orphans.ts'
import { MINUTE, SECOND } from '../../domain/duration.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { StoreError, type StoreErrorKind } from '../../stores/object-store.ts'
import type { Loop } from '../loop.ts'
import { adoptOrphan } from './adopt-orphan.ts'
import { deleteOrphan } from './delete-orphan.ts'
import type { ReconcileParts } from './reconcile-parts.ts'

const ORPHANS_PER_STEP_MAX = 20
const IDLE_MS = SECOND
/** How long an orphan whose store failed is left alone, in wall milliseconds. */
const REST_MS = 30 * SECOND
/** How many of them are remembered. */
const RESTING_MAX = 10_000
/** How often the ledger is summed up, in wall milliseconds. */
const SUMMED_EVERY_MS = MINUTE

/**
 * The loop that does what people decided about orphans, and sums their ledger up. It goes round: one that cannot be
 * carried out yet is left alone for a while, and the others have their turn.
 */
export function orphanDecisionsLoop(parts: ReconcileParts): Loop {
  const rests = new RestingOrphans()
  let afterId: Uuid | null = null
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
      const orphans = await listDecidedOrphans(parts.database, { afterId, limit: ORPHANS_PER_STEP_MAX })
      afterId = orphans.length < ORPHANS_PER_STEP_MAX ? null : orphans.at(-1)!.id
      let done = 0
      for (const orphan of orphans) {
        if (signal.aborted) return done
        if (rests.isResting(orphan.id, parts.wallClock.now())) continue
        try {
          if (await carryOut(parts, orphan, signal)) done++
        } catch (error) {
          if (signal.aborted) return done
          if (await giveUp(parts, orphan, error)) done++
          else rests.letRest(orphan.id, parts.wallClock.now() + REST_MS)
        }
      }
      return done
    },
  }
}

/** Orphans whose stores failed a moment ago; when there are too many, the oldest come again earlier. */
class RestingOrphans {
  readonly #until = new Map<Uuid, number>()

  isResting(id: Uuid, now: number): boolean {
    return now < (this.#until.get(id) ?? 0)
  }

  letRest(id: Uuid, until: number): void {
    this.#until.delete(id)
    this.#until.set(id, until)
    if (this.#until.size > RESTING_MAX) this.#until.delete(this.#until.keys().next().value!)
  }
}

/** What no later try changes before a person does something: the decision ends, and a new one can be made. */
const LASTING: ReadonlySet<StoreErrorKind> = new Set([
  'access-denied',
  'archived',
  'digest-mismatch',
  'invalid-key',
  'locked',
  'unsupported',
])

/** Ends a decision that its store will not carry out, with the reason. Resolves to whether it did. */
async function giveUp(parts: ReconcileParts, orphan: OrphanRow, error: unknown): Promise<boolean> {
  const facts = { error, orphanId: orphan.id }
  if (!(error instanceof StoreError && LASTING.has(error.kind))) {
    parts.log.warn(facts, 'what was decided about an orphan is tried again later')
    return false
  }
  parts.log.warn(facts, 'what was decided about an orphan cannot be done')
  const verb = orphan.state === 'adopting' ? 'adopted' : 'deleted'
  const outcome = `not ${verb}: ${error.kind}: ${error.message}`
  await decideOrphan(parts.database, orphan.id, {
    from: [orphan.state],
    to: 'kept',
    outcome,
    decidedBy: null,
  })
  return true
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
