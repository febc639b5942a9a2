import { z } from 'zod'
import { Redacted } from '../../domain/redacted.ts'
import { checkEndpoint, endpointFields } from '../endpoint-settings.ts'

/** Settings of an S3 store. */
export const s3Settings = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .optional()
      .describe('Where the server listens, for example https://s3.example.org. Default: AWS, by region.'),
    region: z.string().min(1).default('us-east-1').describe('The region requests are signed for.'),
    pathStyle: z
      .boolean()
      .default(true)
      .describe('Whether the bucket stands in the path of URLs (true) or in the host name (false).'),
    keys: z
      .enum(['opaque', 'paths', 'names'])
      .default('opaque')
      .describe(
        'How the server treats keys. `paths`: it rewrites keys with empty, `.` or `..` segments and cannot list control characters, as servers over folders do. `names`: it also trims dots and spaces from the ends of segments, or takes backslashes for slashes. Such keys are refused.',
      ),
    reservedPrefixes: z
      .array(z.string().min(1))
      .max(100)
      .default([])
      .describe('Beginnings of keys the server keeps for itself; such keys are refused.'),
    incompleteBodies: z
      .enum(['refused', 'kept'])
      .default('kept')
      .describe(
        'What the server does when a connection breaks in the middle of a body without a digest. `kept`: it may make an object of what came, so such bodies are sent as an upload of one part. Default: kept.',
      ),
    capabilities: z
      .strictObject({
        conditionalPut: z.boolean().optional(),
        conditionalDelete: z.boolean().optional(),
        conditionalRead: z.boolean().optional(),
        reportedDigests: z.array(z.enum(['sha256', 'crc64nvme', 'md5'])).optional(),
        versions: z.boolean().optional(),
        serverSideCopy: z.boolean().optional(),
        conditionalCopy: z.boolean().optional(),
        multipartDigests: z.boolean().optional(),
        storageClasses: z.array(z.string().min(1)).max(100).optional(),
        /** Those that must be restored before they are read. Default: those of AWS. */
        archiveClasses: z.array(z.string().min(1)).max(100).optional(),
        tags: z.boolean().optional(),
        objectLock: z.boolean().optional(),
        encryption: z.enum(['always', 'on-request', 'none']).optional(),
      })
      .default({})
      .describe('What this server was found to do. Default: nothing that servers differ in.'),
    ...endpointFields,
  })
  .superRefine((settings, context) => checkEndpoint(settings, settings.endpoint, context))
export type S3Settings = z.output<typeof s3Settings>

/** Credentials of an S3 store; the secrets print as redacted. */
export const s3Credentials = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z
    .string()
    .min(1)
    .transform(text => new Redacted(text)),
  sessionToken: z
    .string()
    .min(1)
    .transform(text => new Redacted(text))
    .optional(),
})
export type S3Credentials = z.output<typeof s3Credentials>
