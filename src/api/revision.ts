import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from './problems.ts'

/** Says which revision an answer shows. */
export function showRevision(reply: FastifyReply, revision: number): void {
  reply.header('etag', `"${revision}"`)
}

/** The revision a change was made from. Throws an ApiError without `If-Match` or when it is not one of ours. */
export function revisionOf(request: FastifyRequest): number {
  const header = request.headers['if-match']
  if (header === undefined)
    throw new ApiError('revision-required', 'send If-Match with the ETag of the last answer')
  const [, digits] = /^"([1-9]\d{0,15})"$/.exec(header) ?? []
  if (digits === undefined)
    throw new ApiError('revision-outdated', `If-Match ${header.slice(0, 40)} is not an ETag of this resource`)
  return Number(digits)
}

/** Passes on a changed row. Throws an ApiError when the change found another revision. */
export function ifStillThere<Row>(changed: Row | null): Row {
  if (changed === null)
    throw new ApiError('revision-outdated', 'it was changed in the meantime: read it again, then repeat')
  return changed
}
