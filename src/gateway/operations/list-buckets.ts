import { listBuckets as readBuckets } from '../../database/catalog/buckets.ts'
import { OWNER } from '../listing/entry-xml.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { element, xmlDocument } from '../xml/write-xml.ts'

/** ListBuckets: the buckets this access key may use. */
export async function listBuckets(context: RequestContext): Promise<void> {
  const buckets = await readBuckets(context.services.options.database)
  const visible = buckets.filter(bucket => context.caller.mayUse(bucket.id))
  sendXml(
    context,
    xmlDocument(
      'ListAllMyBucketsResult',
      element('Owner', OWNER),
      element(
        'Buckets',
        visible.map(bucket =>
          element('Bucket', [
            element('Name', bucket.name),
            element('CreationDate', new Date(bucket.createdAt).toISOString()),
          ]),
        ),
      ),
    ),
  )
}
