import { setObjectTags } from '../../database/catalog/objects.ts'
import { objectIdOf } from '../../domain/identifiers.ts'
import { GatewayError } from '../error-table.ts'
import { checkVersionId } from '../reads/locate-content.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty, sendXml } from '../respond.ts'
import { checkTags } from '../writes/content-facts.ts'
import { parseXml } from '../xml/parse-xml.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

/** Ten tags of the largest size fit many times. */
const BODY_BYTES_MAX = 128 * 1024

/** GetObjectTagging: the tags of the object, none of which make an empty set. */
export async function getObjectTagging(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  checkVersionId(context, bucket)
  const resolved = await context.services.resolutions.resolve(objectIdOf(bucket.id, context.key))
  if (resolved === null) throw new GatewayError('NoSuchKey')
  const tags = Object.entries(resolved.tags).map(([name, value]) =>
    element('Tag', [element('Key', name), element('Value', value)]),
  )
  sendXml(context, xmlDocument('Tagging', element('TagSet', tags)))
}

/** PutObjectTagging: replaces the tags; the content and its dates stay as they are. */
export async function putObjectTagging(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forWriting(context)
  checkVersionId(context, bucket)
  const document = parseXml(await context.readSmallBody(BODY_BYTES_MAX), 'Tagging')
  const set = document.children('TagSet')[0]
  if (set === undefined) throw new GatewayError('MalformedXML')
  const tags = checkTags(
    set.children('Tag').map(tag => {
      const name = tag.textOf('Key')
      const value = tag.textOf('Value')
      if (name === null || value === null) throw new GatewayError('MalformedXML')
      return [name, value] as const
    }),
  )
  await replaceTags(context, bucket.id, tags)
  sendEmpty(context, 200)
}

/** DeleteObjectTagging: the object has no tags afterwards. */
export async function deleteObjectTagging(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forWriting(context)
  checkVersionId(context, bucket)
  await replaceTags(context, bucket.id, {})
  sendEmpty(context, 204)
}

async function replaceTags(
  context: RequestContext,
  bucketId: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const { database } = context.services.options
  const changed = await setObjectTags(
    database,
    objectIdOf(bucketId, context.key),
    tags,
    context.caller.principal,
  )
  if (!changed) throw new GatewayError('NoSuchKey')
}
