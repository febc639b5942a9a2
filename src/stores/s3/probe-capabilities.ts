import { randomUUID } from 'node:crypto'
import { startDigests } from '../body-digests.ts'
import type { ObjectDigests, ObjectStore, WriteCondition } from '../object-store.ts'
import { refusalOf, worksAt } from '../probe-answers.ts'
import type { S3Credentials, S3Settings } from './config.ts'
import { digestHeadersOf } from './object-fields.ts'
import { payloadSha256Of } from './payload-hash.ts'
import { probeArchiveClasses, probeConditionalCopy, probeCopy, probeStorageClasses } from './probe-copies.ts'
import { BYTES, OTHER, type Probe } from './probe-frame.ts'
import { probeIncompleteBodies, probeKeys } from './probe-keys.ts'
import { leftVersions, readServerFacts } from './probe-server.ts'
import { S3Connection } from './s3-connection.ts'
import { createS3Store } from './s3-store.ts'
import { S3Wire } from './s3-wire.ts'
import { s3VendorOf } from './vendors.ts'

/** The settings a probe finds out. */
export type ProbedSettings = Pick<
  S3Settings,
  'capabilities' | 'keys' | 'incompleteBodies' | 'reservedPrefixes'
>

/** What a probe found out about a server. */
export interface S3Probe {
  readonly settings: ProbedSettings
  /** The server's name where it is known, see `vendors.ts`. */
  readonly vendor: string | null
  /** What people should know of it. */
  readonly notes: readonly string[]
}

/** Where probes write. The keys are gone afterwards. */
const PROBE_PREFIX = 'dim-probe-'

/** What is hoped for while it is tried; the conditions of copies and digests of parts are tried apart. */
const HOPED = {
  conditionalPut: true,
  conditionalDelete: true,
  conditionalRead: true,
  reportedDigests: [],
  serverSideCopy: true,
  tags: true,
  encryption: 'on-request',
} as const

/**
 * Finds out, by trying, what an S3 server does that servers differ in: which conditions it honours, which
 * digests it reports and checks, what it does to keys, and whether it has copies, storage classes, tags,
 * encryption and locks. Writes and deletes a few dozen small objects in the bucket, which must be there. The
 * answer is stored in the store's settings; what is known of the server besides is in `vendors.ts`.
 *
 * Throws `StoreError` when the server cannot be reached or refuses an ordinary write.
 */
export async function probeS3Capabilities(options: {
  name: string
  settings: S3Settings
  credentials: S3Credentials
  container: string
}): Promise<S3Probe> {
  const { name, container, credentials } = options
  const connection = new S3Connection(options)
  const wire = new S3Wire(options)
  const facts = await readServerFacts(wire, name, container)
  const open = (changed: S3Settings['capabilities'] = {}): ObjectStore =>
    createS3Store({
      name,
      credentials,
      settings: {
        ...options.settings,
        keys: 'opaque',
        incompleteBodies: 'refused',
        capabilities: { ...HOPED, reportedDigests: [], versions: facts.versions, ...changed },
      },
    })
  const key = `${PROBE_PREFIX}${randomUUID()}`
  const first: Probe = { name, store: open(), open, wire, container, key }
  // A server without tags may refuse to hear of them with a copy.
  const tags = await probeTags(first).finally(() => first.store.close())
  const openKnowing = (changed: S3Settings['capabilities']) => open({ tags, ...changed })
  const probe: Probe = { ...first, store: openKnowing({}), open: openKnowing }
  try {
    const reportedDigests = await probeDigests(probe)
    const conditionalRead = await probeRead(probe)
    const conditionalPut = await probePut(probe)
    const conditionalDelete = await probeDelete(probe)
    const encryption = await probeEncryption(probe)
    const serverSideCopy = await probeCopy(probe)
    const incompleteBodies = await probeIncompleteBodies(probe)
    const storageClasses = await probeStorageClasses(probe)
    const archiveClasses = await probeArchiveClasses(probe, storageClasses)
    const { hostname } = new URL(options.settings.endpoint ?? 'https://s3.amazonaws.com')
    const vendor = s3VendorOf({ hostname, server: facts.server })
    const reserved = [...options.settings.reservedPrefixes, ...(vendor?.settings.reservedPrefixes ?? [])]
    return {
      vendor: vendor?.name ?? null,
      notes: vendor?.notes ?? [],
      settings: {
        keys: await probeKeys(probe),
        incompleteBodies,
        reservedPrefixes: [...new Set(reserved)],
        capabilities: {
          conditionalPut,
          conditionalDelete,
          conditionalRead,
          reportedDigests,
          versions: facts.versions,
          serverSideCopy,
          conditionalCopy: serverSideCopy && (await probeConditionalCopy(probe)),
          multipartDigests: await probeMultipartDigests(probe),
          storageClasses: serverSideCopy ? storageClasses : [],
          ...(archiveClasses === undefined ? {} : { archiveClasses }),
          tags,
          objectLock: facts.objectLock,
          encryption,
        },
      },
    }
  } finally {
    await clear(probe, connection, facts.versions)
    connection.close()
    await wire.close()
  }
}

