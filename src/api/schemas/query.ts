import { z } from 'zod'

/**
 * Query parameters of a route: those of `shape` and no others. An unknown one is refused with its name and the
 * known ones, so that a filter that was misspelt never passes for one that matched everything.
 */
export function queryOf<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).sort().join(', ')
  return z.strictObject(shape, {
    error: issue =>
      issue.code === 'unrecognized_keys'
        ? `there is no parameter ${issue.keys.join(', ')}; known: ${known}`
        : undefined,
  })
}
