import { insertMultipartUpload } from '../../database/writes/multipart-uploads.ts'
import { newId } from '../../domain/identifiers.ts'
import { checksumAlgorithmOf } from '../body/declared-digests.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { contentFactsOf } from '../writes/content-facts.ts'
import { placeIsGone } from '../writes/publish.ts'
import { beginUpload, multipartOf } from '../writes/staged-upload.ts'
import { describeUpload } from '../writes/write-content.ts'
import { isOpenStill, openWriteTarget } from '../writes/write-target.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

/** CreateMultipartUpload: the client's parts become parts of an upload at the write location's store. */
export async function createMultipartUpload(context: RequestContext): Promise<void> {
  const { services, request, caller, key } = context
  const bucket = await services.buckets.forWriting(context)
  const facts = contentFactsOf(request.headers)
  const algorithm = context.header('x-amz-checksum-algorithm')
  if (algorithm !== null && checksumAlgorithmOf(algorithm) === null) {
    throw new GatewayError('InvalidRequest', 'Checksum algorithm provided is unsupported.')
  }
  const checksumType = context.header('x-amz-checksum-type')
  const target = await openWriteTarget(services, bucket, key)
  const multipart = multipartOf(target.store)
  const id = newId()
  const { container, nativeKey, objectId, locationId } = target
  const { uploadId, isKnown } = await beginUpload(services, target, describeUpload({ target, facts }, id))
  try {
    const isStill = await isOpenStill(services, target)
    const isStored =
      isStill &&
      (await insertMultipartUpload(services.options.database, {
        id,
        bucketId: bucket.id,
        key,
        objectId,
        locationId,
        nativeKey,
        nativeUploadId: uploadId,
        ...facts,
        checksumAlgorithm: algorithm,
        checksumType,
        principal: caller.principal,
      }))
    if (!isStored) throw placeIsGone(services, bucket)
    await isKnown()
  } catch (error) {
    await multipart.abort(container, nativeKey, uploadId)
    throw error
  }
  sendXml(
    context,
    xmlDocument(
      'InitiateMultipartUploadResult',
      element('Bucket', bucket.name),
      element('Key', key),
      element('UploadId', id),
    ),
    {
      ...(algorithm === null ? {} : { 'x-amz-checksum-algorithm': algorithm.toUpperCase() }),
      ...(checksumType === null ? {} : { 'x-amz-checksum-type': checksumType }),
    },
  )
}
