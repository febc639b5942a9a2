import { startCrc32c } from '../../domain/crc32c.ts'
import { checkedBody } from '../checked-body.ts'
import type { PutBody, PutOptions, StoreError } from '../object-store.ts'
import { type StoreOperation, storeFailure } from '../store-operation.ts'
import type { GcsConnection } from './gcs-connection.ts'
import { objectPath } from './gcs-wire.ts'
import { digestsOf, encryptionKeyOf, type ObjectResource, uploadedResourceOf } from './object-fields.ts'
import { uploadResumably } from './resumable-upload.ts'
import { uploadWhole } from './whole-upload.ts'

/** Uploads a body, and throws kind `digest-mismatch` unless the server kept just that. */
export async function writeObject(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  body: PutBody,
  options: PutOptions,
): Promise<ObjectResource> {
  const { resource, crc32c } = await upload(connection, operation, container, body, options)
  await checkUploaded(connection, operation, container, resource, { size: options.size, crc32c })
  return resource
}

/** Uploads a body by one request or by many, and tells the CRC-32C of what was sent. */
async function upload(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  body: PutBody,
  { size, digests = {}, condition, signal, ...facts }: PutOptions,
): Promise<{ resource: ObjectResource; crc32c: string }> {
  const resource = uploadedResourceOf(operation, facts, digests)
  const ifGenerationMatch = await connection.writeGenerationOf(operation, container, condition, signal)
  const kmsKeyName = encryptionKeyOf(facts)
  const target = { container, resource, size, ifGenerationMatch, kmsKeyName, signal }
  const chunks = checkedBody(operation, body, { size, digests, signal })
  try {
    if (size > connection.settings.uploadChunkBytes) {
      return await uploadResumably(connection, operation, target, chunks)
    }
    const running = startCrc32c()
    const held: Uint8Array[] = []
    for await (const chunk of chunks) {
      running.update(chunk)
      held.push(chunk)
    }
    const crc32c = running.finish()
    const bytes = held.length === 1 ? held[0]! : Buffer.concat(held)
    return { resource: await uploadWhole(connection, operation, target, bytes, { crc32c }), crc32c }
  } catch (error) {
    const failure = error as StoreError
    if (failure.kind !== 'not-found') throw failure
    throw storeFailure(operation, 'container-not-found', `there is no bucket "${container}"`)
  }
}

/**
 * Throws kind `digest-mismatch` when the server says it made something else of the bytes. That can only be one
 * that does not compare the CRC-32C itself; what it made is taken away again where it can be named.
 */
async function checkUploaded(
  connection: GcsConnection,
  operation: StoreOperation,
  container: string,
  resource: ObjectResource,
  sent: { size: number; crc32c: string },
): Promise<void> {
  const { crc32c = sent.crc32c } = digestsOf(resource)
  if (Number(resource.size) === sent.size && crc32c === sent.crc32c) return
  if (connection.capabilities.conditionalDelete) {
    const { generation } = resource
    await deleteGeneration(connection, operation, container, { generation }).catch(
      (problem: unknown) => problem,
    )
  }
  const message = `the server keeps ${resource.size} bytes with crc32c ${crc32c}, not ${sent.size} with ${sent.crc32c}`
  throw storeFailure(operation, 'digest-mismatch', message)
}

/** Deletes what lies under a key, only this generation of it, or a former one, for good. */
export async function deleteGeneration(
  { wire, settings }: GcsConnection,
  operation: StoreOperation,
  container: string,
  {
    generation,
    isFormer = false,
    signal,
  }: {
    readonly generation?: string | undefined
    readonly isFormer?: boolean
    readonly signal?: AbortSignal | undefined
  },
): Promise<void> {
  const parameter = isFormer || settings.deletes === 'by-generation' ? 'generation' : 'ifGenerationMatch'
  const answer = await wire.send(operation, {
    method: 'DELETE',
    path: objectPath(container, operation.key!),
    query: { [parameter]: generation },
    as: 'write',
    signal,
  })
  answer.body.resume()
}
