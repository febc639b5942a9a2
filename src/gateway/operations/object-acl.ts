import { objectIdOf } from '../../domain/identifiers.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { sendXml } from '../respond.ts'
import { PRIVATE_ACL } from './bucket-answers.ts'

/** GetObjectAcl: private, which is all there is. */
export async function getObjectAcl(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  const resolved = await context.services.resolutions.resolve(objectIdOf(bucket.id, context.key))
  if (resolved === null) throw new GatewayError('NoSuchKey')
  sendXml(context, PRIVATE_ACL)
}
