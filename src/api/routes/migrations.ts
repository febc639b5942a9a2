import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { findBucketByName } from '../../database/catalog/buckets.ts'
import { findStoreByName } from '../../database/catalog/stores.ts'
import {
  cancelMigration,
  type MigrationCommandResult,
  pauseMigration,
  resumeMigration,
  retryMigration,
  rollBackMigration,
} from '../../database/migrations/migration-commands.ts'
import {
  findMigration,
  listMigrations,
  listMigrationTimeline,
  type MigrationView,
} from '../../database/migrations/migration-views.ts'
import type { MigrationState } from '../../domain/migration.ts'
import type { MigrationStep } from '../../domain/migration-record.ts'
import { stepsFrom } from '../../migration/transitions.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { lookAtPlace } from '../look-at-place.ts'
import { permittedIn, UNFINISHED } from '../migration-actions.ts'
import { presentMigration, presentTimeline } from '../present-migration.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import {
  type MigrationDetail,
  migrationDetailSchema,
  migrationQuerySchema,
  migrationSchema,
} from '../schemas/migration.ts'
import { pageOf } from '../schemas/page.ts'
import { undoRequestSchema, undoSchema } from '../schemas/undo.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'
import { undoMigration } from '../undo-migration.ts'

const position = z.tuple([idSchema])

/** What people do with a migration, and how the reference words it. */
const ACTIONS = {
  pause: { operationId: 'pauseMigration', summary: 'Pause a migration; its worker stops at the next step' },
  resume: { operationId: 'resumeMigration', summary: 'Let a paused migration go on' },
  cancel: { operationId: 'cancelMigration', summary: 'End a migration before its switch; the source stays' },
  retry: {
    operationId: 'retryMigration',
    summary: 'Plan an aborted or quarantined migration anew; delete a retained source again',
  },
  rollback: {
    operationId: 'rollBackMigration',
    summary: 'Make the source copy, still in grace, primary again',
  },
} as const
type Action = keyof typeof ACTIONS

