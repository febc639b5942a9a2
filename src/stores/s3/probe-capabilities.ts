import { randomUUID } from 'node:crypto'
import { startDigests } from '../body-digests.ts'
import { type ObjectStore, StoreError, type StoreErrorKind, type WriteCondition } from '../object-store.ts'
import type { S3Credentials, S3Settings } from './config.ts'
import { createS3Store } from './s3-store.ts'

/** The settings a probe finds out. */
export type ProbedSettings = Pick<S3Settings, 'capabilities'>

/** Where probes write. The keys are gone afterwards. */
const PROBE_PREFIX = 'dim-probe-'

const BYTES = Buffer.from('a probe of what this server does')
const OTHER = { etag: '00000000000000000000000000000000', versionId: null }

/**
 * Finds out, by trying, what an S3 server does that servers differ in: whether it honours conditions on
 * writes, reads and deletes, and which digests it reports. Writes and deletes a few small objects in the
 * bucket, which must be there. The answer is stored as `settings.capabilities`.
 *
 * Throws {@link StoreError} when the server cannot be reached or refuses an ordinary write.
 */
export async function probeS3Capabilities(options: {
  name: string
  settings: S3Settings
  credentials: S3Credentials
  container: string
}): Promise<ProbedSettings> {
  const hoped = { conditionalPut: true, conditionalDelete: true, conditionalRead: true, versions: false }
  const settings = { ...options.settings, capabilities: { ...hoped, reportedDigests: [] } }
  const store = createS3Store({ ...options, settings })
  const probe = { store, container: options.container, key: `${PROBE_PREFIX}${randomUUID()}` }
  try {
    const reportedDigests = await probeDigests(probe)
    const conditionalRead = await probeRead(probe)
    const conditionalPut = await probePut(probe)
    const conditionalDelete = await probeDelete(probe)
    return {
      capabilities: {
        ...options.settings.capabilities,
        conditionalPut,
        conditionalDelete,
        conditionalRead,
        reportedDigests,
      },
    }
  } finally {
    await store.delete(probe.container, probe.key).catch((error: unknown) => error)
    await store.close()
  }
}

interface Probe {
  readonly store: ObjectStore
  readonly container: string
  readonly key: string
}

/** Leaves the object behind for the next probes. */
async function probeDigests({ store, container, key }: Probe): Promise<('sha256' | 'crc64nvme')[]> {
  await store.put(container, key, BYTES, { size: BYTES.length })
  const found: ('sha256' | 'crc64nvme')[] = []
  for (const name of ['crc64nvme', 'sha256'] as const) {
    const running = await startDigests([name])
    running.update(BYTES)
    const digests = running.finish()
    const refusal = await refusalOf(store.put(container, key, BYTES, { size: BYTES.length, digests }))
    const reported = refusal === null ? (await store.head(container, key)).digests[name] : undefined
    if (reported !== undefined && reported === digests[name]) found.push(name)
  }
  return found
}

async function probeRead({ store, container, key }: Probe): Promise<boolean> {
  return (await refusalOf(store.head(container, key, { onlyIf: OTHER }))) === 'precondition-failed'
}

async function probePut({ store, container, key }: Probe): Promise<boolean> {
  const put = (condition: WriteCondition) =>
    refusalOf(store.put(container, key, BYTES, { size: BYTES.length, condition }))
  if ((await put({ kind: 'absent' })) !== 'precondition-failed') return false
  if ((await put({ kind: 'identity', identity: OTHER })) !== 'precondition-failed') return false
  const { identity } = await store.head(container, key)
  return (await put({ kind: 'identity', identity })) === null
}

/** Counts only when the object goes exactly when its own identity is named. */
async function probeDelete({ store, container, key }: Probe): Promise<boolean> {
  if ((await refusalOf(store.delete(container, key, { onlyIf: OTHER }))) !== 'precondition-failed')
    return false
  const { identity } = await store.head(container, key)
  if ((await refusalOf(store.delete(container, key, { onlyIf: identity }))) !== null) return false
  return (await refusalOf(store.head(container, key))) === 'not-found'
}

/** The kind with which the server refused, or null when it did as asked. Throws when it gave no answer. */
async function refusalOf(work: Promise<unknown>): Promise<StoreErrorKind | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      const isAnswer = error instanceof StoreError && error.retry === 'no' && error.kind !== 'access-denied'
      if (isAnswer) return error.kind
      throw error
    },
  )
}
