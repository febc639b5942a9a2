import type { CopyToScrub, ScrubResult, ScrubVerdict } from '../../domain/scrub.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import { judgeReadBack, judgeReport, type ReadContent } from '../../migration/verification.ts'
import {
  type ObjectStore,
  type StoredObject,
  StoreError,
  type StoreErrorKind,
} from '../../stores/object-store.ts'
import { digestBody } from '../migrations/content-digests.ts'
import { lookAt } from '../migrations/same-bytes.ts'
import type { Pace } from './pace.ts'

/** How closely a copy is looked at: its facts and what its store reports, or all its bytes. */
export type Closeness = 'facts' | 'bytes'

/** One look at a copy. */
export interface CopyCheck {
  readonly store: ObjectStore
  readonly found: CopyToScrub
  readonly closeness: Closeness
  readonly pace: Pace
  /** A fresh signal for a request that carries so many bytes. */
  readonly signalFor: (bytes: number) => AbortSignal
  /** Counts what is read, also of a look that fails. */
  readonly onBytes?: (bytes: number) => void
}

/** What a look showed. */
export interface Seen extends Pick<ScrubResult, 'verdict' | 'bytesRead' | 'digests'> {
  /** What was read instead of the content, where bytes were read: two readings of one disk agree. */
  readonly content?: string
  /** Why it is `unreadable` this time. */
  readonly error?: StoreError
}

/**
 * Compares a copy with the catalog. Rejects with a `StoreError` when its store could not be asked; where the
 * store told of the copy and does not hand out its bytes, that is a verdict, which may be another one next time.
 */
export async function checkCopy(check: CopyCheck): Promise<Seen> {
  const { store, found, signalFor } = check
  const place = { ...found.place, store }
  const stored = await lookAt(place, signalFor(0))
  if (stored === null) return seen('missing')
  if (!isSameCopy(found.copy, stored)) return seen('changed')
  if (check.closeness === 'bytes' && isReadable(stored)) return readCopy(check)
  const content: ReadContent = { size: found.copy.size, digests: found.digests }
  const report = judgeReport(content, stored, store.capabilities.reportedDigests)
  if (report.verdict === 'mismatch') return seen('corrupt')
  return seen(report.verdict === 'verified' ? 'same' : 'unproven')
}

/** What lies in an archive is judged by what its store reports: its bytes are asked for by nobody, and are no damage. */
function isReadable({ archive }: StoredObject): boolean {
  return archive === null || archive.kind === 'restored'
}

async function readCopy(check: CopyCheck): Promise<Seen> {
  const read = { bytes: 0 }
  try {
    return await readToItsEnd(check, read)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    // What the store seals is not what was sealed: that is content, and no accident of the way.
    if (error.kind === 'digest-mismatch')
      return { verdict: 'corrupt', bytesRead: read.bytes, content: error.message }
    if (!TELLS_OF_THE_COPY.has(error.kind)) throw error
    return { verdict: 'unreadable', bytesRead: read.bytes, error }
  }
}

/**
 * Errors of a reading that may be the copy's own, as its facts were answered a moment ago. Rights, archives and
 * limits are somebody's decision, and say nothing about bytes.
 */
const TELLS_OF_THE_COPY: ReadonlySet<StoreErrorKind> = new Set([
  'unexpected',
  'truncated',
  'range-not-satisfiable',
  'unreachable',
  'timeout',
])

async function readToItsEnd(
  { store, found, onBytes, pace, signalFor }: CopyCheck,
  read: { bytes: number },
): Promise<Seen> {
  const { copy, place, digests } = found
  const onlyIf = store.capabilities.conditionalRead ? { onlyIf: copy.identity } : {}
  const signal = signalFor(copy.size)
  const stored = await orNull(
    store.get(place.container, place.nativeKey, { ...onlyIf, signal, areChunksLent: true }),
  )
  if (stored === null || !isSameCopy(copy, stored)) {
    stored?.body.destroy()
    return seen('changed')
  }
  const content = await digestBody(counted(pace.through(stored.body, signal), read, onBytes))
  const bytesRead = content.size
  const seenContent = `${content.size} ${content.digests.sha256}`
  if (content.size !== copy.size) return { verdict: 'corrupt', bytesRead, content: seenContent }
  // Content that nobody has a digest of is what it is: its first whole reading gives it one.
  if (digests.sha256 === null && digests.crc64nvme === null)
    return { verdict: 'same', bytesRead, digests: content.digests }
  const verdict = judge(found, content)
  return { verdict, bytesRead, content: seenContent }
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  read: { bytes: number },
  onBytes?: CopyCheck['onBytes'],
) {
  for await (const chunk of body) {
    read.bytes += chunk.byteLength
    onBytes?.(chunk.byteLength)
    yield chunk
  }
}

function judge({ copy, digests }: CopyToScrub, content: ReadContent): ScrubVerdict {
  const expected: ReadContent = { size: copy.size, digests }
  const verdict = judgeReadBack(expected, content)
  if (verdict.verdict === 'mismatch') return 'corrupt'
  return 'same'
}

function seen(verdict: ScrubVerdict): Seen {
  return { verdict, bytesRead: 0 }
}

/** Null when it went, or became another one, since it was looked at. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    const isOther =
      error instanceof StoreError &&
      ['not-found', 'container-not-found', 'precondition-failed'].includes(error.kind)
    if (isOther) return null
    throw error
  }
}
