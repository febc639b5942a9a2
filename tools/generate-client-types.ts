import type { OpenApiDocument, OpenApiOperation } from '../src/api/openapi.ts'

/** The part of JSON Schema that the API's document uses. */
interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly description?: string
}

/** TypeScript types of every named schema and every operation of the document. */
export function clientTypes(document: OpenApiDocument): string {
  const schemas = Object.entries(document.components.schemas as Record<string, Schema>)
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationType(method, path, operation)),
  )
  return [
    '// Generated from docs/reference/openapi.json by tools/generate-reference.ts. Do not edit.',
    ...schemas.map(([name, schema]) => `export type ${name} = ${typeOf(schema, '')}`),
    `/** Every route with what it takes and what it answers. */\nexport interface Operations {\n${operations.join('\n')}\n}`,
    '',
  ].join('\n\n')
}

function operationType(method: string, path: string, operation: OpenApiOperation): string {
  const parameters = operation.parameters ?? []
  const of = (place: string) => parameters.filter(parameter => parameter.in === place)
  const group = (place: string) => {
    const fields = of(place).map(
      ({ name, required, schema }) =>
        `${quoted(name)}${required === true ? '' : '?'}: ${typeOf(schema as Schema, '')}`,
    )
    return fields.length === 0 ? 'undefined' : `{ ${fields.join('; ')} }`
  }
  const body = operation.requestBody?.content['application/json']?.schema
  return [
    `  /** ${operation.summary ?? ''} */`,
    `  '${method.toUpperCase()} ${path}': {`,
    `    path: ${group('path')}`,
    `    query: ${group('query')}`,
    `    headers: ${group('header')}`,
    `    body: ${body === undefined ? 'undefined' : typeOf(body as Schema, '    ')}`,
    `    answer: ${answerType(operation)}`,
    '  }',
  ].join('\n')
}

function answerType(operation: OpenApiOperation): string {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!status.startsWith('2')) continue
    const schema = response.content?.['application/json']?.schema
    if (schema !== undefined) return typeOf(schema as Schema, '    ')
    if (response.content !== undefined) return 'string'
  }
  return 'undefined'
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ')
  if (schema.const !== undefined) return literal(schema.const)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return choices.map(choice => typeOf(choice, indent)).join(' | ')
  if (Array.isArray(schema.type))
    return schema.type.map(type => typeOf({ ...schema, type: String(type) }, indent)).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return `readonly (${typeOf(schema.items ?? {}, indent)})[]`
    case 'object':
      return objectType(schema, indent)
    default:
      return 'unknown'
  }
}

function objectType(schema: Schema, indent: string): string {
  const inner = `${indent}  `
  const required = new Set(schema.required)
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const description =
      property.description === undefined
        ? ''
        : `${inner}/** ${property.description.replaceAll('*/', '* /')} */\n`
    return `${description}${inner}readonly ${quoted(name)}${required.has(name) ? '' : '?'}: ${typeOf(property, inner)}`
  })
  if (fields.length > 0) return `{\n${fields.join('\n')}\n${indent}}`
  const values = schema.additionalProperties
  return `Readonly<Record<string, ${typeof values === 'object' ? typeOf(values, indent) : 'unknown'}>>`
}

function quoted(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}
