import { listMultipartUploads as readUploads } from '../../database/writes/multipart-uploads.ts'
import { OWNER } from '../listing/entry-xml.ts'
import { listParametersOf, withoutNul } from '../listing/list-parameters.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

/** ListMultipartUploads: uploads nobody has completed or aborted yet, by key. */
export async function listMultipartUploads(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  const { query } = context.target
  const { prefix, delimiter, limit, encode, encodingType } = listParametersOf(query, 'max-uploads')
  const keyMarker = withoutNul(query.get('key-marker') ?? '')
  const uploadIdMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '')
  const found = await readUploads(context.services.options.database, {
    bucketId: bucket.id,
    prefix,
    keyMarker,
    uploadIdMarker,
    limit: limit + 1,
  })
  const page = found.slice(0, limit)
  const folders = new Set<string>()
  const uploads = page.filter(upload => {
    const at = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length)
    if (at === -1) return true
    folders.add(upload.key.slice(0, at + delimiter.length))
    return false
  })
  const isTruncated = found.length > limit
  const last = isTruncated ? page.at(-1) : undefined
  sendXml(
    context,
    xmlDocument(
      'ListMultipartUploadsResult',
      element('Bucket', bucket.name),
      element('KeyMarker', encode(keyMarker)),
      element('UploadIdMarker', uploadIdMarker),
      element('NextKeyMarker', last === undefined ? null : encode(last.key)),
      element('NextUploadIdMarker', last?.id ?? null),
      element('Prefix', encode(prefix)),
      element('Delimiter', delimiter === '' ? null : encode(delimiter)),
      element('EncodingType', encodingType),
      element('MaxUploads', limit),
      element('IsTruncated', isTruncated),
      ...uploads.map(upload =>
        element('Upload', [
          element('Key', encode(upload.key)),
          element('UploadId', upload.id),
          element('Initiator', OWNER),
          element('Owner', OWNER),
          element('StorageClass', 'STANDARD'),
          element('Initiated', upload.initiatedAt.toISOString()),
        ]),
      ),
      ...[...folders].map(folder => element('CommonPrefixes', [element('Prefix', encode(folder))])),
    ),
  )
}
