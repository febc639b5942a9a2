import {
  bucketHasObjects,
  deleteBucket as forgetBucket,
  lockBucketForDeletion,
} from '../../database/catalog/buckets.ts'
import { inTransaction } from '../../database/postgres.ts'
import { type BucketLeftovers, findBucketLeftovers } from '../../database/writes/object-publication.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'

/**
 * DeleteBucket: only when it is empty, when the bytes of its former objects have been swept away, and when no
 * write or move of it may still leave bytes behind. A bucket of the same name may be made right afterwards, and
 * a late sweep would take its new objects for the old ones; bytes that nobody sweeps would be in the way of
 * every later bucket in their container.
 */
export async function deleteBucket(context: RequestContext): Promise<void> {
  const { services } = context
  const bucket = await services.buckets.forWriting(context)
  await inTransaction(services.options.database, async connection => {
    if (!(await lockBucketForDeletion(connection, bucket.id))) throw new GatewayError('NoSuchBucket')
    if (await bucketHasObjects(connection, bucket.id)) throw new GatewayError('BucketNotEmpty')
    refuseLeftovers(await findBucketLeftovers(connection, bucket.id))
    await forgetBucket(connection, bucket.id)
  })
  services.buckets.forget(bucket.name)
  sendEmpty(context, 204)
}

function refuseLeftovers(left: BucketLeftovers): void {
  const refuse = (message: string) => {
    throw new GatewayError('BucketNotEmpty', message)
  }
  if (left.sweptCopies > 0) {
    refuse('The bytes of deleted objects are still being removed; try again in a moment.')
  }
  if (left.retainedCopies > 0) {
    refuse(
      'Copies of deleted objects are retained: their store holds them locked, or others write there and it cannot compare before it deletes.',
    )
  }
  if (left.hasOpenWrites) {
    refuse('A write that was cut off is still being settled; try again in a moment.')
  }
  if (left.hasUnfinishedMigrations) {
    refuse('Objects of the bucket are still being moved; try again when the migrations have ended.')
  }
}
