import type { IncomingHttpHeaders } from 'node:http'
import type { ObjectState } from '../../database/catalog/objects.ts'
import { GatewayError } from '../error-table.ts'
import { etagListed } from '../reads/conditions.ts'

/** Under which conditions a write may happen; decided against the catalog under the object's lock. */
export interface WriteConditions {
  readonly ifMatch: string | null
  /** S3 knows only `*` here: write only if nothing is there. */
  readonly ifNoneMatch: boolean
}

export const UNCONDITIONAL: WriteConditions = { ifMatch: null, ifNoneMatch: false }

/** Reads the conditions of a write. Throws `NotImplemented` for an If-None-Match other than `*`. */
export function writeConditionsOf(headers: IncomingHttpHeaders): WriteConditions {
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw new GatewayError('NotImplemented', 'If-None-Match of a write takes only *.')
  }
  return { ifMatch: headers['if-match'] ?? null, ifNoneMatch: ifNoneMatch !== undefined }
}

/** Throws when the present state does not allow the write. */
export function checkWriteConditions(conditions: WriteConditions, state: ObjectState): void {
  if (conditions.ifNoneMatch && state.isPresent) {
    throw new GatewayError('PreconditionFailed', undefined, { details: { Condition: 'If-None-Match' } })
  }
  if (conditions.ifMatch === null) return
  if (!state.isPresent || state.etag === null) throw new GatewayError('NoSuchKey')
  if (!etagListed(conditions.ifMatch, state.etag)) {
    throw new GatewayError('PreconditionFailed', undefined, { details: { Condition: 'If-Match' } })
  }
}
