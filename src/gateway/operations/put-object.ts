import type { VersionFacts } from '../../database/writes/object-publication.ts'
import { GIB } from '../../domain/bytes.ts'
import type { RequestBody } from '../body/request-body.ts'
import { GatewayError } from '../error-table.ts'
import { base64OfHex } from '../reads/object-headers.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'
import { contentFactsOf } from '../writes/content-facts.ts'
import { writeConditionsOf } from '../writes/write-conditions.ts'
import { CONTENT_DIGESTS, writeContent } from '../writes/write-content.ts'
import { openWriteTarget } from '../writes/write-target.ts'

/** S3's limit for an object in one piece. */
export const PUT_BYTES_MAX = 5 * GIB

/** PutObject: nothing becomes visible before length, signatures and every declared digest were right. */
export async function putObject(context: RequestContext): Promise<void> {
  const { services, request } = context
  const bucket = await services.buckets.forWriting(context)
  const facts = contentFactsOf(request.headers)
  const conditions = writeConditionsOf(request.headers)
  const body = context.openBody(CONTENT_DIGESTS, PUT_BYTES_MAX)
  const target = await openWriteTarget(services, bucket, context.key)
  context.store = target.store.name
  const version = await writeContent(services, {
    target,
    content: body,
    facts,
    conditions,
    principal: context.caller.principal,
  })
  context.bytesReceived = version.size
  context.recordAccess({
    objectId: target.objectId,
    bucketId: bucket.id,
    operation: 'write',
    bytes: version.size,
    locationId: target.locationId,
  })
  sendEmpty(context, 200, { ETag: `"${version.etag}"`, ...checksumHeaders(body, version) })
}

/** The checksum the client declared, now verified, or ours. */
export function checksumHeaders(
  body: Pick<RequestBody, 'declared'>,
  version: Pick<VersionFacts, 'crc64nvme'>,
): Record<string, string> {
  const { checksum, trailer } = body.declared
  const declared = trailer ?? checksum
  if (declared !== null && declared.value !== null) {
    return {
      [`x-amz-checksum-${declared.algorithm}`]: declared.value.toString('base64'),
      'x-amz-checksum-type': 'FULL_OBJECT',
    }
  }
  if (version.crc64nvme === null) throw new GatewayError('InternalError')
  return {
    'x-amz-checksum-crc64nvme': base64OfHex(version.crc64nvme),
    'x-amz-checksum-type': 'FULL_OBJECT',
  }
}
