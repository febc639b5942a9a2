import {
  bucketHasObjects,
  deleteBucket as forgetBucket,
  lockBucketForDeletion,
} from '../../database/buckets.ts'
import { countLeftoverCopies } from '../../database/object-publication.ts'
import { inTransaction } from '../../database/postgres.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'

/**
 * DeleteBucket: only when it is empty, and when the bytes of its former objects have been swept away. A
 * bucket of the same name may be made right afterwards, and a late sweep would take its new objects for the
 * old ones.
 */
export async function deleteBucket(context: RequestContext): Promise<void> {
  const { services } = context
  const bucket = await services.buckets.forWriting(context)
  await inTransaction(services.options.database, async connection => {
    if (!(await lockBucketForDeletion(connection, bucket.id))) throw new GatewayError('NoSuchBucket')
    if (await bucketHasObjects(connection, bucket.id)) throw new GatewayError('BucketNotEmpty')
    if ((await countLeftoverCopies(connection, bucket.id)) > 0) {
      throw new GatewayError(
        'BucketNotEmpty',
        'The bytes of deleted objects are still being removed; try again in a moment.',
      )
    }
    await forgetBucket(connection, bucket.id)
  })
  services.buckets.forget(bucket.name)
  sendEmpty(context, 204)
}
