import { findBucketByName, insertBucketAt } from '../../database/catalog/buckets.ts'
import { newId } from '../../domain/identifiers.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'
import { refuseUnsupported } from '../writes/content-facts.ts'
import { parseXml } from '../xml/parse-xml.ts'

/** A bucket configuration names a place in a few hundred bytes. */
const BODY_BYTES_MAX = 64 * 1024

/** What Amazon calls its regions, and the old name of one. */
const REGION = /^(EU|[a-z]{2}(-[a-z]+)+-\d{1,2})$/

/** How to say where buckets of S3 clients go. */
const SETTING = 'gateway.defaultWriteLocation (DIM_GATEWAY_DEFAULT_WRITE_LOCATION)'

/**
 * CreateBucket: a bucket that only the gateway writes, in the location its LocationConstraint names, or in
 * the configured default location when it names none or a region.
 */
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
  const constraint =
    body.length === 0
      ? ''
      : (parseXml(body, 'CreateBucketConfiguration').textOf('LocationConstraint')?.trim() ?? '')
  const { database, openStore } = services.options
  if ((await findBucketByName(database, name)) !== null) throw new GatewayError('BucketAlreadyOwnedByYou')
  const created = await insertWhere(context, name, constraint)
  if (created === 'name-taken') throw new GatewayError('BucketAlreadyOwnedByYou')
  const store = await openStore(created.storeId)
  await store.ensureContainer(created.container)
  sendEmpty(context, 200, { Location: `/${name}` })
}

/** Stores the bucket in the location of that name; an empty constraint or a region means the default one. */
async function insertWhere({ services, caller }: RequestContext, name: string, constraint: string) {
  const { database, defaultWriteLocation, region } = services.options
  const bucket = { id: newId(), name, mode: 'exclusive', principal: caller.principal } as const
  if (constraint !== '') {
    const created = await insertBucketAt(database, { ...bucket, locationName: constraint })
    if (created === 'retiring-location') {
      throw new GatewayError(
        'InvalidLocationConstraint',
        `The location ${constraint} is being emptied and takes no new buckets.`,
      )
    }
    if (created !== 'no-such-location') return created
    if (constraint !== region && !REGION.test(constraint)) {
      throw new GatewayError(
        'InvalidLocationConstraint',
        `The location constraint ${constraint} is neither the name of a location nor a region.`,
      )
    }
  }
  if (defaultWriteLocation === null) {
    throw new GatewayError(
      'InvalidRequest',
      `There is no default location for new buckets: set ${SETTING}, or give the name of a location as LocationConstraint.`,
    )
  }
  const created = await insertBucketAt(database, { ...bucket, locationName: defaultWriteLocation })
  if (created === 'retiring-location' || created === 'no-such-location') {
    const why =
      created === 'retiring-location' ? 'is being emptied and takes no new buckets' : 'does not exist'
    throw new GatewayError(
      'InvalidRequest',
      `The default location ${defaultWriteLocation} of ${SETTING} ${why}.`,
    )
  }
  return created
}

/** S3's rules for names that work as host names. */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name)
  )
}