async function clear(probe: Probe, connection: S3Connection, keepsVersions: boolean): Promise<void> {
  const { store, container, key } = probe
  const left = keepsVersions ? await leftVersions(connection, container, key) : await leftKeys(probe)
  for (const { key: found, versionId } of left) {
    const named = versionId === null ? {} : { onlyIf: { etag: null, versionId }, isFormer: true }
    await store.delete(container, found, named).catch((error: unknown) => error)
  }
  await store.close()
}

/** What probes wrote; where it cannot be listed, the keys that most of them write under. */
async function leftKeys({ store, container, key }: Probe): Promise<{ key: string; versionId: null }[]> {
  const keys = await store.list(container, { prefix: key }).then(
    page => page.objects.map(found => found.key),
    () => [key, `${key}-copy`, `${key}-broken`],
  )
  return keys.map(found => ({ key: found, versionId: null }))
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
    const running = startDigests([name])
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

/** Counts only when completions compare as well as puts do. */
async function probePut(probe: Probe): Promise<boolean> {
  const { store, container, key } = probe
  const put = (condition: WriteCondition) =>
    refusalOf(store.put(container, key, BYTES, { size: BYTES.length, condition }))
  if ((await put({ kind: 'absent' })) !== 'precondition-failed') return false
  if ((await put({ kind: 'identity', identity: OTHER })) !== 'precondition-failed') return false
  const { identity } = await store.head(container, key)
  if ((await put({ kind: 'identity', identity })) !== null) return false
  if (store.capabilities.versions && !(await writesOverMarker(probe))) return false
  return completesUnderConditions(store, container, key).catch(error => worksAt(Promise.reject(error)))
}

/**
 * Whether a key that is marked as deleted counts as one where nothing is. versitygw 1.8.0 refuses to write there on
 * that condition, so that what was once deleted could never be written again.
 */
async function writesOverMarker({ store, container, key }: Probe): Promise<boolean> {
  await store.delete(container, key)
  const condition = { kind: 'absent' } as const
  const refusal = await refusalOf(store.put(container, key, BYTES, { size: BYTES.length, condition }))
  if (refusal !== null) await store.put(container, key, BYTES, { size: BYTES.length })
  return refusal === null
}

async function completesUnderConditions(
  store: ObjectStore,
  container: string,
  key: string,
): Promise<boolean> {
  const multipart = store.multipart!
  const { uploadId } = await multipart.create(container, key, {})
  const options = { size: BYTES.length }
  const parts = [{ partNumber: 1, ...(await multipart.putPart(container, key, uploadId, 1, BYTES, options)) }]
  const conditions = [{ kind: 'absent' }, { kind: 'identity', identity: OTHER }] as const
  for (const condition of conditions) {
    const completed = multipart.complete(container, key, uploadId, parts, { condition })
    if ((await refusalOf(completed)) === 'precondition-failed') continue
    await multipart.abort(container, key, uploadId).catch((error: unknown) => error)
    return false
  }
  await multipart.abort(container, key, uploadId)
  return true
}

/** Counts only when the object goes exactly when its own identity is named. */
async function probeDelete({ store, container, key }: Probe): Promise<boolean> {
  await store.put(container, key, BYTES, { size: BYTES.length })
  if ((await refusalOf(store.delete(container, key, { onlyIf: OTHER }))) !== 'precondition-failed')
    return false
  const { etag } = (await store.head(container, key)).identity
  const onlyIf = { etag, versionId: null }
  if ((await refusalOf(store.delete(container, key, { onlyIf }))) !== null) return false
  return (await refusalOf(store.head(container, key))) === 'not-found'
}

async function probeEncryption({ store, container, key }: Probe): Promise<'always' | 'on-request' | 'none'> {
  await store.put(container, key, BYTES, { size: BYTES.length })
  if ((await store.head(container, key)).encryption !== null) return 'always'
  const encryption = { kind: 'store' } as const
  const isTaken = await worksAt(store.put(container, key, BYTES, { size: BYTES.length, encryption }))
  return isTaken && (await store.head(container, key)).encryption !== null ? 'on-request' : 'none'
}

async function probeTags({ store, container, key }: Probe): Promise<boolean> {
  await store.put(container, key, BYTES, { size: BYTES.length })
  const tags = { 'dim probe': 'a+b' }
  if (!(await worksAt(store.put(container, key, BYTES, { size: BYTES.length, tags })))) return false
  const found = await store.head(container, key, { withTags: true }).catch(() => null)
  return found?.tags?.['dim probe'] === tags['dim probe']
}

/** Whether the server tells a checksum of the whole that is right when it puts parts together. */
async function probeMultipartDigests({ open, container, key }: Probe): Promise<boolean> {
  const store = open({ multipartDigests: true })
  const multipart = store.multipart!
  const running = startDigests(['crc64nvme'])
  running.update(BYTES)
  const { crc64nvme } = running.finish()
  try {
    const { uploadId } = await multipart.create(container, key, {})
    try {
      const part = await multipart.putPart(container, key, uploadId, 1, BYTES, { size: BYTES.length })
      const { digests } = await multipart.complete(container, key, uploadId, [{ partNumber: 1, ...part }])
      return (
        digests?.crc64nvme === crc64nvme && (await store.head(container, key)).digests.crc64nvme === crc64nvme
      )
    } catch (error) {
      await multipart.abort(container, key, uploadId).catch((problem: unknown) => problem)
      throw error
    }
  } catch (error) {
    return worksAt(Promise.reject(error))
  } finally {
    await store.close()
  }
}
