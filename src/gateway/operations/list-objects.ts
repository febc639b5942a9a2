import { entriesXml } from '../listing/entry-xml.ts'
import { listEntries } from '../listing/list-entries.ts'
import { listParametersOf, withoutNul } from '../listing/list-parameters.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

/** ListObjects, the first version: pages continue after a marker that is a plain key. */
export async function listObjectsV1(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  const { query } = context.target
  const { prefix, delimiter, limit, encode, encodingType } = listParametersOf(query, 'max-keys')
  const marker = withoutNul(query.get('marker') ?? '')
  const page = await listEntries(context.services.options.database, {
    bucketId: bucket.id,
    prefix,
    delimiter,
    after: marker,
    limit,
  })
  sendXml(
    context,
    xmlDocument(
      'ListBucketResult',
      element('Name', bucket.name),
      element('Prefix', encode(prefix)),
      element('Marker', encode(marker)),
      // Without a delimiter clients go on after the last key themselves; giving the marker does no harm.
      element('NextMarker', page.last === null ? null : encode(page.last)),
      element('MaxKeys', limit),
      element('Delimiter', delimiter === '' ? null : encode(delimiter)),
      element('EncodingType', encodingType),
      element('IsTruncated', page.isTruncated),
      ...entriesXml(page.entries, encode, { owner: true }),
    ),
  )
}
