import type { Database } from '../../database/postgres.ts'
import { findNeededUploads } from '../../database/upkeep/leftover-sweeps.ts'
import {
  deleteUploadStart,
  type LostUploadStart,
  listLostUploadStarts,
} from '../../database/writes/upload-starts.ts'
import type { Clock } from '../../domain/clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../domain/duration.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import type { ObjectStore } from '../../stores/object-store.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { boundedSignal } from '../bounded-request.ts'
import type { Loop } from '../loop.ts'

/** Longer than any writer takes from the beginning of an upload to the row that knows its id. */
export const LOST_UPLOAD_AGE_MS = DAY
/** From the end of one round to the beginning of the next. */
const EVERY_MS = HOUR
const STARTS_PER_STEP_MAX = 20
const IDLE_MS = 10 * SECOND
const REQUEST_MS_MAX = 30 * SECOND
/** How many uploads that stay one line of the log names. */
const NAMED_MAX = 20
/** By how much the clocks of a store and of the database may differ; where they do by more, nothing is aborted. */
const SKEW_MS_MAX = 2 * MINUTE
/** A request to begin an upload is over by then: what began later is not it. */
const BEGINNING_MS_MAX = MINUTE

/** What the loop needs. */
export interface LostUploadParts {
  readonly database: Database
  /** The open store with this id. Rejects with a `StoreError`. Whoever opens stores closes them. */
  readonly openStore: (storeId: Uuid) => Promise<ObjectStore>
  readonly wallClock: Clock
  readonly log: Logger
  /** Default: {@link LOST_UPLOAD_AGE_MS}. */
  readonly ageMs?: number
}

/**
 * The loop that aborts uploads in parts whose writer died before it could write their id down: the only one
 * that began at a key where one of ours was about to, within minutes, and that nobody knows, in a container
 * where only we write. Where others write too, or several began, nobody can say which one is ours: they stay,
 * and reconcile names them. What is in a held store waits.
 */
export function createLostUploadAborter(parts: LostUploadParts): Loop {
  const { database, wallClock } = parts
  let after: LostUploadStart | null = null
  let nextRoundAt = 0
  return {
    name: 'abort-lost-uploads',
    idleMs: IDLE_MS,
    async step(signal) {
      if (wallClock.now() < nextRoundAt) return 0
      const starts = await listLostUploadStarts(database, {
        olderThanMs: parts.ageMs ?? LOST_UPLOAD_AGE_MS,
        after,
        limit: STARTS_PER_STEP_MAX,
      })
      for (const start of starts) {
        if (signal.aborted) return 0
        await abortLost(parts, start, signal)
      }
      after = starts.at(-1) ?? null
      if (after === null) nextRoundAt = wallClock.now() + EVERY_MS
      return starts.length
    },
  }
}

async function abortLost(parts: LostUploadParts, start: LostUploadStart, signal: AbortSignal): Promise<void> {
  const { database, log } = parts
  const { container, nativeKey } = start
  const requestSignal = () => boundedSignal(signal, REQUEST_MS_MAX)
  try {
    const { multipart } = await parts.openStore(start.storeId)
    // A store that cannot list its uploads sweeps them itself.
    const found = (await multipart?.list?.(container, nativeKey, { signal: requestSignal() })) ?? []
    const begunThen = found.filter(upload => beganAt(start, upload.startedAt)).map(upload => upload.uploadId)
    const needed = await findNeededUploads(database, begunThen)
    const unknown = begunThen.filter(id => !needed.has(id))
    const [only] = unknown
    if (only !== undefined && unknown.length === 1 && start.isContainerOurs) {
      await multipart?.abort(container, nativeKey, only, { signal: requestSignal() })
      log.info({ container, nativeKey, uploadId: only }, 'an upload nobody knows was aborted')
    } else if (unknown.length > 0) {
      const facts = { container, nativeKey, uploadIds: unknown.slice(0, NAMED_MAX), count: unknown.length }
      log.warn(facts, 'uploads nobody knows may be of others and stay: reconcile lists them')
    }
    await deleteUploadStart(database, start.id)
  } catch (error) {
    if (signal.aborted) return
    log.warn({ error, container, nativeKey }, 'uploads nobody knows could not be looked for and are left')
  }
}

function beganAt(start: LostUploadStart, startedAt: number): boolean {
  const sinceMs = startedAt - start.startedAt.getTime()
  return sinceMs >= -SKEW_MS_MAX && sinceMs <= BEGINNING_MS_MAX
}
