import { z } from 'zod'

/** One key of a schema of settings, for pages and help texts. */
export interface SchemaKey {
  /** With the names of its sections before it: `gateway.limits.drainMs`. */
  readonly path: string
  readonly description: string
  readonly kind: 'string' | 'number' | 'boolean' | 'list'
  /**
   * What holds when nobody says otherwise; undefined when that depends on the machine or must be said, null when
   * nothing does.
   */
  readonly preset: unknown
}

/** Every key of a schema, in its order. */
export function schemaKeys(schema: z.ZodType, trail: readonly string[] = []): SchemaKey[] {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodObject)
    return Object.entries(inner.shape).flatMap(([name, child]) =>
      schemaKeys(child as z.ZodType, [...trail, name]),
    )
  return [
    {
      path: trail.join('.'),
      description: schema.description ?? inner.description ?? '',
      kind: kindOf(inner),
      preset: presetOf(schema),
    },
  ]
}

function kindOf(schema: z.ZodType): SchemaKey['kind'] {
  if (schema instanceof z.ZodNumber) return 'number'
  if (schema instanceof z.ZodBoolean) return 'boolean'
  return schema instanceof z.ZodArray ? 'list' : 'string'
}

function presetOf(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodOptional) return null
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner: z.ZodType = schema
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable
  )
    inner = inner.unwrap() as z.ZodType
  return inner
}
