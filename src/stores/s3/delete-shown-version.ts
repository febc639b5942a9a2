import type { StoreIdentity } from '../../domain/object.ts'
import { type StoreCapabilities, StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import { conditionHeaders, onlyIfParts } from './conditions.ts'
import { decodeKey } from './s3-listing.ts'
import { documentOf, type S3Wire } from './s3-wire.ts'
import { encodeForS3 } from './sign-request.ts'
import { translateS3Error } from './translate-error.ts'
import { elementOf } from './xml-elements.ts'

/** One key of a bucket that keeps versions. */
export interface VersionedKey {
  readonly wire: S3Wire
  readonly capabilities: Pick<StoreCapabilities, 'conditionalDelete'>
  readonly container: string
  readonly operation: StoreOperation & { readonly key: string }
  readonly signal: AbortSignal | undefined
}

/** One version of an object, or the marker of a deletion. */
interface ListedVersion {
  readonly id: string
  readonly isMarker: boolean
  readonly isLatest: boolean
}

/**
 * Deletes a version by its name, so that the key shows nothing afterwards. S3 itself shows the version before it
 * again when the one that is shown is deleted. Where there is one, the key gets a delete marker first, on condition
 * that the version is still shown, and only then the version goes: whoever reads sees the bytes or nothing, and the
 * history stays. A version that a marker hides goes by its name alone.
 *
 * Kind `unsupported` where the bucket was told to keep no more versions, because a marker would take its unnamed
 * version away. Kind `precondition-failed` when another version is shown: this one belongs to the history of who wrote
 * that. Without conditional deletes it is looked for after the marking, too, and the marker is taken back.
 */
export async function deleteShownVersion(key: VersionedKey, identity: StoreIdentity): Promise<void> {
  // The version that is shown and the one right beneath it: servers list versions and markers apart.
  const listed = await listVersions(key, 2)
  const shown = listed.find(({ isLatest }) => isLatest)
  if (shown !== undefined && !shown.isMarker && shown.id !== identity.versionId) {
    throw storeFailure(key.operation, 'precondition-failed', 'another version is shown')
  }
  const [beneath] = listed.filter(({ id }) => id !== identity.versionId)
  const isHidden = shown?.id !== identity.versionId
  if (isHidden || beneath === undefined || beneath.isMarker) return deleteVersion(key, identity)
  await checkKeepsVersions(key)
  const isCompared = key.capabilities.conditionalDelete && identity.etag !== null
  const marker = await putMarker(key, isCompared ? identity : null)
  try {
    if (!isCompared) await checkNobodyWrote(key, [...listed.map(({ id }) => id), marker])
    await deleteVersion(key, identity)
  } catch (error) {
    // What certainly is still there shall be seen. What may be gone or go later stays hidden with what is beneath.
    if (error instanceof StoreError && error.retry !== 'unknown-outcome') await takeBack(key, marker)
    throw error
  }
}

/** The first versions of exactly this key, the one that is shown first. */
async function listVersions(key: VersionedKey, limit: number): Promise<ListedVersion[]> {
  const prefix = encodeForS3(key.operation.key)
  const query = `encoding-type=url&max-keys=${limit}&prefix=${prefix}&versions=`
  const document = await ask(key, query)
  // A proxy's page with status 200 must not pass for a key without history.
  if (!document.includes('<ListVersionsResult')) {
    throw storeFailure(key.operation, 'unexpected', 'the answer is not a listing of versions', {
      retry: 'yes',
    })
  }
  const isEncoded = elementOf(document, 'EncodingType') === 'url'
  const entries = document.matchAll(/<(Version|DeleteMarker)>([\s\S]*?)<\/\1>/g)
  return [...entries].flatMap(([, kind, entry = '']) => {
    const listedKey = elementOf(entry, 'Key') ?? ''
    const id = elementOf(entry, 'VersionId')
    const isIt = (isEncoded ? decodeKey(key.operation, listedKey) : listedKey) === key.operation.key
    if (!isIt || id === null) return []
    return [{ id, isMarker: kind === 'DeleteMarker', isLatest: elementOf(entry, 'IsLatest') === 'true' }]
  })
}

async function checkKeepsVersions(key: VersionedKey): Promise<void> {
  const document = await ask(key, 'versioning=')
  if (/<Status>Enabled<\/Status>/.test(document)) return
  const message = 'the bucket keeps no more versions, and a marker could take the one without a name away'
  throw storeFailure(key.operation, 'unsupported', message)
}

/** Hides the key; answers the marker's own version. */
async function putMarker(key: VersionedKey, shown: StoreIdentity | null): Promise<string> {
  const { wire, operation, container, signal } = key
  const condition = shown === null ? undefined : ({ kind: 'identity', identity: shown } as const)
  const headers = conditionHeaders(condition)
  const answer = await wire.send(operation, { method: 'DELETE', container, headers, as: 'write', signal })
  answer.body.drop()
  const id = answer.headers['x-amz-version-id']
  if (id !== undefined && id !== '') return id
  const message = 'the server did not say how it marked a deletion'
  throw storeFailure(operation, 'unexpected', message, { retry: 'unknown-outcome' })
}

async function checkNobodyWrote(key: VersionedKey, known: readonly string[]): Promise<void> {
  const listed = await listVersions(key, 3)
  if (listed.every(({ id, isMarker }) => isMarker || known.includes(id))) return
  throw storeFailure(key.operation, 'precondition-failed', 'others wrote in the moment of the deletion')
}

/** Deletes a version by its name, whatever is shown afterwards. Deleting one that is not there is no error. */
export async function deleteVersion(key: VersionedKey, identity: StoreIdentity): Promise<void> {
  const { wire, operation, container, signal } = key
  const request = { ...onlyIfParts(identity), method: 'DELETE', container, as: 'write', signal } as const
  try {
    const answer = await wire.send(operation, request)
    answer.body.drop()
  } catch (error) {
    // versitygw 1.8.0 answers that the name of a version that is gone is invalid.
    const isRefused = error instanceof StoreError && error.kind === 'unexpected' && error.retry === 'no'
    if (!isRefused || !(await isGone(key, identity))) throw error
  }
}

async function isGone({ wire, operation, container, signal }: VersionedKey, identity: StoreIdentity) {
  const request = { ...onlyIfParts(identity), method: 'HEAD', container, as: 'read', signal } as const
  return wire.send(operation, request).then(
    answer => {
      answer.body.drop()
      return false
    },
    (error: StoreError) => error.kind === 'not-found' || error.kind === 'precondition-failed',
  )
}

/** The key shows again what it showed before; a marker that cannot be removed hides it, and takes nothing away. */
async function takeBack(key: VersionedKey, marker: string): Promise<void> {
  await deleteVersion(key, { etag: null, versionId: marker }).catch((error: unknown) => error)
}

async function ask({ wire, operation, container, signal }: VersionedKey, query: string): Promise<string> {
  const about = { ...operation, key: null }
  const answer = await wire.send(about, { method: 'GET', container, query, as: 'read', signal })
  return documentOf(answer).catch((error: unknown) => {
    throw translateS3Error(operation, error, { mayHaveHappened: false })
  })
}
