import { type Bytes, MIB } from '../../domain/bytes.ts'
import { SECOND } from '../../domain/duration.ts'
import { joinSignals } from '../../domain/join-signals.ts'
import type { MigrationSubject } from '../../domain/migration-record.ts'
import type { Copy } from '../../domain/object.ts'
import { provenBytesMaxOf, WHOLE_BYTES_MAX } from '../../domain/publication-way.ts'
import { StoreError, type StoreErrorKind } from '../../stores/object-store.ts'
import { systemTimers } from '../timers.ts'
import { targetFacts } from './copy-metadata.ts'
import { type MigrationJob, mustReadBack, publicationSignal, targetKeyOf } from './migration-job.ts'
import type { StagedTarget } from './stage-target.ts'

/** Larger objects are sent in parts as ever: these are staged while clients can still write the object. */
const WITHIN_BYTES_MAX: Bytes = 512 * MIB
/** How long a store may take for a copy, in wall milliseconds: clients that write the object wait meanwhile. */
const WITHIN_MS_MAX = 15 * SECOND

/** What a store answers that does not copy these bytes, where reading and sending them may succeed. */
const REFUSALS: ReadonlySet<StoreErrorKind> = new Set([
  'unsupported',
  'access-denied',
  'too-large',
  'metadata-too-large',
  'digest-mismatch',
  'truncated',
])

/** A target that its own store makes out of the source, when it is published. */
export interface TargetWithin {
  readonly staged: StagedTarget
  /** Whether the store was asked to copy, and failed with this error. */
  isOfCopy(error: unknown): error is StoreError
}

/**
 * Prepares a copy that the store makes by itself, where source and target lie in one store; null where the bytes are
 * to be read and sent. What a store says of bytes that it copied may be what it said of the source, so that they are
 * always read back: only copies that would be read back anyway are made like this, and no move costs more than its
 * plan says. The catalog must know a digest to compare them with. A try after the first reads the source, which
 * tells whether it is that or the store's copy that is bad.
 */
export async function stageWithin(
  job: MigrationJob,
  subject: MigrationSubject,
  source: Copy,
): Promise<TargetWithin | null> {
  const { store, location } = job.target
  const copyWithin = store.copyWithin?.bind(store)
  const digests = knownDigests(subject)
  if (copyWithin === undefined || digests === null || !mayCopyWithin(job, source)) return null
  const [container, key] = [location.container, targetKeyOf(job.migration)]
  // Some copies are put together of parts, by an upload whose id only the store's adapter learns.
  const forgetStart =
    store.multipart === undefined
      ? null
      : await job.parts.noteUploadStart({ storeId: location.storeId, container, nativeKey: key })
  const from = {
    container: job.source.location.container,
    key: source.nativeKey,
    identity: source.identity,
  }
  let failure: unknown = null
  return {
    staged: {
      content: { size: source.size, digests },
      isMadeByStore: true,
      publish: async (condition, announced) => {
        const { timers = systemTimers } = job.parts
        const result = await copyWithin(
          from,
          { container, key },
          {
            ...targetFacts(job.migration, subject, job.target, digests.sha256 ?? null),
            ...(condition === undefined ? {} : { condition }),
            size: source.size,
            signal: joinSignals([
              publicationSignal(job, source.size, announced),
              timers.timeoutSignal(WITHIN_MS_MAX),
            ]),
          },
        ).catch((error: unknown) => {
          failure = error
          throw error
        })
        await forgetStart?.()
        return result
      },
      release: () => undefined,
    },
    isOfCopy: (error): error is StoreError => error === failure && error instanceof StoreError,
  }
}

/** Whether a store refused to copy, so that the bytes are to be read and sent. */
export function isRefusedCopy({ kind, retry }: StoreError): boolean {
  return retry !== 'unknown-outcome' && REFUSALS.has(kind)
}

function mayCopyWithin(job: MigrationJob, { identity, size }: Copy): boolean {
  const { source, target, migration } = job
  const { capabilities } = target.store
  const isFirstTry = migration.attempt <= 1 && migration.evidence.outage === undefined
  // A repair proves its source by reading it before it replaces anything.
  if (!isFirstTry || migration.kind === 'repair') return false
  if (source.location.storeId !== target.location.storeId) return false
  if (identity.etag === null && identity.versionId === null) return false
  if (size <= WHOLE_BYTES_MAX || size > WITHIN_BYTES_MAX) return false
  const classes = [source.location.storageClass, target.location.storageClass]
  if (classes.some(name => name !== null && capabilities.archiveClasses.includes(name))) return false
  const provenMax = provenBytesMaxOf(capabilities)
  return mustReadBack(job) || (provenMax !== null && size > provenMax)
}

/** The digests by which bytes that were read back can be proven; null where the catalog has none of them. */
function knownDigests({ version }: MigrationSubject): { sha256?: string; crc64nvme?: string } | null {
  const { sha256 = null, crc64nvme = null } = version?.digests ?? {}
  if (sha256 === null && crc64nvme === null) return null
  return { ...(sha256 === null ? {} : { sha256 }), ...(crc64nvme === null ? {} : { crc64nvme }) }
}
