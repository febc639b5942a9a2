import { GatewayError } from '../error-table.ts'
import { entriesXml } from '../listing/entry-xml.ts'
import { listEntries } from '../listing/list-entries.ts'
import { listParametersOf, withoutNul } from '../listing/list-parameters.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

/** ListObjectsV2: pages continue by a token that clients do not look into. */
export async function listObjectsV2(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  const { query } = context.target
  const { prefix, delimiter, limit, encode, encodingType } = listParametersOf(query, 'max-keys')
  const token = query.get('continuation-token')
  const startAfter = withoutNul(query.get('start-after') ?? '')
  const page = await listEntries(context.services.options.database, {
    bucketId: bucket.id,
    prefix,
    delimiter,
    after: token === null ? startAfter : keyOfToken(token),
    limit,
  })
  sendXml(
    context,
    xmlDocument(
      'ListBucketResult',
      element('Name', bucket.name),
      element('Prefix', encode(prefix)),
      element('StartAfter', startAfter === '' ? null : encode(startAfter)),
      element('ContinuationToken', token),
      element('NextContinuationToken', page.last === null ? null : tokenOf(page.last)),
      element('KeyCount', page.entries.length),
      element('MaxKeys', limit),
      element('Delimiter', delimiter === '' ? null : encode(delimiter)),
      element('EncodingType', encodingType),
      element('IsTruncated', page.isTruncated),
      ...entriesXml(page.entries, encode, { owner: query.get('fetch-owner') === 'true' }),
    ),
  )
}

/** The mark in front of a token's key, so that a token of somebody else is told from one of ours. */
const TOKEN_MARK = 'dim1:'

function tokenOf(key: string): string {
  return Buffer.from(TOKEN_MARK + key, 'utf8').toString('base64url')
}

function keyOfToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8')
  if (!text.startsWith(TOKEN_MARK)) {
    throw new GatewayError('InvalidArgument', 'The continuation token provided is incorrect')
  }
  return withoutNul(text.slice(TOKEN_MARK.length))
}
