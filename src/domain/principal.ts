/**
 * Who did something: carried by every write, so that an auditor can always ask.
 *
 * Shape: `<kind>:<name>`, for example `user:alice`, `token:4f1c…`, `access-key:DIM…`, `system:migrator`,
 * `planner:threshold@1`. At most 200 characters.
 */
export type Principal = `${PrincipalKind}:${string}`

export type PrincipalKind = 'user' | 'token' | 'access-key' | 'planner' | 'system'

/** Builds a principal. Throws a RangeError when the name is empty or the whole is over 200 characters. */
export function principal(kind: PrincipalKind, name: string): Principal {
  const value: Principal = `${kind}:${name}`
  if (name.length === 0 || value.length > 200) throw new RangeError(`not a principal: ${value.slice(0, 220)}`)
  return value
}