/** Migrations: moves of objects, what they did, and what people may do with them. */
export function migrationsRoutes(options: ApiOptions): FastifyPluginAsyncZod {
  const { database, clock } = options
  return async app => {
    app.get(
      '/v1/migrations',
      {
        schema: {
          operationId: 'listMigrations',
          summary: 'Migrations, newest first',
          tags: ['migrations'],
          querystring: migrationQuerySchema,
          response: { 200: pageOf(migrationSchema) },
        },
      },
      async request => {
        const { cursor, limit, ...filters } = request.query
        const list = ['migrations', filters]
        const [beforeId] = decodeCursor(list, position, cursor) ?? []
        const { bucket, store, active: isActive, overdue: isOverdue, paused: isPaused, ...exact } = filters
        const bucketId = bucket === undefined ? undefined : await bucketIdOf(bucket)
        const storeId = store === undefined ? undefined : await storeIdOf(store)
        const given = {
          ...exact,
          isActive,
          isOverdue,
          isPaused,
          bucketId,
          storeId,
          beforeId,
          limit: limit + 1,
        }
        const rows = await listMigrations(database, present(given))
        return toPage(rows, limit, presentMigration, last => encodeCursor(list, [last.id]))
      },
    )

    app.get(
      '/v1/migrations/:id',
      {
        schema: {
          operationId: 'getMigration',
          summary: 'One migration with its timeline',
          tags: ['migrations'],
          params: idParametersSchema,
          response: { 200: migrationDetailSchema },
        },
      },
      async request => detailOf(request.params.id),
    )

    app.post(
      '/v1/migrations/:id/undo',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'undoMigration',
          summary: 'The migration that undoes one whose grace is over, with its price; planned with `apply`',
          tags: ['migrations'],
          headers: idempotencyHeadersSchema,
          params: idParametersSchema,
          body: undoRequestSchema,
          response: { 200: undoSchema },
        },
      },
      async request => {
        const migration = await mustFind(request.params.id)
        const principal = request.body.apply ? callerOf(request).principal : null
        const undo = await undoMigration(options, migration, principal)
        if (undo.migrationId !== null)
          await recordActivity(database, request, 'migration.undone', migration.id, {
            bucket: migration.bucketName,
            key: migration.key,
            by: undo.migrationId,
          })
        return undo
      },
    )

    for (const action of Object.keys(ACTIONS) as Action[])
      app.post(
        `/v1/migrations/:id/${action}`,
        {
          config: { idempotent: true },
          schema: {
            ...ACTIONS[action],
            tags: ['migrations'],
            headers: idempotencyHeadersSchema,
            params: idParametersSchema,
            response: { 200: migrationDetailSchema },
          },
        },
        async request => act(action, request.params.id, request),
      )
  }

  async function act(action: Action, id: string, request: FastifyRequest): Promise<MigrationDetail> {
    const before = await mustFind(id)
    const { principal } = callerOf(request)
    const result = await commandOf(action, before, principal)
    if (result.kind !== 'done') throw refusalOf(result.kind, action, before)
    await recordActivity(database, request, `migration.${action}-requested`, id, {
      bucket: before.bucketName,
      key: before.key,
    })
    return detailOf(id)
  }

  function commandOf(
    action: Action,
    { id, kind }: MigrationView,
    principal: Parameters<typeof pauseMigration>[1]['principal'],
  ): Promise<MigrationCommandResult> {
    switch (action) {
      case 'pause':
        return pauseMigration(database, {
          id,
          principal,
          permittedIn: UNFINISHED,
          cancellableIn: permittedIn('cancel', kind),
        })
      case 'resume':
        return resumeMigration(database, { id, principal, permittedIn: UNFINISHED })
      case 'cancel':
        return cancelMigration(database, { id, principal, permittedIn: permittedIn('cancel', kind) })
      case 'retry':
        return retryMigration(database, { id, principal, permittedIn: permittedIn('retry', kind) })
      case 'rollback':
        return rollBackMigration(database, {
          id,
          principal,
          modelNow: clock.now(),
          stepOf: state => rollBackStep(kind, state),
          look: place => lookAtPlace(options, place),
        })
      default:
        throw new Error(`unknown action ${action satisfies never}`)
    }
  }

  async function detailOf(id: string): Promise<MigrationDetail> {
    const [migration, timeline] = await Promise.all([mustFind(id), listMigrationTimeline(database, id)])
    return { ...presentMigration(migration), timeline: presentTimeline(timeline) }
  }

  async function bucketIdOf(name: string): Promise<string> {
    const bucket = await findBucketByName(database, name)
    if (bucket === null) throw notFound('bucket', name)
    return bucket.id
  }

  async function storeIdOf(name: string): Promise<string> {
    const store = await findStoreByName(database, name)
    if (store === null) throw notFound('store', name)
    return store.id
  }

  async function mustFind(id: string): Promise<MigrationView> {
    const migration = await findMigration(database, id)
    if (migration === null) throw notFound('migration', id)
    return migration
  }
}

/** What is given; conditions that are not leave no key behind. */
function present<Conditions extends object>(conditions: Conditions): Present<Conditions> {
  return Object.fromEntries(
    Object.entries(conditions).filter(([, value]) => value !== undefined),
  ) as Present<Conditions>
}

type Present<Conditions> = { [Key in keyof Conditions]: Exclude<Conditions[Key], undefined> }

function rollBackStep(kind: MigrationView['kind'], state: MigrationState): MigrationStep | null {
  if (!permittedIn('rollback', kind).includes(state)) return null
  return stepsFrom(kind, state, ['rolled-back'])[0] ?? null
}

function refusalOf(
  kind: Exclude<MigrationCommandResult['kind'], 'done'>,
  action: Action,
  { id, state }: MigrationView,
): ApiError {
  switch (kind) {
    case 'not-found':
      return notFound('migration', id)
    case 'not-now':
      return new ApiError('conflict', `a migration that is ${state} does not permit ${action}`)
    case 'object-changed':
      return new ApiError('conflict', 'the object is no longer what this migration was about')
    case 'object-busy':
      return new ApiError('conflict', 'another migration of the object is unfinished')
    case 'cleaning-up':
      return new ApiError('conflict', 'what the last try left is being removed: ask again in a minute')
    case 'no-room':
      return new ApiError(
        'conflict',
        'the target location has no room for it: its capacity is used or spoken for',
      )
    case 'being-cancelled':
      return new ApiError(
        'conflict',
        `the migration is being cancelled, which ends it: ${action} would have no effect`,
      )
    case 'target-removed':
      return new ApiError('conflict', 'the location it would move to was removed')
    case 'source-lost':
      return new ApiError('conflict', 'the store no longer has the source copy: the target stays primary')
    default:
      throw new Error(`unknown refusal ${kind satisfies never}`)
  }
}
