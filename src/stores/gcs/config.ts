import { z } from 'zod'
import { KIB, MIB } from '../../domain/bytes.ts'
import { Redacted } from '../../domain/redacted.ts'
import { checkEndpoint, endpointFields } from '../endpoint-settings.ts'

/** Where Google Cloud Storage itself listens. */
const GOOGLE_ENDPOINT = 'https://storage.googleapis.com'

/** Google takes pieces of a resumable upload in multiples of this. */
export const UPLOAD_CHUNK_STEP = 256 * KIB

/** Settings of a Google Cloud Storage store. */
export const gcsSettings = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .optional()
      .describe(
        `Where the JSON API listens, for emulators and private endpoints. Default: ${GOOGLE_ENDPOINT}.`,
      ),
    projectId: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('The project in which containers are made. Default: that of the service account’s key.'),
    bucketLocation: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('Where containers are made, for example EUROPE-WEST6. Default: US, Google’s own.'),
    uploadChunkBytes: z
      .int()
      .min(UPLOAD_CHUNK_STEP)
      .max(256 * MIB)
      .multipleOf(UPLOAD_CHUNK_STEP)
      .default(8 * MIB)
      .describe(
        'Bodies up to this size are sent by one request; larger ones by a resumable upload in chunks of it, one of which is held in memory.',
      ),
    interruptedUploads: z
      .enum(['resumed', 'given-up'])
      .optional()
      .describe(
        'What becomes of an upload in chunks when a request fails: `resumed` asks the server how far it came and goes on there. Default: resumed at Google, given-up elsewhere, as fake-gcs-server takes the question for the end of the body.',
      ),
    uploadsInParts: z
      .enum(['composed', 'none'])
      .optional()
      .describe(
        'Whether uploads in parts are put together from hidden objects (`composed`), or there are none. Default: composed at Google, none elsewhere, as emulators ignore the conditions of it.',
      ),
    deletes: z
      .enum(['if-generation-match', 'by-generation'])
      .default('if-generation-match')
      .describe(
        'How a conditional delete says which bytes it means. `by-generation` is for servers that ignore the condition, and deletes for good where versions are kept.',
      ),
    capabilities: z
      .strictObject({
        conditionalPut: z.boolean().optional(),
        conditionalDelete: z.boolean().optional(),
        reportedDigests: z.array(z.enum(['crc32c', 'md5'])).optional(),
        versions: z.boolean().optional(),
        serverSideCopy: z.boolean().optional(),
        storageClasses: z.array(z.string().min(1)).max(100).optional(),
        objectLock: z.boolean().optional(),
      })
      .default({})
      .describe(
        'What this server was found to do. Default: conditions, copies and storage classes are there at Google and nowhere else; no report is trusted, and no bucket is taken to keep retentions of objects.',
      ),
    ...endpointFields,
  })
  .superRefine((settings, context) => checkEndpoint(settings, endpointOf(settings), context))
export type GcsSettings = z.output<typeof gcsSettings>

const serviceAccountKey = z.object({
  type: z.literal('service_account'),
  project_id: z.string().min(1).optional(),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
})

/** A service account's key: who it is, and the secret with which it signs. */
export interface ServiceAccountKey {
  readonly email: string
  readonly projectId: string | null
  readonly privateKey: Redacted
}

/**
 * Credentials of a Google Cloud Storage store: the JSON text of a service account's key, or null. Without a key
 * Google's own endpoint is asked with the application default credentials of this machine, and any other
 * endpoint with none, so that they never reach a stranger.
 */
export const gcsCredentials = z
  .strictObject({ serviceAccountKey: z.string().min(1) })
  .transform((given, context): ServiceAccountKey => {
    const key = serviceAccountKey.safeParse(jsonOf(given.serviceAccountKey))
    if (key.success) {
      const { client_email: email, private_key: secret, project_id: projectId = null } = key.data
      return { email, projectId, privateKey: new Redacted(secret) }
    }
    // Nothing of the text is repeated: it may be the secret.
    context.addIssue({
      code: 'custom',
      path: ['serviceAccountKey'],
      message: 'is not the JSON of a service account’s key, with type, client_email and private_key',
    })
    return z.NEVER
  })
  .nullable()
export type GcsCredentials = z.output<typeof gcsCredentials>

/** Where the server listens, without a slash at the end. */
export function endpointOf(settings: Pick<GcsSettings, 'endpoint'>): string {
  return (settings.endpoint ?? GOOGLE_ENDPOINT).replace(/\/+$/, '')
}

/** Whether the server is Google's, whose documentation can be taken at its word. */
export function isGoogle(settings: Pick<GcsSettings, 'endpoint'>): boolean {
  const { protocol, hostname } = new URL(endpointOf(settings))
  return protocol === 'https:' && hostname.endsWith('.googleapis.com')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
