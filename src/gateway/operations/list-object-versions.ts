import type { ListedEntry } from '../../database/catalog/object-listing.ts'
import { OWNER } from '../listing/entry-xml.ts'
import { listEntries } from '../listing/list-entries.ts'
import { listParametersOf, withoutNul } from '../listing/list-parameters.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { element, type Xml, xmlDocument } from '../xml/write-xml.ts'

/** ListObjectVersions: each object has one version, called `null`. */
export async function listObjectVersions(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  const { query } = context.target
  const { prefix, delimiter, limit, encode, encodingType } = listParametersOf(query, 'max-keys')
  const keyMarker = withoutNul(query.get('key-marker') ?? '')
  const page = await listEntries(context.services.options.database, {
    bucketId: bucket.id,
    prefix,
    delimiter,
    after: keyMarker,
    limit,
  })
  sendXml(
    context,
    xmlDocument(
      'ListVersionsResult',
      element('Name', bucket.name),
      element('Prefix', encode(prefix)),
      element('KeyMarker', encode(keyMarker)),
      element('VersionIdMarker', query.get('version-id-marker') ?? ''),
      element('NextKeyMarker', page.last === null ? null : encode(page.last)),
      element('NextVersionIdMarker', page.last === null ? null : 'null'),
      element('MaxKeys', limit),
      element('Delimiter', delimiter === '' ? null : encode(delimiter)),
      element('EncodingType', encodingType),
      element('IsTruncated', page.isTruncated),
      ...page.entries.map(entry => entryXml(entry, encode)),
    ),
  )
}

function entryXml(entry: ListedEntry, encode: (text: string) => string): Xml {
  if (entry.commonPrefix !== null) {
    return element('CommonPrefixes', [element('Prefix', encode(entry.commonPrefix))])
  }
  return element('Version', [
    element('Key', encode(entry.key)),
    element('VersionId', 'null'),
    element('IsLatest', true),
    element('LastModified', entry.lastModified.toISOString()),
    element('ETag', `"${entry.etag}"`),
    element('Size', entry.size),
    element('Owner', OWNER),
    element('StorageClass', 'STANDARD'),
  ])
}
