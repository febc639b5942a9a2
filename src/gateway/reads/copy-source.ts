import type { BucketWithTarget } from '../../database/catalog/buckets.ts'
import type { ResolvedObject } from '../../database/catalog/objects.ts'
import { type ObjectId, objectIdOf } from '../../domain/identifiers.ts'
import { BodyDigests, type DigestAlgorithm } from '../body/digests.ts'
import { GatewayError, gatewayErrorOf } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { checkKey, decodeOnce } from '../request-target.ts'
import type { IncomingContent } from '../writes/write-content.ts'
import type { ByteRange } from './byte-range.ts'
import { copySourceConditionsOf, judgeConditions } from './conditions.ts'
import { areForeignChangesExpected, settleForeignRead } from './foreign-changes.ts'
import { type OpenedContent, openContent } from './open-content.ts'
import { resolveSettled } from './resolve-settled.ts'

/** The object that `x-amz-copy-source` names, ready to be read. */
export interface CopySource {
  readonly bucket: BucketWithTarget
  readonly key: string
  readonly objectId: ObjectId
  readonly resolved: ResolvedObject
}

/** How often the source is looked at again when it changes under us. */
const RESOLUTIONS_MAX = 6

/**
 * Finds the source of a copy: the same checks as for a read of it, and the same parser for its key as for
 * every other key. Throws the S3 error when it may not be read or a condition fails.
 */
export async function findCopySource(context: RequestContext): Promise<CopySource> {
  const { bucketName, key } = parseCopySource(context.header('x-amz-copy-source') ?? '')
  const bucket = await context.services.buckets.named(context, bucketName)
  const objectId = objectIdOf(bucket.id, key)
  const resolved = await context.services.resolutions.resolve(objectId)
  if (resolved === null) throw new GatewayError('NoSuchKey', undefined, { details: { Key: key } })
  const conditions = copySourceConditionsOf(context.request.headers)
  if (judgeConditions(conditions, resolved.etag, resolved.lastModified) !== 'go-on') {
    throw new GatewayError('PreconditionFailed')
  }
  return { bucket, key, objectId, resolved }
}

/**
 * The bytes of a source as new content, with the digests a write needs. Opening follows the source when it
 * is moved meanwhile, and fails when its content changes.
 */
export async function openCopySource(
  context: RequestContext,
  source: CopySource,
  range: ByteRange | null,
  wanted: readonly DigestAlgorithm[],
): Promise<IncomingContent> {
  const size = range === null ? source.resolved.size : range.end - range.start + 1
  if (size === 0) return new CopiedContent(null, 0, wanted)
  let resolved = source.resolved
  for (let attempt = 1; attempt <= RESOLUTIONS_MAX; attempt++) {
    const changedPrimary =
      areForeignChangesExpected(source.bucket) && attempt < RESOLUTIONS_MAX ? 'give-up' : 'fail-over'
    const opened = await openContent(context.services, resolved, range, context.signal, changedPrimary)
    if (opened !== null) {
      context.recordAccess({
        objectId: source.objectId,
        bucketId: source.bucket.id,
        operation: 'read',
        bytes: size,
        locationId: opened.copy.locationId,
      })
      return new CopiedContent(opened, size, wanted)
    }
    if (attempt > 1) await settleForeignRead(context.services, { ...source, resolved })
    const again = await resolveSettled(context.services, source.objectId)
    if (again === null) throw new GatewayError('NoSuchKey')
    if (again.generation !== resolved.generation) {
      throw new GatewayError('SlowDown', 'The source of the copy was overwritten meanwhile.')
    }
    resolved = again
  }
  throw new GatewayError('SlowDown', 'The bytes of the source cannot be found just now.')
}

class CopiedContent implements IncomingContent {
  readonly size: number
  failure: GatewayError | null = null
  readonly #opened: OpenedContent | null
  readonly #wanted: readonly DigestAlgorithm[]
  #digests: ReadonlyMap<DigestAlgorithm, Buffer> | null = null

  constructor(opened: OpenedContent | null, size: number, wanted: readonly DigestAlgorithm[]) {
    this.#opened = opened
    this.size = size
    this.#wanted = wanted
  }

  digests(): ReadonlyMap<DigestAlgorithm, Buffer> {
    if (this.#digests === null) throw new Error('the content has not been read to its end')
    return this.#digests
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const digests = BodyDigests.start(this.#wanted)
    try {
      for await (const bytes of this.#opened?.body ?? []) {
        digests.update(bytes)
        yield bytes
      }
      this.#digests = digests.finish()
    } catch (error) {
      // The source broke off, not the client's body.
      this.failure = new GatewayError('SlowDown', 'The source of the copy cannot be read just now.', {
        cause: gatewayErrorOf(error),
      })
      throw this.failure
    } finally {
      digests.discard()
      this.#opened?.body.destroy()
    }
  }
}

function parseCopySource(header: string): { bucketName: string; key: string } {
  const invalid = () =>
    new GatewayError(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    )
  const [path = '', query = ''] = splitOnce(header, '?')
  const version = new URLSearchParams(query).get('versionId')
  if (version !== null && version !== 'null') throw new GatewayError('NoSuchVersion')
  const decoded = decodeOnce(path)
  const [bucketName = '', key = ''] = splitOnce(decoded.startsWith('/') ? decoded.slice(1) : decoded, '/')
  if (bucketName === '' || key === '') throw invalid()
  return { bucketName, key: checkKey(key) }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}
