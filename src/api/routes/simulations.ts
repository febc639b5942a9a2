import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { findBucketByName } from '../../database/catalog/buckets.ts'
import {
  findSimulation,
  insertBurst,
  listSimulations,
  type SimulationRow,
} from '../../database/placement/simulations.ts'
import { inTransaction } from '../../database/postgres.ts'
import { newId } from '../../domain/identifiers.ts'
import { callerOf } from '../authentication.ts'
import type { ApiOptions } from '../context.ts'
import { decodeCursor, encodeCursor, toPage } from '../cursor.ts'
import { optionalTimeText, timeText } from '../present.ts'
import { notFound } from '../problems.ts'
import { recordActivity } from '../record-activity.ts'
import { idempotencyHeadersSchema } from '../schemas/headers.ts'
import { pageOf, pageQuerySchema } from '../schemas/page.ts'
import { burstSpecSchema, type SimulationResource, simulationSchema } from '../schemas/simulation.ts'
import { idParametersSchema, idSchema } from '../schemas/values.ts'

const LIST = ['simulations']
const position = z.tuple([idSchema])

/** Bursts of real reads that people ask for; a worker makes them. */
export function simulationsRoutes({ database }: ApiOptions): FastifyPluginAsyncZod {
  return async app => {
    app.get(
      '/v1/simulations',
      {
        schema: {
          operationId: 'listSimulations',
          summary: 'Bursts, newest first',
          tags: ['simulations'],
          querystring: pageQuerySchema,
          response: { 200: pageOf(simulationSchema) },
        },
      },
      async request => {
        const { cursor, limit } = request.query
        const [beforeId] = decodeCursor(LIST, position, cursor) ?? [null]
        const rows = await listSimulations(database, { beforeId, limit: limit + 1 })
        return toPage(rows, limit, presentSimulation, last => encodeCursor(LIST, [last.id]))
      },
    )

    app.get(
      '/v1/simulations/:id',
      {
        schema: {
          operationId: 'getSimulation',
          summary: 'One burst and how far it is',
          tags: ['simulations'],
          params: idParametersSchema,
          response: { 200: simulationSchema },
        },
      },
      async request => {
        const simulation = await findSimulation(database, request.params.id)
        if (simulation === null) throw notFound('simulation', request.params.id)
        return presentSimulation(simulation)
      },
    )

    app.post(
      '/v1/simulations/bursts',
      {
        config: { idempotent: true },
        schema: {
          operationId: 'createBurst',
          summary: 'Burst real reads through the gateway over chosen objects',
          tags: ['simulations'],
          headers: idempotencyHeadersSchema,
          body: burstSpecSchema,
          response: { 202: simulationSchema },
        },
      },
      async (request, reply) => {
        const { bucket, keys, prefix, reads, seconds, seed } = request.body
        if ((await findBucketByName(database, bucket)) === null) throw notFound('bucket', bucket)
        const id = newId()
        const simulation = await inTransaction(database, async connection => {
          const added = await insertBurst(connection, {
            id,
            spec: { bucket, keys: keys ?? null, prefix: prefix ?? null, reads, seconds, seed },
            principal: callerOf(request).principal,
          })
          await recordActivity(connection, request, 'simulation.requested', bucket, { id, reads })
          return added
        })
        return reply.code(202).header('location', `/v1/simulations/${id}`).send(presentSimulation(simulation))
      },
    )
  }
}

function presentSimulation(simulation: SimulationRow): SimulationResource {
  const { spec } = simulation
  return {
    id: simulation.id,
    kind: simulation.kind,
    state: simulation.state,
    bucket: spec.bucket,
    keys: spec.keys === null ? null : [...spec.keys],
    prefix: spec.prefix,
    reads: spec.reads,
    seconds: spec.seconds,
    seed: spec.seed,
    readsDone: simulation.readsDone,
    bytesDone: simulation.bytesDone,
    errors: simulation.errors,
    error: simulation.error,
    createdAt: timeText(simulation.createdAt),
    finishedAt: optionalTimeText(simulation.finishedAt),
    principal: simulation.principal,
  }
}
