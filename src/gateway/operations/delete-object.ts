import { objectIdOf } from '../../domain/identifiers.ts'
import { checkVersionId } from '../reads/locate-content.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'
import { deleteContent } from '../writes/delete-content.ts'

/** DeleteObject: 204 whether or not there was an object. */
export async function deleteObject(context: RequestContext): Promise<void> {
  const { services, key } = context
  const bucket = await services.buckets.forWriting(context)
  checkVersionId(context, bucket)
  const ifMatch = context.header('if-match')
  const wasThere = await deleteContent(services, {
    bucket,
    key,
    principal: context.caller.principal,
    conditions: { ifMatch, ifNoneMatch: false },
  })
  if (wasThere) {
    context.recordAccess({
      objectId: objectIdOf(bucket.id, key),
      bucketId: bucket.id,
      operation: 'delete',
      bytes: 0,
      locationId: null,
    })
  }
  sendEmpty(context, 204)
}
