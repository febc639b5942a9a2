import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { listGivenUp } from '../../database/migrations/given-up-migrations.ts'
import { retryMigration } from '../../database/migrations/migration-commands.ts'
import { findPlan } from '../../database/placement/plans.ts'
import type { Uuid } from '../../domain/identifiers.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { permittedIn } from '../migration-actions.ts'
import { notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import {
  type MigrationRetries,
  migrationRetriesRequestSchema,
  migrationRetriesSchema,
  RETRIES_MAX,
} from '../schemas/migration-retries.ts'

/** Trying many migrations again that gave up: those of a plan, those that failed of one kind of error, or both. */
export function migrationRetriesRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.post(
      '/v1/migrations/retry',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'retryMigrations',
          summary: 'Try again what ended quarantined or retained: of a plan, of one kind of error, or both',
          tags: ['migrations'],
          headers: idempotencyHeadersSchema,
          body: migrationRetriesRequestSchema,
          response: { 200: migrationRetriesSchema },
        },
      },
      async (request): Promise<MigrationRetries> => {
        const { after = null, errorKind = null, planId = null } = request.body
        if (planId !== null && (await findPlan(database, planId)) === null) throw notFound('plan', planId)
        const found = await listGivenUp(database, { planId, errorKind, afterId: after, limit: RETRIES_MAX })
        const { principal } = callerOf(request)
        const refused = new Map<string, { count: number; example: Uuid }>()
        let retried = 0
        for (const { id, kind } of found) {
          const command = { id, principal, permittedIn: permittedIn('retry', kind) }
          const outcome = (await retryMigration(database, command)).kind
          if (outcome === 'done') retried++
          else {
            const before = refused.get(outcome) ?? { count: 0, example: id }
            refused.set(outcome, { ...before, count: before.count + 1 })
          }
        }
        if (retried > 0)
          await recordActivity(database, request, 'migrations.retried', planId ?? 'all', {
            errorKind,
            retried,
          })
        return {
          retried,
          refused: [...refused].map(([because, facts]) => ({ because, ...facts })),
          next: found.length < RETRIES_MAX ? null : found.at(-1)!.id,
        }
      },
    )
  }
}
