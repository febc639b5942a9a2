import type { VersionFacts } from '../../database/writes/object-publication.ts'
import { deleteWriteIntent } from '../../database/writes/write-intents.ts'
import { newId, type Uuid } from '../../domain/identifiers.ts'
import type { Principal } from '../../domain/principal.ts'
import type { PutFacts } from '../../stores/object-store.ts'
import { ByteReader } from '../body/byte-reader.ts'
import type { DigestAlgorithm } from '../body/digests.ts'
import { type GatewayError, UnknownOutcome } from '../error-table.ts'
import type { GatewayServices } from '../services.ts'
import type { ContentFacts } from './content-facts.ts'
import { copyFacts } from './copy-metadata.ts'
import { publish, type StagedContent, saveIntent } from './publish.ts'
import { beginUpload, multipartOf, partSizeOf, uploadParts } from './staged-upload.ts'
import type { WriteConditions } from './write-conditions.ts'
import { type OpenWriteTarget, withContainer } from './write-target.ts'

/** The digests every write through the gateway leaves in the catalog. */
export const CONTENT_DIGESTS: readonly DigestAlgorithm[] = ['md5', 'sha256', 'crc64nvme']

/** New content on its way in. Iterating it ends well only when the bytes were what was declared. */
export interface IncomingContent extends AsyncIterable<Uint8Array> {
  readonly size: number
  digests(): ReadonlyMap<DigestAlgorithm, Buffer>
  /** Why iterating failed; a store that was reading may have wrapped the reason. */
  readonly failure: GatewayError | null
}

/** A write as the client asked for it. */
export interface ContentWrite {
  readonly target: OpenWriteTarget
  readonly content: IncomingContent
  readonly facts: ContentFacts
  readonly conditions: WriteConditions
  readonly principal: Principal
}

/**
 * Writes an object whole or not at all: bytes are staged where no reader sees them, in memory when they are
 * few and as an upload at the store otherwise; length and digests are checked; then they are published.
 * Resolves to the version that readers see from now on. Rejects with {@link UnknownOutcome} when readers may
 * see it all the same.
 */
export async function writeContent(services: GatewayServices, write: ContentWrite): Promise<VersionFacts> {
  const { inMemoryBytesMax } = services.options.limits
  try {
    return write.content.size <= inMemoryBytesMax
      ? await writeFromMemory(services, write)
      : await writeByUpload(services, write)
  } catch (error) {
    throw error instanceof UnknownOutcome ? error : (write.content.failure ?? error)
  }
}

async function writeFromMemory(services: GatewayServices, write: ContentWrite): Promise<VersionFacts> {
  const { target, content } = write
  const giveBack = services.stagingMemory.take(content.size)
  try {
    const bytes = await collect(content)
    const version = versionOf(services, write)
    const intent = { ...intentOf(write, newId()), version, nativeUploadId: null }
    await publish(services, target, {
      intent,
      conditions: write.conditions,
      putBytes: ({ generation, condition, signal }) =>
        withContainer(target, () =>
          target.store.put(target.container, target.nativeKey, bytes, {
            size: content.size,
            digests: { sha256: version.sha256!, md5: version.etag, crc64nvme: version.crc64nvme! },
            ...describe(write, {
              intentId: intent.id,
              generation,
              sha256: version.sha256,
              etag: version.etag,
            }),
            ...(condition === null ? {} : { condition }),
            ...(signal === undefined ? {} : { signal }),
          }),
        ),
    }).catch(async error => {
      if (!(error instanceof UnknownOutcome)) await dropIntent(services, intent.id)
      throw error
    })
    return version
  } finally {
    giveBack()
  }
}

async function writeByUpload(services: GatewayServices, write: ContentWrite): Promise<VersionFacts> {
  const { target, content } = write
  const { log } = services.options
  const multipart = multipartOf(target.store)
  const partSize = partSizeOf(target.store, content.size)
  const intentId = newId()
  const { container, nativeKey } = target
  const { uploadId, isKnown } = await beginUpload(services, target, describeUpload(write, intentId))
  const intent = { ...intentOf(write, intentId), nativeUploadId: uploadId }
  try {
    await saveIntent(services, target, { ...intent, version: null, baseGeneration: null })
    await isKnown()
    const parts = await uploadParts(multipart, target, uploadId, new ByteReader(content), {
      size: content.size,
      partSize,
    })
    const version = versionOf(services, write)
    await publish(services, target, {
      intent: { ...intent, version },
      conditions: write.conditions,
      putBytes: ({ condition, signal }) =>
        multipart.complete(container, nativeKey, uploadId, parts, {
          ...(condition === null ? {} : { condition }),
          ...(signal === undefined ? {} : { signal }),
        }),
    })
    return version
  } catch (error) {
    if (!(error instanceof UnknownOutcome)) {
      try {
        await multipart.abort(container, nativeKey, uploadId)
        await dropIntent(services, intentId)
      } catch (abortError) {
        // The intent stays, so that recovery aborts the upload later.
        services.unsettledIntents.add(intentId)
        log.warn({ error: abortError, intent: intentId }, 'an upload could not be aborted yet')
      }
    }
    throw error
  }
}

async function collect(content: IncomingContent): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(content.size)
  let length = 0
  for await (const chunk of content) {
    bytes.set(chunk, length)
    length += chunk.length
  }
  return bytes
}

function versionOf(services: GatewayServices, write: ContentWrite): VersionFacts {
  const digests = write.content.digests()
  const hex = (algorithm: DigestAlgorithm) => digests.get(algorithm)!.toString('hex')
  return {
    size: write.content.size,
    etag: hex('md5'),
    headers: write.facts.headers,
    metadata: write.facts.metadata,
    tags: write.facts.tags,
    partLayout: null,
    sha256: hex('sha256'),
    sha256Source: 'client-write',
    crc64nvme: hex('crc64nvme'),
    lastModified: services.options.wallClock.now(),
  }
}

/** Forgets the intent of a write that published nothing; recovery tries again when the database cannot. */
export async function dropIntent(services: GatewayServices, id: Uuid): Promise<void> {
  services.unsettledIntents.add(id)
  await deleteWriteIntent(services.intentDatabase, id)
  services.unsettledIntents.delete(id)
}

function intentOf(
  write: ContentWrite,
  id: Uuid,
): Omit<StagedContent['intent'], 'version' | 'nativeUploadId'> {
  const { target } = write
  return {
    id,
    objectId: target.objectId,
    bucketId: target.bucket.id,
    key: target.key,
    copyId: newId(),
    locationId: target.locationId,
    nativeKey: target.nativeKey,
    principal: write.principal,
  }
}

/** What travels with an upload in parts: of its content, nothing is known yet. */
export function describeUpload(write: Pick<ContentWrite, 'target' | 'facts'>, intentId: Uuid): PutFacts {
  return describe(write, { intentId, generation: 0, sha256: null, etag: null })
}

function describe(
  write: Pick<ContentWrite, 'target' | 'facts'>,
  known: { intentId: Uuid; generation: number; sha256: string | null; etag: string | null },
): PutFacts {
  const { target, facts } = write
  return copyFacts(
    {
      bucket: target.bucket.name,
      key: target.key,
      generation: known.generation,
      sha256: known.sha256,
      etag: known.etag,
      intentId: known.intentId,
    },
    facts,
    {
      storageClass: target.storageClass,
      encryptionRequired: target.bucket.encryptionRequired,
      capabilities: target.store.capabilities,
    },
  )
}
