import { hash } from 'node:crypto'
import { checkRestore } from '../call-rules.ts'
import type { ObjectStore, RestoreOptions, StoredObject, StoreError } from '../object-store.ts'
import { storeFailure, throwIfAborted } from '../store-operation.ts'
import type { S3Connection } from './s3-connection.ts'
import type { S3Wire } from './s3-wire.ts'
import { encodeForS3 } from './sign-request.ts'

/** What restores need of the store they are part of. */
interface RestoringStore {
  readonly connection: S3Connection
  readonly wire: S3Wire
  readonly head: ObjectStore['head']
}

/**
 * Asks S3 for a readable copy beside an archived object. Objects in the archive tiers of INTELLIGENT_TIERING come
 * back for good, and take no number of days.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
 */
export async function restoreS3Object(
  { connection, wire, head }: RestoringStore,
  container: string,
  key: string,
  options: RestoreOptions,
): Promise<StoredObject> {
  const { signal, onlyIf } = options
  const operation = connection.operation('restore', key)
  throwIfAborted(operation, signal)
  checkRestore(operation, options)
  const call = signal === undefined ? {} : { signal }
  const found = await head(container, key, { onlyIf, ...call })
  if (found.archive?.kind !== 'archived') return found
  const { versionId } = found.identity
  const body = Buffer.from(documentOf(found, options, connection.capabilities.archiveClasses))
  try {
    const answer = await wire.send(operation, {
      method: 'POST',
      container,
      query: `restore=${versionId === null ? '' : `&versionId=${encodeForS3(versionId)}`}`,
      headers: {
        'content-type': 'application/xml',
        'content-length': String(body.byteLength),
        'content-md5': hash('md5', body, 'base64'),
      },
      body,
      payloadSha256: hash('sha256', body, 'hex'),
      as: 'write',
      signal,
    })
    answer.body.drop()
  } catch (error) {
    const failure = error as StoreError
    // Somebody asked since we looked.
    if (isUnderWay(failure)) return { ...found, archive: { kind: 'restoring' } }
    // HEAD called it archived, and the server calls it nothing that could be restored, or knows of no restores.
    if (failure.kind === 'archived' || isUnknown(failure)) {
      const message = 'the server restores no objects of this class'
      throw storeFailure(operation, 'unsupported', message, { cause: failure })
    }
    throw failure
  }
  return head(container, key, { onlyIf, ...call })
}

function isUnknown({ cause }: StoreError): boolean {
  return cause instanceof Error && /^(MethodNotAllowed|InvalidRequest|MalformedXML)\b/.test(cause.message)
}

function isUnderWay({ cause }: StoreError): boolean {
  return cause instanceof Error && cause.message.startsWith('RestoreAlreadyInProgress')
}

function documentOf(
  { storageClass }: StoredObject,
  { readableDays, speed = 'standard' }: RestoreOptions,
  archiveClasses: readonly string[],
): string {
  const comesBackForGood = storageClass === null || !archiveClasses.includes(storageClass)
  const days = comesBackForGood ? '' : `<Days>${readableDays}</Days>`
  const tier = speed === 'bulk' ? 'Bulk' : 'Standard'
  return `<RestoreRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${days}<GlacierJobParameters><Tier>${tier}</Tier></GlacierJobParameters></RestoreRequest>`
}
