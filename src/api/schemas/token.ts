import { z } from 'zod'
import { idSchema, principalSchema, wallTimeSchema } from './values.ts'

/** What the holder of a token may do: look; operate plans, migrations and bursts; change everything. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** A token of this API, without its secret. */
export const tokenSchema = z.object({
  id: idSchema,
  name: z.string(),
  role: z.enum(ROLES),
  createdAt: wallTimeSchema,
  expiresAt: wallTimeSchema.nullable(),
  revokedAt: wallTimeSchema.nullable(),
  principal: principalSchema,
})
export type TokenResource = z.infer<typeof tokenSchema>

/** A token to be made. */
export const tokenCreateSchema = z.strictObject({
  name: z.string().min(1).max(100),
  role: z.enum(ROLES),
  expiresAt: wallTimeSchema.nullable().default(null),
})

/** A new token with its secret: the only time it is shown. */
export const tokenCreatedSchema = tokenSchema.extend({ token: z.string() })

/** Who is asking: the answer to signing in. */
export const sessionSchema = z.object({ principal: principalSchema, name: z.string(), role: z.enum(ROLES) })

/** Signing in with a token. */
export const sessionCreateSchema = z.strictObject({ token: z.string().min(1).max(200) })
