import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { S3Server } from './s3-server.ts'

/** A bucket that keeps versions, as others see and use it: past us, at the store. */
export interface VersionedBucket {
  /** Writes a version; answers its id. */
  write(key: string, text: string): Promise<string>
  /** Marks the key as deleted; answers the marker's id. */
  mark(key: string): Promise<string>
  /** Deletes one version, or one marker, for good. */
  remove(key: string, versionId: string): Promise<void>
  /** The ids of all versions of a key, markers as `marker`, the shown one first. */
  history(key: string): Promise<string[]>
  /** No more versions are kept from now on. */
  suspend(): Promise<void>
  close(): void
}

/** Makes a bucket that keeps versions, or opens one of ours. */
export async function createVersionedBucket(
  server: S3Server,
  name: string,
  { keepsLocks = false }: { readonly keepsLocks?: boolean } = {},
): Promise<VersionedBucket> {
  const { accessKeyId, endpoint, secretAccessKey } = server
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  const turn = (Status: 'Enabled' | 'Suspended') =>
    client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status } }))
  const created = new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: keepsLocks })
  await client.send(created).catch((error: Error) => {
    if (error.name !== 'BucketAlreadyOwnedByYou') throw error
  })
  await turn('Enabled')
  return {
    async write(key, text) {
      return (await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: text }))).VersionId!
    },
    async mark(key) {
      return (await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))).VersionId!
    },
    async remove(key, versionId) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: key, VersionId: versionId }))
    },
    async history(key) {
      const listed = await client.send(new ListObjectVersionsCommand({ Bucket: name, Prefix: key }))
      const versions = (listed.Versions ?? []).map(one => ({ ...one, is: one.VersionId! }))
      const markers = (listed.DeleteMarkers ?? []).map(one => ({ ...one, is: 'marker' }))
      const ofKey = [...versions, ...markers].filter(one => one.Key === key)
      // Servers list the two kinds apart, each from the newest to the oldest.
      const shown = ofKey.filter(one => one.IsLatest === true)
      return [...shown, ...ofKey.filter(one => one.IsLatest !== true)].map(one => one.is)
    },
    async suspend() {
      await turn('Suspended')
    },
    close: () => client.destroy(),
  }
}
