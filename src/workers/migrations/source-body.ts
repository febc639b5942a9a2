import type { Copy } from '../../domain/object.ts'
import { isSameCopy } from '../../migration/deletion.ts'
import { type GetOptions, type StoredObjectWithBody, StoreError } from '../../stores/object-store.ts'
import { type MigrationEnd, type MigrationJob, requestSignal, StepFailure } from './migration-job.ts'

/**
 * Opens the bytes of a copy and makes sure that they are that copy's. Throws {@link StepFailure}
 * `source-changed` when the store has other bytes there, or none, which is looked at twice.
 */
export async function openSource(
  job: MigrationJob,
  copy: Copy,
  options: Pick<GetOptions, 'areChunksLent'> = {},
): Promise<StoredObjectWithBody> {
  return open(job, copy, { ...options, signal: requestSignal(job, copy.size) })
}

/** As {@link openSource}, for one range of the copy's bytes; offsets are inclusive. */
export async function openSourceRange(
  job: MigrationJob,
  copy: Copy,
  options: Required<Pick<GetOptions, 'range' | 'areChunksLent'>> & { readonly signal: AbortSignal },
): Promise<StoredObjectWithBody> {
  return open(job, copy, options)
}

async function open(job: MigrationJob, copy: Copy, options: GetOptions): Promise<StoredObjectWithBody> {
  const { store, location } = job.source
  const onlyIf = store.capabilities.conditionalRead ? { onlyIf: copy.identity } : {}
  try {
    const stored = await store.get(location.container, copy.nativeKey, { ...onlyIf, ...options })
    if (isSameCopy(copy, stored)) return stored
    stored.body.destroy()
  } catch (error) {
    if (!isGone(error)) throw error
  }
  await checkSourceUnchanged(job, copy)
  throw new StoreError({
    kind: 'unexpected',
    retry: 'yes',
    store: store.name,
    operation: 'get',
    key: copy.nativeKey,
    message: `${store.name}: the source could not be read a moment ago and is there now`,
  })
}

/** Throws {@link StepFailure} `source-changed` when the store has other bytes there, or none. */
export async function checkSourceUnchanged(job: MigrationJob, copy: Copy): Promise<void> {
  const found = await findCopy(job, job.source, copy)
  if (found === 'same') return
  const what = found === 'gone' ? 'is gone' : 'has other bytes than our copy'
  throw new StepFailure('source-changed', `source-${found}`, `${job.source.store.name}: the source ${what}`)
}

/** Whether the store still has the bytes that a copy's row speaks of. */
export async function findCopy(
  job: Pick<MigrationJob, 'signal' | 'parts'>,
  end: MigrationEnd,
  copy: Copy,
): Promise<'same' | 'other' | 'gone'> {
  try {
    const signal = requestSignal(job, 0)
    const stored = await end.store.head(end.location.container, copy.nativeKey, { signal })
    return isSameCopy(copy, stored) ? 'same' : 'other'
  } catch (error) {
    if (error instanceof StoreError && (error.kind === 'not-found' || error.kind === 'container-not-found')) {
      return 'gone'
    }
    throw error
  }
}

function isGone(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false
  return ['not-found', 'container-not-found', 'precondition-failed'].includes(error.kind)
}
