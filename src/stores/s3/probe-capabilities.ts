import { randomUUID } from 'node:crypto'
import { startDigests } from '../body-digests.ts'
import {
  type ObjectDigests,
  type ObjectStore,
  StoreError,
  type StoreErrorKind,
  type WriteCondition,
} from '../object-store.ts'
import type { S3Credentials, S3Settings } from './config.ts'
import { digestHeadersOf } from './object-fields.ts'
import { payloadSha256Of } from './payload-hash.ts'
import { createS3Store } from './s3-store.ts'
import { S3Wire } from './s3-wire.ts'

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
  const wire = new S3Wire({ settings, credentials: options.credentials })
  const probe = {
    name: options.name,
    store,
    wire,
    container: options.container,
    key: `${PROBE_PREFIX}${randomUUID()}`,
  }
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
    await wire.close()
    await store.close()
  }
}

interface Probe {
  readonly name: string
  readonly store: ObjectStore
  /** For what the store would not send: a digest that is wrong. */
  readonly wire: S3Wire
  readonly container: string
  readonly key: string
}

/**
 * Digests that the server reports and has checked: one that keeps whatever it is told proves nothing. Leaves
 * the object behind for the next probes.
 */
async function probeDigests(probe: Probe): Promise<('sha256' | 'crc64nvme')[]> {
  const { store, container, key } = probe
  await store.put(container, key, BYTES, { size: BYTES.length })
  const found: ('sha256' | 'crc64nvme')[] = []
  for (const name of ['crc64nvme', 'sha256'] as const) {
    const running = await startDigests([name])
    running.update(BYTES)
    const digests = running.finish()
    const refusal = await refusalOf(store.put(container, key, BYTES, { size: BYTES.length, digests }))
    const reported = refusal === null ? (await store.head(container, key)).digests[name] : undefined
    const isReported = reported !== undefined && reported === digests[name]
    if (isReported && (await refusesWrongDigest(probe, digests))) found.push(name)
  }
  return found
}

/** Sends other bytes with these digests. The signature names the hash of what is really sent. */
async function refusesWrongDigest(probe: Probe, digests: ObjectDigests): Promise<boolean> {
  const body = Buffer.from(BYTES).reverse()
  const sent = probe.wire.send(
    { store: probe.name, operation: 'put', key: probe.key },
    {
      method: 'PUT',
      container: probe.container,
      headers: { ...digestHeadersOf(digests), 'content-length': String(body.length) },
      body,
      payloadSha256: payloadSha256Of(body),
      as: 'upload',
    },
  )
  return (await refusalOf(sent.then(answer => answer.body.drop()))) !== null
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
