import { findBucketByName, insertBucketAt } from '../../database/buckets.ts'
import { newId } from '../../domain/identifiers.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'
import { refuseUnsupported } from '../writes/content-facts.ts'
import { parseXml } from '../xml/parse-xml.ts'

/** A bucket configuration names a place in a few hundred bytes. */
const BODY_BYTES_MAX = 64 * 1024

/** CreateBucket: a bucket that only the gateway writes, in the configured default location. */
export async function createBucket(context: RequestContext): Promise<void> {
  const { services, caller, target } = context
  const name = target.bucketName ?? ''
  if (!caller.mayWrite || !caller.mayUse(null)) {
    throw new GatewayError('AccessDenied', 'This access key may not create buckets.')
  }
  if (!isBucketName(name)) throw new GatewayError('InvalidBucketName')
  refuseUnsupported(context.request.headers)
  if (context.header('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true') {
    throw new GatewayError('NotImplemented', 'Object lock is not available.')
  }
  const body = await context.readSmallBody(BODY_BYTES_MAX)
  if (body.length > 0) parseXml(body, 'CreateBucketConfiguration')
  const { database, defaultWriteLocation, openStore } = services.options
  if ((await findBucketByName(database, name)) !== null) throw new GatewayError('BucketAlreadyOwnedByYou')
  if (defaultWriteLocation === null) {
    throw new GatewayError(
      'InvalidRequest',
      'No default location is configured for buckets that S3 clients create; create the bucket with the API.',
    )
  }
  const created = await insertBucketAt(database, {
    id: newId(),
    name,
    mode: 'exclusive',
    locationName: defaultWriteLocation,
    principal: caller.principal,
  })
  if (created === 'name-taken') throw new GatewayError('BucketAlreadyOwnedByYou')
  if (created === 'no-such-location') {
    throw new GatewayError('InvalidRequest', `The default location ${defaultWriteLocation} does not exist.`)
  }
  const store = await openStore(created.storeId)
  await store.ensureContainer(created.container)
  sendEmpty(context, 200, { Location: `/${name}` })
}

/** S3's rules for names that work as host names. */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name)
  )
}
