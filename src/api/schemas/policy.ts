import { z } from 'zod'
import { idSchema, principalSchema, revisionSchema, wallTimeSchema } from './values.ts'

/** A policy document as people write it; its own schema is checked by placement and documented there. */
const policyDocumentSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: 'A policy document with apiVersion and kind' })

/** What is allowed and wanted for a set of objects. */
export const policySchema = z.object({
  id: idSchema,
  name: z.string(),
  spec: policyDocumentSchema,
  buckets: z.array(z.string()).meta({ description: 'Buckets placed by it' }),
  revision: revisionSchema,
  createdAt: wallTimeSchema,
  updatedAt: wallTimeSchema,
  principal: principalSchema,
})
export type PolicyResource = z.infer<typeof policySchema>

/** A policy to be added, under the name its document gives. */
export const policyCreateSchema = z.strictObject({ spec: policyDocumentSchema })

/** A policy's new document. */
export const policyUpdateSchema = z.strictObject({ spec: policyDocumentSchema })

/** What is wrong with a document, all at once; empty when it is good. */
export const validationSchema = z.object({
  valid: z.boolean(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })),
})
