import { randomUUID } from 'node:crypto'
import { KIB } from '../../domain/bytes.ts'
import { type DigestName, startDigests } from '../body-digests.ts'
import type { ObjectStore, WriteCondition } from '../object-store.ts'
import { asRefusal, refusalOf } from '../probe-answers.ts'
import type { GcsCredentials, GcsSettings } from './config.ts'
import { GcsConnection } from './gcs-connection.ts'
import { createGcsStore } from './gcs-store.ts'
import { base64Of, digestsOf, type ObjectResource } from './object-fields.ts'
import { UploadSession } from './resumable-upload.ts'
import { type Upload, uploadWhole } from './whole-upload.ts'

/** The settings a probe finds out. */
export type ProbedSettings = Pick<GcsSettings, 'capabilities' | 'deletes' | 'interruptedUploads'>

/** Where probes write. The keys are gone afterwards. */
const PROBE_PREFIX = 'dim-probe-'

const BYTES = Buffer.from('a probe of what this server does')
const CHUNK = Buffer.alloc(256 * KIB)
const OTHER = { etag: 'CAE=', versionId: '1' }

interface ProbeOptions {
  readonly name: string
  readonly settings: GcsSettings
  readonly credentials: GcsCredentials
  readonly container: string
}

interface Probe {
  readonly options: ProbeOptions
  readonly store: ObjectStore
  readonly connection: GcsConnection
  readonly container: string
  readonly key: string
}

/**
 * Finds out, by trying, what a server of Google's JSON API does that Google and its emulators differ in:
 * whether conditions on writes and deletes are honoured, which digests it reports are its own, and whether an
 * upload can be resumed. Writes and deletes a few small objects in the bucket, which must be there. The
 * answer is stored in the store's settings.
 *
 * Throws {@link StoreError} when the server cannot be reached or refuses an ordinary write.
 */
export async function probeGcsCapabilities(options: ProbeOptions): Promise<ProbedSettings> {
  const probe = startProbe(options, 'if-generation-match')
  const byGeneration = startProbe(options, 'by-generation', probe.key)
  try {
    await probe.store.list(probe.container, { limit: 1 })
    const reportedDigests = await probeDigests(probe)
    const conditionalPut = await probePut(probe)
    const honoursCondition = await probeDelete(probe)
    const conditionalDelete = honoursCondition || (await probeDelete(byGeneration))
    const serverSideCopy = await probeCopy(probe)
    return {
      interruptedUploads: (await probeResuming(probe)) ? 'resumed' : 'given-up',
      deletes: conditionalDelete && !honoursCondition ? 'by-generation' : 'if-generation-match',
      capabilities: {
        ...options.settings.capabilities,
        conditionalPut,
        conditionalDelete,
        reportedDigests,
        serverSideCopy,
      },
    }
  } finally {
    for (const key of [probe.key, copyKeyOf(probe)]) {
      await probe.store.delete(probe.container, key).catch((error: unknown) => error)
    }
    for (const { store, connection } of [probe, byGeneration]) {
      await store.close()
      await connection.wire.close()
    }
  }
}

function startProbe(
  options: ProbeOptions,
  deletes: GcsSettings['deletes'],
  key = `${PROBE_PREFIX}${randomUUID()}`,
): Probe {
  const hoped = { conditionalPut: true, conditionalDelete: true, serverSideCopy: true }
  const capabilities = { ...hoped, reportedDigests: [] }
  const settings = { ...options.settings, deletes, capabilities }
  const store = createGcsStore({ ...options, settings })
  return { options, store, connection: new GcsConnection(options), container: options.container, key }
}

/** Digests that the server computes itself: a wrong one is refused, or at least not repeated. */
async function probeDigests(probe: Probe): Promise<('crc32c' | 'md5')[]> {
  const right = await digestsOfBytes(['crc32c', 'md5'])
  const wrong = { crc32c: '00000000', md5: '0'.repeat(32) }
  const found: ('crc32c' | 'md5')[] = []
  for (const name of ['crc32c', 'md5'] as const) {
    const given = { ...right, [name]: wrong[name] }
    const kept = await uploadWith(probe, given).catch(asRefusal)
    const isRight =
      kept === 'digest-mismatch' || (typeof kept === 'object' && digestsOf(kept)[name] === right[name])
    const plain = await uploadWith(probe, right)
    if (isRight && digestsOf(plain)[name] === right[name]) found.push(name)
  }
  return found
}

async function digestsOfBytes(names: readonly DigestName[]): Promise<{ crc32c: string; md5: string }> {
  const running = startDigests(names)
  running.update(BYTES)
  return running.finish() as { crc32c: string; md5: string }
}

/** Uploads the probe's bytes and claims these digests for them, without the checks the store would make. */
function uploadWith(
  { connection, container, key }: Probe,
  claimed: { crc32c: string; md5: string },
): Promise<ObjectResource> {
  const resource = { name: key, md5Hash: base64Of(claimed.md5) }
  const upload = { ...uploadOf(container, resource), size: BYTES.length }
  return uploadWhole(connection, connection.operation('probe', key), upload, BYTES, claimed)
}

function uploadOf(container: string, resource: Upload['resource']): Upload {
  return {
    container,
    resource,
    size: 2 * CHUNK.length,
    ifGenerationMatch: undefined,
    kmsKeyName: undefined,
    signal: undefined,
  }
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
  const { identity } = await store.put(container, key, BYTES, { size: BYTES.length })
  await refusalOf(store.delete(container, key, { onlyIf: OTHER }))
  if ((await refusalOf(store.head(container, key))) !== null) return false
  if ((await refusalOf(store.delete(container, key, { onlyIf: identity }))) !== null) return false
  return (await refusalOf(store.head(container, key))) === 'not-found'
}

/** Counts only when both conditions of a copy are honoured, and it has the facts it was told and no others. */
async function probeCopy(probe: Probe): Promise<boolean> {
  const { store, container, key } = probe
  const facts = { headers: { contentType: 'text/x', cacheControl: 'no-cache' }, metadata: { a: 'b' } }
  const { identity } = await store.put(container, key, BYTES, { size: BYTES.length, ...facts })
  const to = { container, key: copyKeyOf(probe) }
  const copy = (from: typeof identity, condition?: WriteCondition) =>
    refusalOf(
      store.copyWithin!({ container, key, identity: from }, to, {
        size: BYTES.length,
        headers: { contentType: 'text/y' },
        ...(condition === undefined ? {} : { condition }),
      }),
    )
  if ((await copy(OTHER)) === null) return false
  if ((await copy(identity, { kind: 'absent' })) !== null) return false
  if ((await copy(identity, { kind: 'absent' })) !== 'precondition-failed') return false
  const { headers, metadata } = await store.head(container, to.key)
  return headers.cacheControl === undefined && Object.keys(metadata).length === 0
}

function copyKeyOf({ key }: Probe): string {
  return `${key}-copy`
}

/** Whether the server, asked in the middle of an upload, says how much it has and makes no object of that. */
async function probeResuming({ store, connection, container, key }: Probe): Promise<boolean> {
  const operation = connection.operation('probe', key)
  const upload = uploadOf(container, { name: key })
  const session = await UploadSession.start(connection, operation, upload)
  await session.sendChunk(CHUNK, 0, null)
  const progress = await session.askProgress().catch(asRefusal)
  await session.forget()
  const isToldRight =
    typeof progress === 'object' && 'received' in progress && progress.received === CHUNK.length
  return isToldRight && (await refusalOf(store.head(container, key))) === 'not-found'
}
