import { objectIdOf } from '../../domain/identifiers.ts'
import { GatewayError, gatewayErrorOf } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { checkKey } from '../request-target.ts'
import { sendXml } from '../respond.ts'
import { deleteContent } from '../writes/delete-content.ts'
import { parseXml, type XmlElement } from '../xml/parse-xml.ts'
import { element, type Xml, xmlDocument } from '../xml/write-xml.ts'

const BODY_BYTES_MAX = 2 * 1024 * 1024
const KEYS_MAX = 1_000
/** Deletions of one request that run at the same time. */
const CONCURRENCY = 4

/** DeleteObjects: up to 1,000 keys, each with its own outcome. */
export async function deleteObjects(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forWriting(context)
  const document = parseXml(await context.readSmallBody(BODY_BYTES_MAX), 'Delete')
  const entries = document.children('Object')
  if (entries.length === 0 || entries.length > KEYS_MAX) throw new GatewayError('MalformedXML')
  const quiet = document.textOf('Quiet')?.trim() === 'true'
  const results = new Array<Xml>(entries.length)
  let next = 0
  const work = async () => {
    for (let index = next++; index < entries.length; index = next++) {
      results[index] = await deleteOne(context, bucket, entries[index]!, quiet)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  sendXml(context, xmlDocument('DeleteResult', ...results))
}

async function deleteOne(
  context: RequestContext,
  bucket: Parameters<typeof deleteContent>[1]['bucket'],
  entry: XmlElement,
  quiet: boolean,
): Promise<Xml> {
  const key = entry.textOf('Key') ?? ''
  const { services, caller } = context
  try {
    if (key === '') throw new GatewayError('MalformedXML')
    checkKey(key)
    const version = entry.textOf('VersionId')
    if (version !== null && version !== 'null') throw new GatewayError('NoSuchVersion')
    const conditions = { ifMatch: entry.textOf('ETag'), ifNoneMatch: false }
    const wasThere = await deleteContent(services, { bucket, key, principal: caller.principal, conditions })
    if (wasThere) {
      context.recordAccess({
        objectId: objectIdOf(bucket.id, key),
        bucketId: bucket.id,
        operation: 'delete',
        bytes: 0,
        locationId: null,
      })
    }
    return element('Deleted', quiet ? null : [element('Key', key)])
  } catch (thrown) {
    const error = gatewayErrorOf(thrown)
    if (error.status >= 500) services.options.log.warn({ error: thrown, key }, 'a deletion failed')
    return element('Error', [
      element('Key', key),
      element('Code', error.code),
      element('Message', error.message),
    ])
  }
}
