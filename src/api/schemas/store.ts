import { z } from 'zod'
import { STORE_KINDS } from '../../domain/store.ts'
import { pauseFactsSchema } from './pause.ts'
import { storeLimitsFields } from './store-limits.ts'
import { idSchema, nameSchema, principalSchema, revisionSchema, wallTimeSchema } from './values.ts'

/** Settings of a store's adapter: endpoint, region, root folder … checked by the adapter itself. */
const settingsSchema = z.record(z.string(), z.unknown())

const sealingKeySchema = z
  .base64()
  .length(44)
  .meta({ description: '32 bytes in base64: what we write there is sealed with it before it leaves us' })

/** Rotations of a store's key that its credentials can tell of. */
const FORMER_KEYS_MAX = 100
/** A key in base64, and what separates it from the next one. */
const FORMER_KEY_CHARACTERS_MAX = 48

const formerSealingKeysSchema = z
  .string()
  .max(FORMER_KEYS_MAX * FORMER_KEY_CHARACTERS_MAX)
  .regex(/^\s*[A-Za-z0-9+/]{43}=([\s,]+[A-Za-z0-9+/]{43}=)*\s*$/)
  .meta({
    description:
      'Opens what they sealed: every key that the store had before, each as clientEncryptionKey was, with commas or blanks between them',
  })

/** Beside the credentials of any kind; alone where a store needs none. */
const clientKeyFields = {
  clientEncryptionKey: sealingKeySchema.optional(),
  formerClientEncryptionKey: formerSealingKeysSchema.optional(),
}

const clientKeySchema = z
  .strictObject({ ...clientKeyFields, clientEncryptionKey: sealingKeySchema })
  .meta({ title: 'Client-side encryption alone, for stores without credentials' })

const s3CredentialsSchema = z
  .strictObject({
    accessKeyId: z.string().min(1).max(256),
    secretAccessKey: z.string().min(1).max(1_024),
    sessionToken: z.string().min(1).max(8_192).optional(),
    ...clientKeyFields,
  })
  .meta({ title: 'S3' })

const accountKeySchema = z
  .strictObject({ accountKey: z.base64().min(1).max(1_024), ...clientKeyFields })
  .meta({ title: 'Azure Blob, by the account’s key' })
const sasTokenSchema = z
  .strictObject({ sasToken: z.string().min(1).max(8_192), ...clientKeyFields })
  .meta({ title: 'Azure Blob, by a shared access signature' })
const connectionStringSchema = z
  .strictObject({ connectionString: z.string().min(1).max(8_192), ...clientKeyFields })
  .meta({ title: 'Azure Blob, by a connection string, of which only the key or signature is used' })

const serviceAccountKeySchema = z
  .strictObject({ serviceAccountKey: z.string().min(1).max(16_384), ...clientKeyFields })
  .meta({ title: 'Google Cloud Storage, by the JSON text of a service account’s key' })

/** Credentials of a store, by its kind. They are sealed at once and never come back. */
const storeCredentialsSchema = z.union(
  [
    s3CredentialsSchema,
    accountKeySchema,
    sasTokenSchema,
    connectionStringSchema,
    serviceAccountKeySchema,
    clientKeySchema,
  ],
  {
    error:
      'must be accessKeyId and secretAccessKey (S3), or one of accountKey, sasToken and connectionString (Azure Blob), or serviceAccountKey (Google); clientEncryptionKey beside them, or alone',
  },
)
export type StoreCredentials = z.infer<typeof storeCredentialsSchema>

/** Since when a store refuses our credentials, and what it answered. */
const refusalSchema = z.object({ at: wallTimeSchema, answer: z.string().nullable() })

/** An endpoint that keeps bytes, without its secrets. */
export const storeSchema = z.object({
  id: idSchema,
  name: z.string(),
  kind: z.enum(STORE_KINDS),
  state: z.enum(['active', 'paused', 'auth-failed']),
  settings: settingsSchema,
  hasCredentials: z.boolean(),
  ...storeLimitsFields,
  pause: pauseFactsSchema.nullable().meta({ description: 'Null unless it is paused' }),
  refusal: refusalSchema
    .nullable()
    .meta({ description: 'Null unless it refuses our credentials, which `auth-failed` says' }),
  revision: revisionSchema,
  createdAt: wallTimeSchema,
  principal: principalSchema,
})
export type StoreResource = z.infer<typeof storeSchema>

/** A store to be added. */
export const storeCreateSchema = z.strictObject({
  name: nameSchema,
  kind: z.enum(STORE_KINDS),
  settings: settingsSchema,
  credentials: storeCredentialsSchema.optional(),
})

/** What may change about a store; what is left out stays. */
export const storeUpdateSchema = z.strictObject({
  state: z.enum(['active', 'paused']).optional(),
  settings: settingsSchema.optional(),
  credentials: storeCredentialsSchema.optional(),
})

/** Which container of a store to try. */
export const storeProbeRequestSchema = z.strictObject({
  container: z.string().min(1).max(255).optional().meta({
    description: 'Without it, the container of the first location of this store',
  }),
})

/** What a store answered when it was tried. */
export const storeProbeSchema = z.object({
  reachable: z.boolean(),
  container: z.string().nullable(),
  latencySeconds: z.number(),
  capabilities: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'What this store can do beyond head, get, put, list and delete' }),
  error: z
    .object({
      kind: z.string().meta({ description: 'unreachable, access-denied, container-not-found …' }),
      message: z.string(),
    })
    .nullable(),
})
export type StoreProbe = z.infer<typeof storeProbeSchema>

/** What was found out about a store by trying, with small objects that are gone afterwards. */
export const storeFindingsSchema = z.object({
  container: z.string().nullable(),
  vendor: z.string().nullable().meta({ description: 'The server’s name, where it is known' }),
  notes: z.array(z.string()).meta({ description: 'What is known of this server, a sentence each' }),
  settings: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'The settings that were found out, and are the store’s now; null when it failed' }),
  isChanged: z.boolean().meta({ description: 'Whether the store had other settings before' }),
  error: storeProbeSchema.shape.error,
})
export type StoreFindingsResource = z.infer<typeof storeFindingsSchema>
