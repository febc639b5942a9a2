import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { createImportJob } from '../../database/imports/import-jobs.ts'
import { type Connection, inTransaction } from '../../database/postgres.ts'
import {
  decideOrphan,
  findOrphan,
  listOrphans,
  type OrphanRow,
  releaseKeptCopy,
  sumOrphans,
} from '../../database/upkeep/orphans.ts'
import { DAY } from '../../domain/duration.ts'
import { DECIDABLE_ORPHAN_STATES, type OrphanState } from '../../domain/orphan.ts'
import type { Principal } from '../../domain/principal.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { timeText } from '../present.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { pageOf } from '../schemas/page.ts'
import {
  type OrphanResource,
  orphanSchema,
  orphanSumsSchema,
  orphansQuerySchema,
} from '../schemas/reconcile.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'

const LIST = ['orphans']
const position = z.tuple([idSchema])

/** What a decision leads to, or why it cannot be made. */
type Decision = { readonly to: OrphanState; readonly outcome: string | null } | { readonly refusal: string }
type Decide = (connection: Connection, orphan: OrphanRow, principal: Principal) => Promise<Decision>

const VERBS: Readonly<Record<'delete' | 'keep' | 'adopt', { summary: string; decide: Decide }>> = {
  delete: { summary: 'Delete bytes that are provably ours and that nobody needs', decide: decideDeletion },
  keep: {
    summary: 'Keep bytes where they are; no run deletes them by itself',
    decide: async () => ({ to: 'kept', outcome: 'a person keeps them' }),
  },
  adopt: { summary: 'Bring bytes back into the catalog', decide: decideAdoption },
}

/** The ledger of orphans: bytes that nobody needs, what they cost, and what is to become of them. */
export function orphansRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/orphans',
      {
        schema: {
          operationId: 'listOrphans',
          summary: 'Bytes that nobody needs, newest first',
          tags: ['reconcile'],
          querystring: orphansQuerySchema,
          response: { 200: pageOf(orphanSchema) },
        },
      },
      async request => {
        const { cursor, kind = null, limit, locationId = null, state = null } = request.query
        const [beforeId] = decodeCursor(LIST, position, cursor) ?? []
        const page = { beforeId: beforeId ?? null, limit: limit + 1 }
        const rows = await listOrphans(database, { kind, locationId, state }, page)
        return toPage(rows, limit, presentOrphan, last => encodeCursor(LIST, [last.id]))
      },
    )

    app.get(
      '/v1/orphan-sums',
      {
        schema: {
          operationId: 'sumOrphans',
          summary: 'What orphans that are still there add up to, by kind and state',
          tags: ['reconcile'],
          response: { 200: orphanSumsSchema },
        },
      },
      async () => ({ items: await sumOrphans(database) }),
    )

    app.get(
      '/v1/orphans/:id',
      {
        schema: {
          operationId: 'getOrphan',
          summary: 'One orphan',
          tags: ['reconcile'],
          params: idParametersSchema,
          response: { 200: orphanSchema },
        },
      },
      async request => presentOrphan(await mustFind(request.params.id)),
    )

    for (const [verb, { decide, summary }] of Object.entries(VERBS))
      app.post(
        `/v1/orphans/:id/${verb}`,
        {
          schema: {
            operationId: `${verb}Orphan`,
            summary,
            tags: ['reconcile'],
            params: idParametersSchema,
            response: { 202: orphanSchema },
          },
        },
        async (request, reply) => {
          const orphan = await mustFind(request.params.id)
          const { principal } = callerOf(request)
          await inTransaction(database, async connection => {
            const decision = await decide(connection, orphan, principal)
            if ('refusal' in decision) throw new ApiError('conflict', decision.refusal)
            const change = { ...decision, from: DECIDABLE_ORPHAN_STATES, decidedBy: principal }
            if (!(await decideOrphan(connection, orphan.id, change)))
              throw new ApiError('conflict', `orphan ${orphan.id} is ${orphan.state}: nothing can be decided`)
            const { container, id, kind, nativeKey: key, storeName: store } = orphan
            await recordActivity(connection, request, `orphan.${verb}`, key, { id, kind, store, container })
          })
          return reply.code(202).send(presentOrphan(await mustFind(orphan.id)))
        },
      )
  }

  async function mustFind(id: string): Promise<OrphanRow> {
    const orphan = await findOrphan(database, id)
    if (orphan === null) throw notFound('orphan', id)
    return orphan
  }
}

async function decideDeletion(connection: Connection, orphan: OrphanRow): Promise<Decision> {
  switch (orphan.kind) {
    case 'dark':
      return { refusal: 'these bytes are not ours by their own word: they are never deleted by us' }
    case 'forgotten':
      if (orphan.migrationId === null)
        return {
          refusal: 'no migration of this catalog brought these bytes there: they are never deleted by us',
        }
      if (!wasSeenTwice(orphan))
        return { refusal: 'only one scan saw these bytes: a second one, a day later, has to confirm them' }
      return { to: 'deleting', outcome: null }
    case 'retained':
    case 'suspect':
      // The sweeper deletes it, under the object's lock and with every check.
      if (!(await releaseKeptCopy(connection, orphan)))
        return {
          refusal:
            'what was seen there is not the copy that was kept: the bytes may be somebody else’s, or the copy is no longer kept',
        }
      return { to: 'deleting', outcome: null }
    default:
      return orphan.kind satisfies never
  }
}

function wasSeenTwice({ state, firstSeenAt, lastSeenAt }: OrphanRow): boolean {
  return state === 'confirmed' || lastSeenAt.getTime() - firstSeenAt.getTime() >= DAY
}

async function decideAdoption(
  connection: Connection,
  { bucketId, kind, locationId, nativeKey }: OrphanRow,
  principal: Principal,
): Promise<Decision> {
  switch (kind) {
    case 'dark': {
      if (bucketId === null || locationId === null)
        return {
          refusal: 'no bucket keeps objects under such a key: there is nothing they could be imported into',
        }
      const prefix = nativeKey
      const importId = await createImportJob(connection, { bucketId, locationId, prefix, principal })
      return { to: 'adopted', outcome: `import ${importId} enters them` }
    }
    case 'forgotten':
      return { to: 'adopting', outcome: null }
    case 'retained':
    case 'suspect':
      return { refusal: 'the catalog has this copy already' }
    default:
      return kind satisfies never
  }
}

function presentOrphan(orphan: OrphanRow): OrphanResource {
  const { bucketId, bucketName, decidedAt, locationId, locationName } = orphan
  return {
    id: orphan.id,
    kind: orphan.kind,
    state: orphan.state,
    store: { id: orphan.storeId, name: orphan.storeName },
    container: orphan.container,
    nativeKey: orphan.nativeKey,
    location: locationId === null || locationName === null ? null : { id: locationId, name: locationName },
    bucket: bucketId === null || bucketName === null ? null : { id: bucketId, name: bucketName },
    bytes: orphan.bytes,
    monthlyUsd: orphan.monthlyUsd,
    objectId: orphan.objectId,
    copyId: orphan.copyId,
    migrationId: orphan.migrationId,
    reason: orphan.reason,
    outcome: orphan.outcome,
    firstSeenAt: timeText(orphan.firstSeenAt),
    lastSeenAt: timeText(orphan.lastSeenAt),
    decidedAt: decidedAt === null ? null : timeText(decidedAt),
    decidedBy: orphan.decidedBy,
  }
}
