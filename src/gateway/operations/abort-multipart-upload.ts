import { deleteMultipartUpload } from '../../database/writes/multipart-uploads.ts'
import { withObjectLock } from '../../database/writes/object-lock.ts'
import { GatewayError } from '../error-table.ts'
import type { RequestContext } from '../request-context.ts'
import { sendEmpty } from '../respond.ts'
import { openUnfinishedUpload } from '../writes/client-upload.ts'
import { multipartOf } from '../writes/staged-upload.ts'

/** AbortMultipartUpload: forgets the parts. It waits for a Complete in progress, and then finds no upload. */
export async function abortMultipartUpload(context: RequestContext): Promise<void> {
  const { services } = context
  const bucket = await services.buckets.forWriting(context)
  const { upload, target } = await openUnfinishedUpload(context, bucket)
  const { database, limits } = services.options
  const { objectId } = upload
  await services.uploadSettlements.run(objectId, limits.lockWaitMs, () =>
    withObjectLock(database, objectId, limits.lockWaitMs, async connection => {
      if (!(await deleteMultipartUpload(connection, upload.id))) throw new GatewayError('NoSuchUpload')
      await multipartOf(target.store).abort(target.container, target.nativeKey, upload.nativeUploadId)
    }),
  )
  sendEmpty(context, 204)
}
