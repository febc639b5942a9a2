import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'

/** HeadBucket: whether the bucket is there and this access key may use it. */
export async function headBucket(context: RequestContext): Promise<void> {
  await context.services.buckets.forReading(context)
  sendEmpty(context, 200, { 'x-amz-bucket-region': context.services.options.region })
}
