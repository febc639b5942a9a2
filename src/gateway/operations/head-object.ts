import { objectIdOf } from '../../domain/identifiers.ts'
import { GatewayError } from '../error-table.ts'
import { checkVersionId, wantedBytesOf } from '../reads/locate-content.ts'
import type { RequestContext } from '../request-context.ts'
import { answeredByConditions, headersOf } from './get-object.ts'

/** HeadObject: answered from the catalog alone; no store is asked. */
export async function headObject(context: RequestContext): Promise<void> {
  const bucket = await context.services.buckets.forReading(context)
  checkVersionId(context, bucket)
  const objectId = objectIdOf(bucket.id, context.key)
  const resolved = await context.services.resolutions.resolve(objectId)
  if (resolved === null) throw new GatewayError('NoSuchKey')
  if (answeredByConditions(context, resolved)) return
  const wanted = wantedBytesOf(context, resolved)
  context.response.writeHead(wanted.status, headersOf(context, resolved, wanted))
  context.response.end()
  context.recordAccess({
    objectId,
    bucketId: bucket.id,
    operation: 'head',
    bytes: 0,
    locationId: resolved.copy?.locationId ?? null,
  })
}
