import { hash } from 'node:crypto'
import { type Bytes, MIB } from '../../domain/bytes.ts'
import type { MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { publicationWayOf, publishedBytesMaxOf } from '../../domain/publication-way.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import { judgeSource, type SourceVerdict } from '../../migration/verification.ts'
import type { MultipartStore, ObjectDigests, PutResult, WriteCondition } from '../../stores/object-store.ts'
import { digestBody, type SeenContent, startContentDigests } from './content-digests.ts'
import { targetFacts } from './copy-metadata.ts'
import {
  type MigrationJob,
  mustReadBack,
  publicationSignal,
  reach,
  requestSignal,
  StepFailure,
  targetKeyOf,
} from './migration-job.ts'
import { buffersOf } from './migration-memory.ts'
import { lookAt } from './same-bytes.ts'
import { openSource } from './source-body.ts'
import { sendParts } from './stage-parts.ts'

/** The size of a part unless the store's limits ask for larger ones. */
const PART_BYTES = 8 * MIB

/** Bytes that are ready to be published at the target and cannot be seen there yet. */
export interface StagedTarget {
  readonly content: { readonly size: Bytes; readonly digests: Partial<SeenContent['digests']> }
  /** The store makes them by itself when they are published: only reading them proves them. Default: false. */
  readonly isMadeByStore?: boolean
  /** Makes the bytes visible, before `announced` aborts; called under the object's lock. */
  publish(condition: WriteCondition | undefined, announced: AbortSignal | null): Promise<PutResult>
  /** Frees the memory they wait in, published or not. */
  release(): void
}

/**
 * Reads the source to its end and stages its bytes for the target, in the memory that all migrations share.
 * Throws {@link StepFailure} when the bytes are not what the catalog knows.
 */
export async function stageTarget(
  job: MigrationJob,
  subject: MigrationSubject,
  copy: Copy,
): Promise<StagedTarget> {
  const { capabilities, multipart, name } = job.target.store
  const way = publicationWayOf(copy.size, capabilities)
  switch (way) {
    case 'whole':
      return stageWhole(job, subject, copy)
    case 'parts':
      return stageParts(job, subject, copy, multipart!)
    case 'stream':
      return stageStream(job, subject, copy)
    case null: {
      const message = `${name} takes at most ${publishedBytesMaxOf(capabilities)} bytes`
      throw new StepFailure('copy-refused', 'too-large', message)
    }
    default:
      return way satisfies never
  }
}

async function stageWhole(job: MigrationJob, subject: MigrationSubject, copy: Copy): Promise<StagedTarget> {
  const buffer = await buffersOf(job.parts).take(copy.size, job.signal)
  const { bytes } = buffer
  try {
    const { digests, ...read } = await readWhole(job, copy, bytes)
    const content = withMd5For(job, read.content, bytes)
    await checkContent(job, subject, copy, content, digests)
    await reach(job, 'source-read')
    return {
      content,
      publish: async (condition, announced) => {
        const result = await job.target.store.put(
          job.target.location.container,
          targetKeyOf(job.migration),
          bytes,
          {
            ...targetFacts(job.migration, subject, job.target, content.digests.sha256 ?? null),
            ...(condition === undefined ? {} : { condition }),
            size: copy.size,
            digests: content.digests,
            areDigestsFresh: true,
            signal: publicationSignal(job, copy.size, announced),
          },
        )
        buffer.giveBack(true)
        return result
      },
      release: () => buffer.giveBack(false),
    }
  } catch (error) {
    buffer.giveBack(false)
    throw error
  }
}

/** Resolves to what was read, with the digests the source's store reports of it. */
async function readWhole(job: MigrationJob, copy: Copy, into: Uint8Array) {
  const { body, digests } = await openSource(job, copy, { areChunksLent: true })
  const seen = startContentDigests(digestsFor(job))
  let length = 0
  // A body ends with an error unless it is as long as the store said, which is the copy's size.
  for await (const chunk of body) {
    into.set(chunk, length)
    // While the bytes are still in the processor's cache.
    seen.update(chunk)
    length += chunk.byteLength
  }
  return { content: seen.finish(), digests }
}

/**
 * Whether SHA-256 is to be computed of an object that is copied in parts: it is the dearest digest, and
 * cannot be put together. Once the catalog has it, the CRC-64/NVME shows whether the source is still what it
 * was, and the target's report whether the copy is.
 */
function needsSha256(job: MigrationJob, { version }: MigrationSubject): boolean {
  const known = version?.digests
  const isKnown = known?.sha256 != null && known.crc64nvme != null
  return !isKnown || mustReadBack(job) || !job.target.store.capabilities.reportedDigests.includes('crc64nvme')
}

/** CRC-32C only for a store that could report it. */
function digestsFor({ source, target }: MigrationJob): { needsCrc32c: boolean } {
  return {
    needsCrc32c: [source, target].some(({ store }) => store.capabilities.reportedDigests.includes('crc32c')),
  }
}

/** Adds MD5, which is slow, for a target that reports no other digest. */
function withMd5For(job: MigrationJob, content: SeenContent, bytes: Uint8Array): SeenContent {
  const reported = job.target.store.capabilities.reportedDigests
  const needsMd5 = reported.length === 1 && reported[0] === 'md5' && !mustReadBack(job)
  return needsMd5 ? { ...content, digests: { ...content.digests, md5: hash('md5', bytes, 'hex') } } : content
}

async function stageParts(
  job: MigrationJob,
  subject: MigrationSubject,
  copy: Copy,
  multipart: MultipartStore,
): Promise<StagedTarget> {
  const { container } = job.target.location
  const key = targetKeyOf(job.migration)
  const facts = targetFacts(job.migration, subject, job.target, subject.version?.digests.sha256 ?? null)
  const place = { storeId: job.target.location.storeId, container, nativeKey: key }
  const forgetStart = await job.parts.noteUploadStart(place)
  const { uploadId } = await multipart.create(container, key, { ...facts, signal: requestSignal(job, 0) })
  await reach(job, 'upload-begun')
  job.migration = await job.parts.ledger.reportProgress(job.lease, { uploadId, bytesCopied: 0 })
  await forgetStart()
  const partBytes = partBytesOf(copy.size, job.target.store.capabilities.multipart!)
  const { content, parts } = await sendParts(job, copy, {
    multipart,
    uploadId,
    partBytes,
    needsSha256: needsSha256(job, subject),
  })
  await checkContent(job, subject, copy, content, await reportedOfWhole(job, subject, copy))
  await reach(job, 'parts-staged')
  return {
    content,
    publish: (condition, announced) =>
      multipart.complete(container, key, uploadId, parts, {
        ...(condition === undefined ? {} : { condition }),
        signal: publicationSignal(job, copy.size, announced),
      }),
    release: () => undefined,
  }
}

/** For stores without multipart uploads: the source is read while the object is locked. */
async function stageStream(job: MigrationJob, subject: MigrationSubject, copy: Copy): Promise<StagedTarget> {
  // Read twice: nothing may be published before its digest is known to be right.
  const { body, digests } = await openSource(job, copy, { areChunksLent: true })
  const content = await digestBody(body)
  await checkContent(job, subject, copy, content, digests)
  return {
    content,
    publish: async (condition, announced) => {
      const { body } = await openSource(job, copy)
      return job.target.store.put(job.target.location.container, targetKeyOf(job.migration), body, {
        ...targetFacts(job.migration, subject, job.target, content.digests.sha256 ?? null),
        ...(condition === undefined ? {} : { condition }),
        size: copy.size,
        digests: content.digests,
        signal: publicationSignal(job, copy.size, announced),
      })
    },
    release: () => undefined,
  }
}

/** What the source's store reports of an object that was read in ranges, where nobody else knows a digest. */
async function reportedOfWhole(
  job: MigrationJob,
  { version }: MigrationSubject,
  copy: Copy,
): Promise<ObjectDigests> {
  const { store, location } = job.source
  const isKnown = version?.digests.sha256 != null || version?.digests.crc64nvme != null
  if (isKnown || store.capabilities.reportedDigests.length === 0) return {}
  const place = { store, container: location.container, nativeKey: copy.nativeKey }
  const found = await lookAt(place, requestSignal(job, 0))
  return found !== null && isSameCopy(copy, found) ? found.digests : {}
}

/**
 * Throws unless the bytes are what the catalog knows, or else the source's own store. A digest that differs
 * is read once more before the source is called corrupt: the network lies more often than a disk.
 */
async function checkContent(
  job: MigrationJob,
  subject: MigrationSubject,
  copy: Copy,
  content: SeenContent,
  digests: ObjectDigests,
): Promise<void> {
  const known = subject.version?.digests ?? {}
  const trusted = job.source.store.capabilities.reportedDigests
  const reported = Object.fromEntries(trusted.map(name => [name, digests[name]]))
  const first = judgeSource(copy.size, known, content, reported)
  if (first.verdict === 'right') return
  if (first.verdict === 'corrupt') {
    job.parts.metrics.verificationFailed('source')
    const read = await digestBody((await openSource(job, copy, { areChunksLent: true })).body)
    const again = judgeSource(copy.size, known, read, reported)
    if (again.verdict === 'corrupt') {
      throw new StepFailure('source-corrupt', `source-${again.difference.what}`, explain(job, again))
    }
  }
  throw new StepFailure('copy-failed', `source-${first.difference.what}`, explain(job, first))
}

function explain(job: MigrationJob, verdict: Exclude<SourceVerdict, { verdict: 'right' }>): string {
  const { what, expected, found } = verdict.difference
  return `${job.source.store.name}: the source's ${what} is ${found}, not ${expected}`
}

/** The smallest part size, from 8 MiB up, with which the object fits into the parts a store allows. */
export function partBytesOf(
  size: Bytes,
  limits: { readonly partSizeMin: Bytes; readonly partSizeMax: Bytes; readonly partsMax: number },
): Bytes {
  const needed = Math.ceil(size / limits.partsMax)
  return Math.min(limits.partSizeMax, Math.max(PART_BYTES, limits.partSizeMin, needed))
}
