import fastifySwagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ROLES_OF_ROUTES } from './roles-of-routes.ts'
import { COMPONENTS } from './schemas/components.ts'
import { problemSchema } from './schemas/problem.ts'

const DESCRIPTION = `The control plane of Data in Motion. Lists are pages of at most 1,000 items with an opaque
cursor; errors are problem documents (RFC 9457); times are ISO 8601 in UTC; money is US dollars of list prices.`

/** Collects the OpenAPI 3.1 document from the routes that are registered after it. */
export function documentRoutes(app: FastifyInstance, version: string): void {
  // Names go where the descriptions are; adding one again changes nothing.
  for (const [id, schema] of Object.entries({ ...COMPONENTS, Problem: problemSchema }))
    z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id })
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Data in Motion',
        description: DESCRIPTION.replaceAll('\n', ' '),
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'An API token: dim_…' },
          session: { type: 'apiKey', in: 'cookie', name: 'dim_session' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: document =>
      tidy(withProblemsAndRoles(jsonSchemaTransformObject(document) as OpenApiDocument)) as never,
  })
}

/** The parts of an OpenAPI document this file and its readers look at. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly paths: Record<string, Record<string, OpenApiOperation>>
  readonly components: { readonly schemas: Record<string, unknown> }
}

/** One route of the document. */
export interface OpenApiOperation {
  readonly operationId?: string
  readonly summary?: string
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly schema: unknown
  }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: unknown }> }
  readonly responses: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>
  security?: readonly Record<string, readonly string[]>[]
  'x-role'?: string
}

/** Routes that answer with something else than JSON. */
const NOT_JSON: Readonly<Record<string, string>> = {
  '/metrics': 'text/plain',
  '/v1/stream': 'text/event-stream',
}

function withProblemsAndRoles(document: OpenApiDocument): OpenApiDocument {
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const route = `${method.toUpperCase()} ${path.replaceAll(/\{([^}]+)\}/g, ':$1')}`
      const role = ROLES_OF_ROUTES[route] ?? 'admin'
      operation['x-role'] = role
      operation.security = role === 'public' ? [] : [{ token: [] }, { session: [] }]
      for (const response of Object.values(operation.responses))
        if (response.description === 'Default Response') response.description = operation.summary ?? ''
      const otherType = NOT_JSON[path]
      const json = operation.responses['200']?.content?.['application/json']
      if (otherType !== undefined && json !== undefined)
        operation.responses['200'] = { description: operation.summary ?? '', content: { [otherType]: json } }
      operation.responses.default = {
        description: 'A problem document',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }
    }
  return document
}

/** Schemas for requests that no request uses, and checks that say no more than the format beside them. */
function tidy(document: OpenApiDocument): OpenApiDocument {
  const { schemas } = document.components
  for (const name of Object.keys(schemas)) if (name.endsWith('Input')) delete schemas[name]
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value
    const schema = value as { format?: unknown; pattern?: unknown; maximum?: unknown; minimum?: unknown }
    if (typeof schema.format === 'string') delete schema.pattern
    if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
    if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
    return value
  })
}
