import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  findPolicy,
  insertPolicy,
  listPolicies,
  type PolicyRow,
  updatePolicy,
} from '../../database/placement/policies.ts'
import { inTransaction } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { InvalidDocument } from '../../placement/invalid-document.ts'
import { checkPolicy } from '../../placement/policy/policy-document.ts'
import { callerOf } from '../authentication.ts'
import { fieldErrorsOf, mustBeValid } from '../check-document.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { timeText } from '../present.ts'
import { ApiError, notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { ifStillThere, revisionOf, showRevision } from '../revision.ts'
import { ifMatchHeadersSchema } from '../schemas/headers.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import {
  type PolicyResource,
  policyCreateSchema,
  policySchema,
  policyUpdateSchema,
  validationSchema,
} from '../schemas/policy.ts'
import { idParametersSchema } from '../schemas/values.ts'

const LIST = ['policies']
const position = z.tuple([z.string()])

/** Policies: what is allowed and wanted for the objects of buckets. */
export function policiesRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/policies',
      {
        schema: {
          operationId: 'listPolicies',
          summary: 'Policies by name',
          tags: ['policies'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(policySchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [afterName] = decodeCursor(LIST, position, cursor) ?? [null]
        const rows = await listPolicies(database, { afterName, limit: limit + 1 })
        return toPage(rows, limit, presentPolicy, last => encodeCursor(LIST, [last.name]))
      },
    )

    app.get(
      '/v1/policies/:id',
      {
        schema: {
          operationId: 'getPolicy',
          summary: 'One policy',
          tags: ['policies'],
          params: idParametersSchema,
          response: { 200: policySchema },
        },
      },
      async (request, reply) => {
        const policy = await mustFind(request.params.id)
        showRevision(reply, policy.revision)
        return presentPolicy(policy)
      },
    )

    app.post(
      '/v1/policies',
      {
        schema: {
          operationId: 'createPolicy',
          summary: 'Add a policy',
          tags: ['policies'],
          body: policyCreateSchema,
          response: { 201: policySchema },
        },
      },
      async (request, reply) => {
        const spec = mustBeValid(checkPolicy, request.body.spec)
        const id = newId()
        await inTransaction(database, async connection => {
          if (!(await insertPolicy(connection, { id, spec, principal: callerOf(request).principal })))
            throw new ApiError('conflict', `there is already a policy ${spec.name}`)
          await recordActivity(connection, request, 'policy.created', spec.name, { id })
        })
        const policy = await mustFind(id)
        showRevision(reply, policy.revision)
        return reply.code(201).header('location', `/v1/policies/${id}`).send(presentPolicy(policy))
      },
    )

    app.put(
      '/v1/policies/:id',
      {
        schema: {
          operationId: 'replacePolicy',
          summary: 'Give a policy a new document; its objects are looked at again',
          tags: ['policies'],
          headers: ifMatchHeadersSchema,
          params: idParametersSchema,
          body: policyUpdateSchema,
          response: { 200: policySchema },
        },
      },
      async (request, reply) => {
        const revision = revisionOf(request)
        const { id, name } = await mustFind(request.params.id)
        const spec = mustBeValid(checkPolicy, request.body.spec)
        if (!(await updatePolicy(database, { id, revision }, spec, callerOf(request).principal)))
          ifStillThere(null)
        await recordActivity(database, request, 'policy.changed', name, { id })
        const policy = await mustFind(id)
        showRevision(reply, policy.revision)
        return presentPolicy(policy)
      },
    )

    app.post(
      '/v1/policies/validation',
      {
        schema: {
          operationId: 'validatePolicy',
          summary: 'Check a policy document without keeping it',
          tags: ['policies'],
          body: policyCreateSchema,
          response: { 200: validationSchema },
        },
      },
      async request => {
        try {
          checkPolicy(request.body.spec)
          return { valid: true, errors: [] }
        } catch (error) {
          if (!(error instanceof InvalidDocument)) throw error
          return { valid: false, errors: fieldErrorsOf(error) }
        }
      },
    )
  }

  async function mustFind(id: string): Promise<PolicyRow> {
    const policy = await findPolicy(database, id)
    if (policy === null) throw notFound('policy', id)
    return policy
  }
}

function presentPolicy(policy: PolicyRow): PolicyResource {
  return {
    id: policy.id,
    name: policy.name,
    spec: { ...policy.spec },
    buckets: [...policy.buckets],
    revision: policy.revision,
    createdAt: timeText(policy.createdAt),
    updatedAt: timeText(policy.updatedAt),
    principal: policy.principal,
  }
}
