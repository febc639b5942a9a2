import type { FastifyRequest } from 'fastify'
import { insertActivities } from '../database/people/activities.ts'
import type { Queryable } from '../database/postgres.ts'
import { callerOf } from './authentication.ts'

/** Tells everybody what the caller did, in the transaction that did it. */
export async function recordActivity(
  database: Queryable,
  request: FastifyRequest,
  kind: string,
  subject: string,
  detail: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await insertActivities(database, [{ kind, subject, detail, principal: callerOf(request).principal }])
}
