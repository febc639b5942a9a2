import { findNeededUploads } from '../../database/upkeep/leftover-sweeps.ts'
import { findEndedUploads } from '../../database/upkeep/reconcile-matches.ts'
import type { ReconcileFinding } from '../../database/upkeep/reconcile-runs.ts'
import { DAY, SECOND } from '../../domain/duration.ts'
import type { MultipartStore, UploadPage } from '../../stores/object-store.ts'
import { boundedSignal } from '../bounded-request.ts'
import { objectOfKey } from './object-of-key.ts'
import type { RunningReconcile } from './reconcile-parts.ts'

/** Longer than any writer rests between two parts. */
const AGE_MS = DAY
/** A thousand uploads each. */
const PAGES_MAX = 100
const REQUEST_MS_MAX = 30 * SECOND

/** Uploads in parts that nobody needs, and how many of them were aborted. */
export interface SightedUploads {
  readonly findings: readonly ReconcileFinding[]
  readonly aborted: number
}

/**
 * Looks for uploads in parts of a container that began more than a day ago and that nobody here needs. Those
 * that a move of ours began which has ended are aborted when the run may delete; the others are somebody
 * else's, for all we know, and are only named. Rejects with a `StoreError`.
 */
export async function sightUploads(running: RunningReconcile): Promise<SightedUploads> {
  const { multipart } = running.store
  if (multipart?.listAll === undefined) return { findings: [], aborted: 0 }
  const findings: ReconcileFinding[] = []
  let aborted = 0
  let cursor: string | null = null
  for (let page = 0; page < PAGES_MAX; page++) {
    const listed: UploadPage = await multipart.listAll(running.place.container, {
      signal: requestSignal(running),
      ...(cursor === null ? {} : { cursor }),
    })
    const sighted = await judgePage(running, multipart, listed.uploads)
    findings.push(...sighted.findings)
    aborted += sighted.aborted
    cursor = listed.cursor
    if (cursor === null) break
  }
  return { findings, aborted }
}

async function judgePage(
  running: RunningReconcile,
  multipart: MultipartStore,
  uploads: UploadPage['uploads'],
): Promise<SightedUploads> {
  const { database, log, place, run, wallClock } = running
  const old = uploads.filter(
    ({ key, startedAt }) => startedAt < wallClock.now() - AGE_MS && key.startsWith(run.prefix),
  )
  const needed = await findNeededUploads(
    database,
    old.map(({ uploadId }) => uploadId),
  )
  const unneeded = old
    .filter(({ uploadId }) => !needed.has(uploadId))
    .map(upload => ({ ...upload, objectId: objectOfKey(upload.key, running)?.objectId ?? null }))
  const ended = await findEndedUploads(
    database,
    unneeded.flatMap(({ objectId, uploadId }) => (objectId === null ? [] : [{ objectId, uploadId }])),
  )
  const findings: ReconcileFinding[] = []
  let aborted = 0
  for (const { key, objectId, startedAt, uploadId } of unneeded) {
    const isOurs = ended.has(uploadId)
    if (isOurs && run.settings.deletes) {
      await multipart.abort(place.container, key, uploadId, { signal: requestSignal(running) })
      log.info({ key, uploadId, runId: run.id }, 'an upload of a move that has ended was aborted')
      aborted++
    }
    const whose = isOurs ? 'a move of ours began it, which has ended' : 'nobody here knows whose it is'
    const detail = `An upload in parts, begun at ${new Date(startedAt).toISOString()}: ${whose}.`
    findings.push({ verdict: 'parts', nativeKey: key, objectId, bytes: 0, detail })
  }
  return { findings, aborted }
}

function requestSignal({ signal, timers }: RunningReconcile): AbortSignal {
  return boundedSignal(signal, REQUEST_MS_MAX, timers)
}
