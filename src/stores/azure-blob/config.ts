import { z } from 'zod'
import { Redacted } from '../../domain/redacted.ts'
import { checkEndpoint, endpointFields } from '../endpoint-settings.ts'

/** Settings of an Azure Blob store. */
export const azureBlobSettings = z
  .strictObject({
    account: z
      .string()
      .regex(/^[a-z0-9]{3,24}$/, { error: 'must be 3 to 24 lower-case letters and digits' })
      .describe('The name of the storage account.'),
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .refine(text => !text.includes('?'), { error: 'must have no query; a SAS belongs to the credentials' })
      .optional()
      .describe(
        'The address of the account’s blob service, for other clouds and emulators, for example http://127.0.0.1:10000/devstoreaccount1. Default: https://<account>.blob.core.windows.net.',
      ),
    versions: z
      .boolean()
      .default(false)
      .describe('Whether the account keeps old versions of blobs (blob versioning).'),
    tags: z
      .boolean()
      .default(true)
      .describe(
        'Whether blobs have index tags. Accounts with a hierarchical namespace have none; a SAS needs the right `t`.',
      ),
    immutability: z
      .boolean()
      .default(false)
      .describe('Whether the containers keep retention and legal holds per version of a blob.'),
    listOrder: z
      .enum(['utf-16', 'utf-8'])
      .default('utf-16')
      .describe(
        'By which code the service orders names. It matters only where names with characters above U+FFFF and from U+E000 on stand side by side; a listing in the wrong order is refused.',
      ),
    ...endpointFields,
  })
  .superRefine((settings, context) => checkEndpoint(settings, settings.endpoint, context))
export type AzureBlobSettings = z.output<typeof azureBlobSettings>

const secret = z
  .string()
  .min(1)
  .transform(text => new Redacted(text))

/**
 * Credentials of an Azure Blob store: the account's key, a SAS token, or a connection string, of which only
 * the key or the SAS is used. The secrets print as redacted.
 */
export const azureBlobCredentials = z
  .strictObject({
    accountKey: secret.optional(),
    sasToken: secret.optional(),
    connectionString: secret.optional(),
  })
  .transform((given, context): { accountKey: Redacted } | { sasToken: Redacted } => {
    const ways = Object.values(given).filter(value => value !== undefined).length
    const { accountKey, sasToken } = given.connectionString ? secretsOf(given.connectionString) : given
    if (ways === 1 && accountKey !== undefined && isBase64(accountKey)) return { accountKey }
    if (ways === 1 && accountKey === undefined && sasToken !== undefined) return { sasToken }
    const message =
      ways === 1
        ? 'hold neither an account key in base64 nor a shared access signature'
        : 'need exactly one of accountKey, sasToken and connectionString'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
export type AzureBlobCredentials = z.output<typeof azureBlobCredentials>

function secretsOf(connectionString: Redacted): { accountKey?: Redacted; sasToken?: Redacted } {
  const found: { accountKey?: Redacted; sasToken?: Redacted } = {}
  for (const part of connectionString.reveal().split(';')) {
    const [, name, value] = /^\s*(AccountKey|SharedAccessSignature)=(.+?)\s*$/.exec(part) ?? []
    if (name === 'AccountKey') found.accountKey = new Redacted(value!)
    if (name === 'SharedAccessSignature') found.sasToken = new Redacted(value!)
  }
  return found
}

function isBase64(key: Redacted): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(key.reveal())
}

/** Where the blob service of an account listens, without a slash at the end. */
export function endpointOf(settings: Pick<AzureBlobSettings, 'account' | 'endpoint'>): string {
  return (settings.endpoint ?? `https://${settings.account}.blob.core.windows.net`).replace(/\/+$/, '')
}
