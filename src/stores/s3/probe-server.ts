import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3'
import { StoreError } from '../object-store.ts'
import type { S3Connection } from './s3-connection.ts'
import { documentOf, type S3Wire } from './s3-wire.ts'
import { translateS3Error } from './translate-error.ts'

/** What a server says of itself and of a bucket. */
export interface ServerFacts {
  /** Its `Server` header. */
  readonly server: string | null
  readonly versions: boolean
  readonly objectLock: boolean
}

/** Asks for what a bucket is configured to do. A server that does not know a question has not the thing. */
export async function readServerFacts(wire: S3Wire, name: string, container: string): Promise<ServerFacts> {
  const operation = { store: name, operation: 'probe', key: null }
  const ask = async (query: string) => {
    const answer = await wire.send(operation, { method: 'GET', container, query, as: 'read' })
    const document = await documentOf(answer).catch((error: unknown) => {
      throw translateS3Error(operation, error, { mayHaveHappened: false })
    })
    return { server: answer.headers.server ?? null, document }
  }
  const orNothing = (error: unknown) => {
    if (error instanceof StoreError && error.retry === 'no') return { server: null, document: '' }
    throw error
  }
  const [listed, versioning, lock] = [
    await ask('list-type=2&max-keys=1'),
    await ask('versioning=').catch(orNothing),
    await ask('object-lock=').catch(orNothing),
  ]
  return {
    server: listed.server,
    versions: /<Status>Enabled<\/Status>/.test(versioning.document),
    objectLock: /<ObjectLockEnabled>Enabled<\/ObjectLockEnabled>/.test(lock.document),
  }
}

/** Every version, and every mark of a deletion, under a prefix; at most 1,000. */
export async function leftVersions(
  connection: S3Connection,
  container: string,
  prefix: string,
): Promise<{ key: string; versionId: string }[]> {
  const operation = connection.operation('probe', prefix)
  const command = new ListObjectVersionsCommand({ Bucket: container, Prefix: prefix })
  const found = await connection.send<ListObjectVersionsCommandOutput>(operation, command, { as: 'read' })
  return [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])].flatMap(({ Key, VersionId }) =>
    Key === undefined || VersionId === undefined ? [] : [{ key: Key, versionId: VersionId }],
  )
}
