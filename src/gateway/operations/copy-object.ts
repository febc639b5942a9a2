import { objectIdOf } from '../../domain/identifiers.ts'
import { GatewayError } from '../error-table.ts'
import { findCopySource, openCopySource } from '../reads/copy-source.ts'
import { base64OfHex } from '../reads/object-headers.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { type ContentFacts, contentFactsOf } from '../writes/content-facts.ts'
import { writeConditionsOf } from '../writes/write-conditions.ts'
import { CONTENT_DIGESTS, writeContent } from '../writes/write-content.ts'
import { openWriteTarget } from '../writes/write-target.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'
import { PUT_BYTES_MAX } from './put-object.ts'

/** CopyObject: reads the source as a reader would, and writes it as a new generation of the target. */
export async function copyObject(context: RequestContext): Promise<void> {
  const { services, request, caller, key } = context
  const bucket = await services.buckets.forWriting(context)
  const asked = contentFactsOf(request.headers)
  const replacesMetadata = directiveOf(context, 'x-amz-metadata-directive') === 'REPLACE'
  const replacesTags = directiveOf(context, 'x-amz-tagging-directive') === 'REPLACE'
  const source = await findCopySource(context)
  if (source.objectId === objectIdOf(bucket.id, key) && !replacesMetadata) {
    throw new GatewayError(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    )
  }
  if (source.resolved.size > PUT_BYTES_MAX) {
    throw new GatewayError(
      'InvalidRequest',
      'The specified copy source is larger than the maximum allowable size.',
    )
  }
  const facts: ContentFacts = {
    headers: replacesMetadata ? asked.headers : source.resolved.headers,
    metadata: replacesMetadata ? asked.metadata : source.resolved.metadata,
    tags: replacesTags ? asked.tags : source.resolved.tags,
  }
  const target = await openWriteTarget(services, bucket, key)
  const content = await openCopySource(context, source, null, CONTENT_DIGESTS)
  const conditions = writeConditionsOf(request.headers)
  const version = await writeContent(services, {
    target,
    content,
    facts,
    conditions,
    principal: caller.principal,
  })
  context.recordAccess({
    objectId: target.objectId,
    bucketId: bucket.id,
    operation: 'write',
    bytes: version.size,
    locationId: target.locationId,
  })
  sendXml(
    context,
    xmlDocument(
      'CopyObjectResult',
      element('LastModified', new Date(version.lastModified).toISOString()),
      element('ETag', `"${version.etag}"`),
      element('ChecksumCRC64NVME', version.crc64nvme === null ? null : base64OfHex(version.crc64nvme)),
    ),
  )
}

function directiveOf(context: RequestContext, header: string): 'COPY' | 'REPLACE' {
  const value = context.header(header) ?? 'COPY'
  if (value !== 'COPY' && value !== 'REPLACE') {
    throw new GatewayError('InvalidArgument', `Unknown ${header}.`, {
      details: { ArgumentName: header, ArgumentValue: value },
    })
  }
  return value
}
